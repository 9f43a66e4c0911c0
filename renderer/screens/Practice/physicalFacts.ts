// What the labs of physical backup go by: main's base backups, archives, recoveries and what the labs did to it. Pure.
import { z } from 'zod'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { LookListed } from '../../../shared/contracts/look'
import { type Exercise, type ExerciseDone, exerciseDone, type PracticeCluster } from '../../../shared/contracts/practice'
import { recoveryDestination, standaloneRequest } from '../../../shared/contracts/recovery'
import { pointRunRequest } from '../../../shared/contracts/recoveryPoint'
import type { JobSnapshot } from '../../../shared/jobs/job'
import type { SavedConnection } from '../../../shared/model/connection'
import { toLsn } from '../../../shared/model/lsn'
import type { WalArchive } from '../../../shared/model/walArchive'
import type { LabStepState } from './LabStepList'

/** What was done and can't be asked for again. It belongs to one cluster, by its system identifier. */
export const exerciseMemory = z.partialRecord(z.enum(['table', 'change', 'database', 'accident']), exerciseDone)
export type ExerciseMemory = z.infer<typeof exerciseMemory>

export interface PhysicalFacts {
  main: PracticeCluster | undefined
  replica: PracticeCluster | undefined
  backups: readonly CatalogEntry[]
  jobs: readonly JobSnapshot[]
  archives: readonly WalArchive[]
  looks: readonly LookListed[]
  connections: readonly SavedConnection[]
  exercises: ExerciseMemory
}

export type BaseBackup = Extract<CatalogEntry['record'], { kind: 'base-backup' }>

/** Of this very main; what was done to one that is gone does not count. */
export function exerciseOf({ main, exercises }: PhysicalFacts, exercise: Exercise): ExerciseDone | undefined {
  const done = exercises[exercise]
  return done !== undefined && done.systemIdentifier === main?.systemIdentifier ? done : undefined
}

/** Base backups of main, the newest first. */
export function baseBackupsOf({ main, backups }: PhysicalFacts): { path: string; record: BaseBackup }[] {
  const found = backups.flatMap(({ path, record }) =>
    record.kind === 'base-backup' && main?.systemIdentifier != null && record.source.systemIdentifier === main.systemIdentifier
      ? [{ path, record }]
      : [],
  )
  return found.sort((one, other) => other.record.endedAt.localeCompare(one.record.endedAt))
}

export function archivesOf({ main, archives }: PhysicalFacts): WalArchive[] {
  return archives.filter(({ systemIdentifier }) => systemIdentifier !== null && systemIdentifier === main?.systemIdentifier)
}

export const isBefore = (one: string, other: string) => toLsn(one) <= toLsn(other)

const good = ({ state }: JobSnapshot) => state === 'succeeded' || state === 'succeeded_with_warnings'

/** Good jobs of a capability that were started after that time (ISO), the newest first. */
export function jobsSince({ jobs }: PhysicalFacts, capability: string, since: string): JobSnapshot[] {
  return jobs.filter(
    (job) => job.capability === capability && good(job) && Date.parse(job.createdAt) >= Date.parse(since.slice(0, 23) + 'Z'),
  )
}

/** The backup that a recovery without a moment began with; undefined for another job. */
export function standaloneBackup(job: JobSnapshot): string | undefined {
  return pointRunRequest.safeParse(job.input).success ? undefined : standaloneRequest.safeParse(job.input).data?.source.path
}

export function pointArchive(job: JobSnapshot): string | undefined {
  return pointRunRequest.safeParse(job.input).data?.point.archiveId
}

const destined = z.object({ destination: recoveryDestination })

/** The saved connection to the server that a recovery brought up. */
export function recoveredConnection({ connections, main, replica }: PhysicalFacts, job: JobSnapshot): string | undefined {
  const destination = destined.safeParse(job.input).data?.destination
  if (destination?.kind === 'cluster') {
    return destination.dataDirectory === replica?.dataDirectory ? (replica.connectionId ?? undefined) : undefined
  }
  return connections.find(({ id, settings }) => id !== main?.connectionId && settings.port === destination?.port)?.id
}

/** Each step with its proof, '' for none yet; what is `odd` is not done, whatever was found. The first that is not is the current one. */
export function stepsInOrder<Id extends string>(
  ids: readonly Id[],
  found: Readonly<Record<Id, string>>,
  odd: readonly Id[] = [],
): LabStepState<Id>[] {
  const done = (id: Id) => found[id] !== '' && !odd.includes(id)
  const current = ids.find((id) => !done(id))
  return ids.map((id) => ({
    id,
    state: done(id) ? 'done' : id === current ? 'current' : 'todo',
    found: found[id],
    odd: odd.includes(id),
  }))
}
