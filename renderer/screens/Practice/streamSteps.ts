// The lab "Streaming archive": a backup without WAL, and a cluster recovered with the segment that is still being written. Pure.
import { z } from 'zod'
import {
  archivesOf,
  baseBackupsOf,
  exerciseOf,
  isBefore,
  jobsSince,
  type PhysicalFacts,
  pointArchive,
  stepsInOrder,
} from './physicalFacts'

export const laterTable = { database: 'lab_later', schema: 'public', name: 't' } as const

export const streamStepIds = ['stream', 'backup', 'database', 'recover', 'see', 'end'] as const
export type StreamStepId = (typeof streamStepIds)[number]

const streamed = z.object({ archiveId: z.string() })

/** The newest of main that is, or was, streamed into: once its slot is dropped it is a folder like others. */
export function streamOf(facts: PhysicalFacts) {
  const once = new Set(
    facts.jobs.flatMap(({ capability, input }) =>
      capability === 'wal-stream' ? (streamed.safeParse(input).data?.archiveId ?? []) : [],
    ),
  )
  return archivesOf(facts)
    .filter(({ id, kind }) => kind === 'stream' || once.has(id))
    .sort((one, other) => other.createdAt.localeCompare(one.createdAt))[0]
}

export function bareBackup(facts: PhysicalFacts) {
  const archive = streamOf(facts)
  return (
    archive && baseBackupsOf(facts).find(({ record }) => record.walMethod === 'none' && record.startedAt >= archive.createdAt)
  )
}

export function recoveredWith(facts: PhysicalFacts) {
  const [archive, database] = [streamOf(facts), exerciseOf(facts, 'database')]
  if (archive === undefined || database === undefined) return undefined
  return jobsSince(facts, 'recovery', database.at).find((job) => pointArchive(job) === archive.id)
}

/**
 * `rows`: of the new table in the recovered cluster; null while not asked, or not there. `slots`: of main; null while not asked.
 */
export function streamSteps(facts: PhysicalFacts, rows: readonly string[] | null, slots: readonly string[] | null) {
  const archive = streamOf(facts)
  const backup = bareBackup(facts)
  const database = exerciseOf(facts, 'database')
  const after = backup && database && isBefore(backup.record.stop.lsn, database.from)
  const recovered = recoveredWith(facts)
  const seen = recovered !== undefined && rows !== null
  const slot = archive?.stream?.slot
  // Dropped here, the archive knows of none any more; dropped elsewhere, main has it not in its list.
  const ended = seen && slots !== null && (slot === undefined || !slots.includes(slot))
  return stepsInOrder<StreamStepId>(
    streamStepIds,
    {
      stream: archive ? `into ${archive.folder}${slot === undefined ? '' : `, with the slot ${slot}`}` : '',
      backup: backup?.path ?? '',
      database: after ? `lab_later with ${database.rows} rows, at ${database.to}, after the backup` : '',
      recover: recovered?.title ?? '',
      see: seen ? `lab_later holds ${rows.join(', ') || 'no row'}` : '',
      end: ended ? 'no slot of main keeps WAL for it any more' : '',
    },
    seen && rows.join() !== '1,2,3' ? ['see'] : [],
  )
}
