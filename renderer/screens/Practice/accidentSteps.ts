// The lab "An accident, and its rescue": a wrong DELETE and a DROP, found, looked at, and taken back into the live database. Pure.
import { z } from 'zod'
import { rescueRequest } from '../../../shared/contracts/rescue'
import { utcText } from '../../../shared/model/utcText'
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

/** The table that loses rows, and the one that is dropped. */
export const lostTables = ['sales.payments', 'crm.notes'] as const

export const accidentStepIds = ['archive', 'backup', 'accident', 'recover', 'rescue', 'see'] as const
export type AccidentStepId = (typeof accidentStepIds)[number]

export function archiveOfLab(facts: PhysicalFacts) {
  return archivesOf(facts).sort((one, other) => other.createdAt.localeCompare(one.createdAt))[0]
}

export function backupBefore(facts: PhysicalFacts) {
  const accident = exerciseOf(facts, 'accident')
  return baseBackupsOf(facts).find(({ record }) => accident === undefined || isBefore(record.stop.lsn, accident.from))
}

/** The newest recovery since the accident with an archive of main, and where it stands; `look` undefined once it is thrown away. */
export function recoveredFrom(facts: PhysicalFacts) {
  const accident = exerciseOf(facts, 'accident')
  if (accident === undefined) return undefined
  const archives = archivesOf(facts).map(({ id }) => id)
  const job = jobsSince(facts, 'recovery', accident.at).find((one) => archives.includes(pointArchive(one) ?? ''))
  return job && { job, look: facts.looks.find(({ jobId }) => jobId === job.id) }
}

const rescued = rescueRequest.pick({ live: true })

function rescueOf(facts: PhysicalFacts) {
  const accident = exerciseOf(facts, 'accident')
  if (accident === undefined) return undefined
  return jobsSince(facts, 'rescue', accident.at).find(
    ({ input }) => rescued.safeParse(input).data?.live === facts.main?.connectionId,
  )
}

/** Rows of the lost tables on main now, exact; a table that is not there is left out. null while not asked. */
export const tableCounts = z.record(z.string(), z.string()).nullable()
export type TableCounts = z.infer<typeof tableCounts>

const number = (count: string) => Number(count).toLocaleString('en')

/** `stands`: the time of the last transaction that the recovered cluster holds, ISO to the microsecond; null while not known. */
export function accidentSteps(facts: PhysicalFacts, counts: TableCounts, stands: string | null) {
  const archive = archiveOfLab(facts)
  const backup = backupBefore(facts)
  const accident = exerciseOf(facts, 'accident')
  const recovered = recoveredFrom(facts)
  const rescue = rescueOf(facts)
  const tooLate = accident !== undefined && stands !== null && stands >= accident.begun
  const missing =
    accident && counts ? lostTables.filter((table) => !(Number(counts[table]) >= Number(accident.before[table]))) : []
  const seen = rescue !== undefined && accident !== undefined && counts !== null
  return stepsInOrder<AccidentStepId>(
    accidentStepIds,
    {
      archive: archive ? `${archive.label}, ${archive.folder}` : '',
      backup: backup && archive ? backup.path : '',
      accident: accident
        ? `${number(String(accident.rows))} rows of sales.payments deleted, crm.notes dropped, at ${utcText(accident.at)}`
        : '',
      recover: recovered
        ? tooLate
          ? `it holds what was committed up to ${utcText(stands)}, the accident too: start again earlier`
          : `${recovered.job.title}${stands === null ? '' : `; its last transaction is of ${utcText(stands)}`}`
        : '',
      rescue: rescue?.title ?? '',
      see: seen
        ? missing.length === 0
          ? lostTables.map((table) => `${table} has ${number(counts[table] ?? '0')} rows`).join(', ')
          : missing
              .map((table) =>
                counts[table] === undefined
                  ? `${table} is not there`
                  : `${table} has ${number(counts[table])} rows, it had ${number(accident.before[table] ?? '0')}`,
              )
              .join(', ')
        : '',
    },
    [...(recovered && tooLate ? (['recover'] as const) : []), ...(seen && missing.length > 0 ? (['see'] as const) : [])],
  )
}
