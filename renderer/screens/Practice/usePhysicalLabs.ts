// What the labs of physical backup know and do: asks the library, the archives and the servers, and keeps what was done to main.
import { useState } from 'react'
import type { Exercise } from '../../../shared/contracts/practice'
import { AppError } from '../../../shared/rpc/appError'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useConnections } from '../../stores/connections'
import { useJobs } from '../../stores/jobs'
import { useLabMemory } from '../../stores/labMemory'
import { useLooks } from '../../stores/looks'
import { useAsk } from '../../wizard/useAsk'
import { accidentSteps, lostTables, recoveredFrom, type TableCounts } from './accidentSteps'
import { drillSteps } from './drillSteps'
import type { LabsWithBackups } from './Labs'
import { exerciseOf, type PhysicalFacts, recoveredConnection } from './physicalFacts'
import { deployedBy, labTable, standaloneSteps } from './standaloneSteps'
import { laterTable, recoveredWith, streamSteps } from './streamSteps'
import { usePracticeJob } from './usePracticeJob'

export type PhysicalLabs = ReturnType<typeof usePhysicalLabs>

interface TableRef {
  connectionId: string
  database: string
  schema: string
  name: string
  /** Asked again when a job has ended or an exercise was done. */
  since: string
}

const readTable = ({ since: _since, ...table }: TableRef, options: { signal: AbortSignal }) =>
  api.objects.rows({ ...table, limit: 10 }, options)

interface PhysicalLabsProps extends LabsWithBackups {
  /** At the libraries. */
  lookAgain: () => void
}

export function usePhysicalLabs(props: PhysicalLabsProps) {
  const { main, replica, installations, possible, onChanged, backups, lookAgain } = props
  const memory = useLabMemory()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const jobs = useJobs((state) => state.jobs)
  const looks = useLooks((state) => state.looks)
  const connections = useConnections((state) => state.connections)
  const job = usePracticeJob('main', onChanged)
  const ended = jobs.filter(({ endedAt }) => endedAt !== null).length
  const since = `${jobs.length} ${ended}`
  const running = main?.state === 'running' && main.connectionId !== null ? main.connectionId : undefined

  const archives = useAsk({ since }, (_input, options) => api.walArchive.list({}, options), { keep: true })
  const facts: PhysicalFacts = {
    ...{ main, replica, jobs, looks, connections },
    exercises: memory.exercises,
    backups,
    archives: archives.data?.archives ?? [],
  }

  const change = exerciseOf(facts, 'change')
  const deployed = deployedBy(facts)
  const deployedTo = deployed && recoveredConnection(facts, deployed)
  const onMain = useAsk(
    running !== undefined && change ? { connectionId: running, ...labTable, since: `${since} ${change.at}` } : undefined,
    (table, options) => readTable(table, options),
  )
  const onDeployed = useAsk(deployedTo ? { connectionId: deployedTo, ...labTable, since } : undefined, (table, options) =>
    readTable(table, options),
  )
  const colours = {
    main: onMain.data ? coloursOf(onMain.data.rows) : null,
    recovered: onDeployed.data ? coloursOf(onDeployed.data.rows) : null,
  }

  const recovered = recoveredWith(facts)
  const recoveredTo = recovered && recoveredConnection(facts, recovered)
  const later = useAsk(recoveredTo ? { connectionId: recoveredTo, ...laterTable, since } : undefined, (table, options) =>
    readTable(table, options),
  )
  const slots = useAsk(
    running !== undefined && recovered ? { connectionId: running, since } : undefined,
    ({ connectionId }, options) => api.walArchiveStream.prepare({ connectionId }, options),
  )

  const accident = exerciseOf(facts, 'accident')
  const counts = useAsk(
    running !== undefined && accident && recoveredFrom(facts) ? { connectionId: running, since } : undefined,
    ({ connectionId }, options) => countLost(connectionId, options),
  )

  const look = recoveredFrom(facts)?.look
  const standing = useAsk(look && { jobId: look.jobId, since }, ({ jobId }, options) => api.look.status({ jobId }, options))
  // A promoted one does not tell it any more.
  const stands = standing.data?.replayed?.lastTransaction ?? null

  const act = async (exercise: Exercise) => {
    setBusy(true)
    setError(null)
    try {
      memory.rememberExercise(await api.practice.exercise({ exercise }))
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  return {
    ...{ main, replica, installations, possible, job, running, facts, colours, busy, error, act },
    checking: onMain.busy || onDeployed.busy || later.busy || slots.busy || counts.busy || standing.busy,
    again: () => {
      for (const asked of [onMain, onDeployed, later, slots, counts, standing, archives]) asked.again()
      lookAgain()
    },
    /** Why rows can't be read that a step waits for. */
    unread: onDeployed.error ?? later.error,
    standalone: standaloneSteps(facts, colours),
    stream: streamSteps(
      facts,
      later.data ? later.data.rows.map((row) => row[0] ?? 'NULL') : null,
      slots.data?.slots.map(({ name }) => name) ?? null,
    ),
    accident: accidentSteps(facts, counts.data ?? null, stands),
    drill: drillSteps(facts, memory.reported),
  }
}

/** By id: the rows come as they lie. */
function coloursOf(rows: readonly (readonly (string | null)[])[]): string[] {
  return rows.toSorted((one, other) => Number(one[0]) - Number(other[0])).map((row) => row[1] ?? 'NULL')
}

async function countLost(connectionId: string, options: { signal: AbortSignal }): Promise<TableCounts> {
  const counts: Record<string, string> = {}
  for (const table of lostTables) {
    const [schema = '', name = ''] = table.split('.')
    try {
      const { count } = await api.objects.rows({ connectionId, database: 'shop', schema, name, limit: 1 }, options)
      if (count !== null) counts[table] = count
    } catch (error) {
      // It was dropped: that is what the lab is about.
      if (!(error instanceof AppError && error.code === 'not_found')) throw error
    }
  }
  return counts
}
