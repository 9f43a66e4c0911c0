// Copies a plain backup to its places, compared with manifest and record on the way: the account's own, private, on disk.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../../shared/rpc/appError'
import { copyFiles, type FileToCopy } from '../../library/copyFiles'
import { syncFolder } from '../../library/durability'
import { digestOf, type FileProblem } from '../../library/memberCheck'
import type { OsAccount } from '../../process/processTypes'
import { fromSystemError } from '../../process/systemError'
import { own } from './destination'
import type { BackupListing, PlaceName, SourceFile } from './listBackup'

export interface CopyOptions {
  account: OsAccount | null
  signal: AbortSignal
  /** Called with the bytes just read. */
  onBytes(bytes: number, file: string): void
}

export interface Copied {
  files: number
  /** Compared with a checksum of manifest or record. */
  compared: number
  /** How many share their blocks with the backup. */
  cloned: number
}

/** Throws AppError: tool_failed for a file that is not as recorded, conflict for one that changes, or the disk's own words. */
export async function copyBackup(
  listing: BackupListing,
  places: ReadonlyMap<PlaceName, string>,
  { account, signal, onBytes }: CopyOptions,
): Promise<Copied> {
  const rootOf = (place: PlaceName) => places.get(place) ?? fail(place)
  const folders = listing.folders.map(({ place, path: inner }) => path.join(rootOf(place), inner))
  for (const folder of folders) await makeFolder(folder, account)
  const files = listing.files.map((file) => ({ ...file, target: path.join(rootOf(file.place), file.path) }))
  const { cloned } = await copyFiles<SourceFile & FileToCopy>(files, {
    ...{ account, signal },
    onBytes: (bytes, { name }) => onBytes(bytes, name),
    digestOf: ({ expected }) => (expected ? digestOf(expected.algorithm) : null),
    read: ({ name, expected }, digest) => {
      if (!expected?.checksum || digest === expected.checksum) return
      throw damagedFile({ file: name, what: `differs from its ${expected.algorithm} in ${expected.by}` })
    },
    changed: ({ source }) =>
      new AppError('conflict', `${source} changed while it was copied.`, {
        hint: 'Something writes into this backup. Look what it is; the backup may be of no use any more.',
      }),
    cut: ({ name }, bytes) => damagedFile({ file: name, what: `is cut off after ${bytes} bytes` }),
  })
  for (const folder of folders) await syncFolder(folder)
  return { files: files.length, compared: files.filter(({ expected }) => expected?.checksum).length, cloned }
}

function fail(place: PlaceName): never {
  throw new AppError('internal', `There is no folder for the tablespace ${place}.`)
}

export async function makeFolder(folder: string, account: OsAccount | null): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await own(folder, account)
  } catch (error) {
    throw fromSystemError(error, `create the folder ${folder}`) ?? error
  }
}

/** Of a file that is not as manifest or record say. */
export function damagedFile({ file, what }: FileProblem): AppError {
  return new AppError('tool_failed', `The backup is damaged: ${file} ${what}.`, {
    hint: 'Do not rely on it. Use another backup, or put this file back from a copy.',
    details: { file, what },
  })
}
