// What the lab "COPY out and in" knows and does: asks the server and the jobs, reads the file, keeps what it held.
import { useState } from 'react'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useJobs } from '../../stores/jobs'
import { useLabMemory } from '../../stores/labMemory'
import { useAsk } from '../../wizard/useAsk'
import { type CopyLabFacts, copyLabSteps, copyMemoryFor, courseDatabase, courseTable, exportOf, importOf } from './copyLabSteps'
import type { LabsProps } from './Labs'
import { usePracticeJob } from './usePracticeJob'

export type CopyLabState = ReturnType<typeof useCopyLab>

const shownRows = 50

export function useCopyLab({ main, installations, possible, onChanged }: LabsProps) {
  const kept = useLabMemory((state) => state.copy)
  const remember = useLabMemory((state) => state.rememberCopy)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const jobs = useJobs((state) => state.jobs)
  const ended = jobs.filter((job) => job.endedAt !== null).length
  const job = usePracticeJob('main', onChanged)
  const running = main?.state === 'running' && main.connectionId !== null ? main.connectionId : undefined

  const readTable = async (table: { schema: string; name: string }, connectionId: string, signal: AbortSignal) => {
    const input = { connectionId, database: courseDatabase, ...table, limit: shownRows }
    return (await api.objects.rows(input, { signal })).rows
  }
  // The sample may be gone, or the table of an import dropped since: then the step says what to do, not an error.
  const source = useAsk(
    running === undefined ? undefined : { running, ended },
    (input, { signal }) => readTable(courseTable, input.running, signal),
    { keep: true },
  )
  const known: CopyLabFacts = {
    main,
    source: running === undefined || source.error ? null : (source.data ?? null),
    target: null,
    jobs,
  }
  const into = importOf(known)
  const target = useAsk(
    running === undefined || into === undefined ? undefined : { running, ended, schema: into.schema, name: into.table },
    (input, { signal }) => readTable({ schema: input.schema, name: input.name }, input.running, signal),
  )
  const facts: CopyLabFacts = { ...known, target: target.data ?? null }
  const steps = copyLabSteps(facts, kept)

  const look = async () => {
    const file = exportOf(facts)?.file
    if (file === undefined || main?.systemIdentifier == null) return
    setBusy(true)
    setError(null)
    try {
      const { format, options } = await api.copy.detectFile({ path: file })
      const sample = await api.copy.fileSample({ path: file, format, options, limit: shownRows })
      remember({ systemIdentifier: main.systemIdentifier, file, rows: sample.rows, text: sample.text })
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  return {
    main,
    installations,
    possible,
    running,
    steps,
    facts,
    memory: copyMemoryFor(facts, kept),
    job,
    busy,
    error: error ?? (into === undefined ? null : target.error),
    sourceMissing: running !== undefined && source.error !== null,
    look,
    again: () => {
      source.again()
      target.again()
    },
    checking: target.busy,
    startOver: () => remember(null),
  }
}
