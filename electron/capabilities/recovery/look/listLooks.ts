// All recovered clusters that are still there, found by the records of the jobs that made them; nobody logs in for it.
import path from 'node:path'
import type { LookHolds, LookListed } from '../../../../shared/contracts/look'
import { isEnded } from '../../../../shared/jobs/transitions'
import { AppError } from '../../../../shared/rpc/appError'
import { folderBytes } from '../../../library/watchFolderSize'
import { findPostmaster } from '../../../postgres/localClusterState'
import type { RecoveryServices } from '../parts'
import { pristineProblem } from '../pristine'
import { controlOf, recoveringStates } from './askLook'
import { type LookRecord, readLookRecord } from './lookRecord'

const capabilities = new Set(['recovery', 'recovery-look'])

export async function lookRecords(services: RecoveryServices): Promise<LookRecord[]> {
  const records: LookRecord[] = []
  for (const job of services.jobs.list()) {
    if (!capabilities.has(job.capability) || !isEnded(job.state)) continue
    const record = await readLookRecord(services, job.id).catch((error: unknown) => {
      // Of a standalone recovery, thrown away, or another's by now.
      if (error instanceof AppError && error.code === 'not_found') return null
      throw error
    })
    if (record && !records.some((other) => other.dataDirectory === record.dataDirectory)) records.push(record)
  }
  return records
}

export async function listLooks(services: RecoveryServices): Promise<LookListed[]> {
  const records = await lookRecords(services)
  return Promise.all(
    records.map(async ({ jobId, server, dataDirectory, port, wish, evidence }): Promise<LookListed> => {
      const running = (await findPostmaster(dataDirectory)) !== null
      // Without its programs nobody can say more than that it is there.
      const control = await controlOf(services, dataDirectory).catch(() => null)
      const promoted = control !== null && !recoveringStates.has(control.control.state)
      return {
        ...{ jobId, server, name: path.basename(dataDirectory), dataDirectory, port, wish, promoted },
        state: running ? (promoted ? 'promoted' : 'paused') : 'stopped',
        ...{ lastCommit: evidence?.lastCommit ?? null, stoppedAt: evidence?.at ?? null },
      }
    }),
  )
}

/** By the sizes of its files. Blocks that are shared with others count in full. */
export async function readHolds(services: RecoveryServices, jobId: string, signal: AbortSignal): Promise<LookHolds> {
  const record = await readLookRecord(services, jobId)
  const places: { path: string; bytes: string }[] = []
  for (const folder of placesOf(record)) {
    signal.throwIfAborted()
    places.push({ path: folder, bytes: String(await folderBytes(folder)) })
  }
  const bytes = places.reduce((sum, place) => sum + BigInt(place.bytes), 0n)
  const problem = await pristineProblem(record.pristine, record.backup)
  const kept = Object.values(record.pristine)
  return {
    ...{ bytes: String(bytes), places, pristine: kept, copies: problem !== '' },
    earlier:
      problem === ''
        ? 'The base files are kept beside it, by reflink: nothing is copied again.'
        : `The base backup is copied again: ${problem}.`,
    copySeconds: problem === '' ? 1 : copySecondsOf(services, jobId),
  }
}

export function placesOf({ dataDirectory, tablespaces }: Pick<LookRecord, 'dataDirectory' | 'tablespaces'>): string[] {
  return [dataDirectory, ...Object.values(tablespaces)]
}

/** As long as it took the last time; null for one that was taken here without a copy. */
export function copySecondsOf({ jobs }: Pick<RecoveryServices, 'jobs'>, jobId: string): number | null {
  const copy = jobs.get(jobId).steps.find(({ id }) => id === 'copy' || id === 'combine')
  if (!copy?.startedAt || !copy.endedAt || copy.state !== 'done') return null
  return Math.max(1, Math.round((Date.parse(copy.endedAt) - Date.parse(copy.startedAt)) / 1000))
}
