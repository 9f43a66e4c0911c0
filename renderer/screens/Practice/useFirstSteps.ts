// What the lab "First steps" knows and does: asks the server, the library and the jobs, and keeps what can't be asked again.
import { useEffect, useState } from 'react'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useJobs } from '../../stores/jobs'
import { useLabMemory } from '../../stores/labMemory'
import { useAsk } from '../../wizard/useAsk'
import type { LabsWithBackups } from './Labs'
import { type LabFacts, labSteps, memoryFor, noteGone, sampleDatabase } from './labSteps'
import { readRows } from './readRows'
import { usePracticeJob } from './usePracticeJob'

export type FirstStepsLab = ReturnType<typeof useFirstSteps>

export function useFirstSteps({ main, installations, possible, onChanged, backups }: LabsWithBackups) {
  const kept = useLabMemory((state) => state.firstSteps)
  const remember = useLabMemory((state) => state.remember)
  const [dropping, setDropping] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const jobs = useJobs((state) => state.jobs)
  const ended = jobs.filter((job) => job.endedAt !== null).length
  const job = usePracticeJob('main', onChanged)

  const running = main?.state === 'running' && main.connectionId !== null ? main.connectionId : undefined
  const server = useAsk(
    running === undefined ? undefined : { connectionId: running, ended },
    ({ connectionId }, options) => api.connections.server({ connectionId }, options),
    { keep: true },
  )
  const databases = running === undefined ? null : (server.data?.databases.map(({ name }) => name) ?? null)
  const present = databases?.includes(sampleDatabase) === true
  const memory = memoryFor(main, kept)
  // Read only once it matters: after the restore.
  const rows = useAsk(
    running !== undefined && present && memory?.goneAt ? { running, ended } : undefined,
    ({ running: id }, { signal }) => readRows(id, signal),
    { keep: true },
  )

  const facts: LabFacts = { main, databases, counts: rows.data?.counts ?? null, backups, jobs }
  const gone = noteGone(facts, kept, new Date().toISOString())
  useEffect(() => {
    if (gone?.goneAt && gone.goneAt !== kept?.goneAt && memory?.goneAt == null) remember(gone)
  }, [gone, kept, memory, remember])
  const steps = labSteps(facts, kept)

  const act = async (work: () => Promise<unknown>) => {
    setBusy(true)
    setError(null)
    try {
      await work()
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  const look = () =>
    act(async () => {
      if (running === undefined || main?.systemIdentifier == null) return
      const read = await readRows(running, AbortSignal.timeout(60_000))
      remember({
        systemIdentifier: main.systemIdentifier,
        looked: { at: new Date().toISOString(), counts: read.counts, sample: read.sample },
        goneAt: memory?.goneAt ?? null,
      })
    })
  const drop = () =>
    act(async () => {
      if (running === undefined) return
      await api.connections.dropDatabase({ connectionId: running, database: sampleDatabase, confirm: sampleDatabase })
      setDropping(false)
      server.again()
    })
  return {
    main,
    installations,
    possible,
    steps,
    facts,
    memory,
    present,
    running,
    rows,
    job,
    busy,
    error: error ?? server.error ?? rows.error,
    actError: error,
    dropping,
    setDropping,
    look,
    drop,
    remember,
  }
}
