// walkback.json on disk: written so that a crash leaves the old one or the new one, read with distrust.
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { type BackupRecord, backupRecord, isPhysical, recordVersion, type Verification } from '../../shared/model/backupRecord'
import { AppError } from '../../shared/rpc/appError'
import { fromSystemError } from '../process/systemError'
import { syncFolder } from './durability'

export const recordName = 'walkback.json'

/** Our own files in a backup's folder, which no record lists. */
export function isRecordFile(name: string): boolean {
  return name === recordName || /^walkback\.json\.[0-9a-f]{8}\.tmp$/.test(name)
}

/** On disk when it returns. */
export async function writeRecord(folder: string, record: BackupRecord): Promise<void> {
  const text = `${JSON.stringify(backupRecord.parse(record), null, 2)}\n`
  const temporary = path.join(folder, `${recordName}.${randomBytes(4).toString('hex')}.tmp`)
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path.join(folder, recordName))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** Throws AppError not_found, permission, or bad_input for a record that can't be understood or leads out of its folder. */
export async function readRecord(folder: string): Promise<BackupRecord> {
  const file = path.join(folder, recordName)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw fromSystemError(error, `read ${file}`) ?? error
  }
  const value = parseJson(text)
  if (value === undefined) throw unreadable(file, 'it is not JSON')
  const version = typeof value === 'object' && value !== null && 'recordVersion' in value ? value.recordVersion : undefined
  if (typeof version === 'number' && version > recordVersion) {
    throw unreadable(file, `it was written by a newer Walkback (record version ${version})`)
  }
  if (version !== recordVersion) throw unreadable(file, `recordVersion: expected ${recordVersion}`)
  const parsed = backupRecord.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw unreadable(file, `${issue?.path.join('.') || 'the record'}: ${issue?.message ?? 'not as expected'}`)
  }
  const { artifact, globals, files } = parsed.data
  const ofSet = parsed.data.kind === 'dump-set' ? parsed.data.databases.flatMap((each) => [each.folder, each.artifact]) : []
  const outside = isPhysical(parsed.data)
    ? [...parsed.data.tablespaces, ...parsed.data.configuration].map((each) => each.path)
    : []
  for (const inner of [artifact, ...ofSet, ...outside, ...(globals ? [globals.path] : []), ...files.map((entry) => entry.path)]) {
    if (!isInside(inner)) throw unreadable(file, `it names a file outside its folder: ${inner}`)
  }
  return parsed.data
}

/** The result joins the record's history. The caller holds the lock of the backup's path. */
export async function addVerification(folder: string, verification: Verification): Promise<BackupRecord> {
  const record = await readRecord(folder)
  const next = { ...record, verifications: [...record.verifications, verification] }
  await writeRecord(folder, next)
  return next
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // told by the caller, with the file's name
  }
}

/** Relative, with forward slashes, and no step up. */
function isInside(inner: string): boolean {
  if (inner === '' || inner.includes('\0') || path.posix.isAbsolute(inner) || path.win32.isAbsolute(inner)) return false
  const parts = process.platform === 'win32' ? inner.split(/[/\\]/) : inner.split('/')
  return !parts.includes('..')
}

function unreadable(file: string, why: string): AppError {
  return new AppError('bad_input', `The record ${file} can't be read: ${why}.`, {
    hint: 'The archive beside it may be whole: restore from the file itself, or put the record back from a copy.',
  })
}
