// Where a new backup goes: its folder's name, unfinished and finished, and the steps from one to the other.
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { BackupRecord } from '../../shared/model/backupRecord'
import { AppError } from '../../shared/rpc/appError'
import { fromSystemError } from '../process/systemError'
import { syncFolder } from './durability'
import { writeRecord } from './recordFile'
import { slug } from './slug'

export const partialSuffix = '.partial'

export interface BackupPlace {
  /** The folder while it is written: the final name with `.partial`. */
  partial: string
  final: string
}

export interface PlaceRequest {
  library: string
  serverLabel: string
  kind: BackupRecord['kind']
  database: string
  label: string
  at: Date
  /** From 1 on: another name for the same second. */
  attempt?: number
}

/** `<library>/<server>/2026-11-22T075201Z-dump-<database>[-<label>]`. Throws AppError for a relative library. */
export function placeBackup(request: PlaceRequest): BackupPlace {
  if (!path.isAbsolute(request.library) || request.library.includes('\0')) {
    throw new AppError('bad_input', `The library ${JSON.stringify(request.library)} is not an absolute path.`, {
      hint: 'Write the folder from the root on, such as /srv/walkback.',
    })
  }
  // pg_dumpall hands its output's name to a shell of its own and refuses line breaks in it.
  if (/[\n\r]/.test(request.library)) {
    throw new AppError('bad_input', 'The path of the library holds a line break, which PostgreSQL’s programs do not take.', {
      hint: 'Choose a folder without one.',
    })
  }
  const time = `${request.at.toISOString().slice(0, 19).replaceAll(':', '')}Z`
  const label = request.label.trim() === '' ? [] : [slug(request.label, 40)]
  const again = request.attempt === undefined || request.attempt === 0 ? [] : [String(request.attempt + 1)]
  const name = [time, request.kind, slug(request.database), ...label, ...again].join('-')
  const final = path.join(path.resolve(request.library), slug(request.serverLabel), name)
  return { partial: final + partialSuffix, final }
}

/** Neither name is taken on disk. */
export function isFree(place: BackupPlace): boolean {
  return !existsSync(place.partial) && !existsSync(place.final)
}

/** Makes the unfinished folder, private to this account. Throws AppError, conflict when either name is taken. */
export async function openPlace(place: BackupPlace): Promise<void> {
  if (existsSync(place.final)) {
    throw new AppError('conflict', `There is a backup ${place.final} already.`, {
      hint: 'Start it again: the new one gets another name.',
    })
  }
  try {
    await mkdir(path.dirname(place.partial), { recursive: true, mode: 0o700 })
    await mkdir(place.partial, { mode: 0o700 })
    await syncFolder(path.dirname(place.partial))
  } catch (error) {
    throw fromSystemError(error, `create the folder ${place.partial}`) ?? error
  }
}

/**
 * The last step of every backup. Its files must be on disk already (hashFiles does that): the record is written, then the
 * folder gets its final name. Until the rename nothing here looks like a backup.
 */
export async function finishPlace(place: BackupPlace, record: BackupRecord): Promise<void> {
  try {
    await writeRecord(place.partial, record)
    // A folder with something in it is never replaced: rename fails then.
    await rename(place.partial, place.final)
    await syncFolder(path.dirname(place.final))
  } catch (error) {
    throw fromSystemError(error, `finish the backup ${place.final}`) ?? error
  }
}

/** Removes what an unfinished backup wrote; the server's folder stays. */
export async function discardPlace(place: BackupPlace): Promise<void> {
  await rm(place.partial, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  await syncFolder(path.dirname(place.partial))
}
