// The lab "Standalone base backup": a backup that holds its own WAL brings the old rows to a second cluster. Pure.
import {
  baseBackupsOf,
  exerciseOf,
  isBefore,
  jobsSince,
  type PhysicalFacts,
  standaloneBackup,
  stepsInOrder,
} from './physicalFacts'

export const labTable = { database: 'course', schema: 'lab', name: 't1' } as const
export const coloursBefore = ['red', 'blue', 'green'] as const
export const coloursAfter = ['crimson', 'navy', 'olive'] as const

export const standaloneStepIds = ['table', 'backup', 'change', 'deploy', 'see'] as const
export type StandaloneStepId = (typeof standaloneStepIds)[number]

/** Colours of lab.t1 by id; null while not asked, or not there. */
export interface Colours {
  main: readonly string[] | null
  recovered: readonly string[] | null
}

/** The newest one that began after the table was there, holds its WAL, and ended before the rows changed. */
export function backupOfLab(facts: PhysicalFacts) {
  const [table, change] = [exerciseOf(facts, 'table'), exerciseOf(facts, 'change')]
  if (table === undefined) return undefined
  const changed = change !== undefined && isBefore(table.to, change.from) ? change : undefined
  return baseBackupsOf(facts).find(
    ({ record }) =>
      record.walMethod !== 'none' &&
      isBefore(table.to, record.stop.lsn) &&
      (changed === undefined || isBefore(record.stop.lsn, changed.from)),
  )
}

export function deployedBy(facts: PhysicalFacts) {
  const [backup, change] = [backupOfLab(facts), exerciseOf(facts, 'change')]
  if (backup === undefined || change === undefined) return undefined
  return jobsSince(facts, 'recovery', change.at).find((job) => standaloneBackup(job) === backup.path)
}

export function standaloneSteps(facts: PhysicalFacts, { main, recovered }: Colours) {
  const [table, change] = [exerciseOf(facts, 'table'), exerciseOf(facts, 'change')]
  const backup = backupOfLab(facts)
  const deployed = deployedBy(facts)
  const same = (one: readonly string[], other: readonly string[]) => one.join() === other.join()
  const changedAfter = change && backup && isBefore(backup.record.stop.lsn, change.from)
  const seen = deployed !== undefined && recovered !== null && main !== null
  const asExpected = seen && same(recovered, coloursBefore) && same(main, coloursAfter)
  return stepsInOrder<StandaloneStepId>(
    standaloneStepIds,
    {
      table: table ? `${table.rows} rows in lab.t1 of course, written up to ${table.to}` : '',
      backup: backup ? `${backup.path}, consistent at ${backup.record.stop.lsn}` : '',
      change: changedAfter ? `${change.rows} rows changed at ${change.to}, after the backup’s stop` : '',
      deploy: deployed?.title ?? '',
      see: seen ? `${recovered.join(', ')} there, ${main.join(', ')} on main` : '',
    },
    seen && !asExpected ? ['see'] : [],
  )
}
