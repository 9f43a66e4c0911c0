// Finds the archive a path means: itself, or what a library record's folder holds.
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve, sep } from 'node:path'
import { type BackupRecord, backupRecord } from '../../../shared/model/backupRecord'
import { AppError } from '../../../shared/rpc/appError'
import { unreadable } from '../../library/sniffFormat'

export interface RestoreSource {
  /** What pg_restore or psql is given. */
  archive: string
  record: BackupRecord | null
  recordPath: string | null
  globalsPath: string | null
}

const recordName = 'walkback.json'

/** A record is also found from the archive inside its folder. Throws AppError not_found, permission, bad_input. */
export async function findSource(path: string): Promise<RestoreSource> {
  if (!isAbsolute(path)) {
    throw new AppError('bad_input', `${path} is not an absolute path.`, { hint: 'Write it from the root on: /srv/backups/...' })
  }
  const asked = resolve(path)
  if (asked.split(sep).some((part) => part.endsWith('.partial'))) {
    throw new AppError('bad_input', `${asked} is unfinished: the dump that wrote it did not end.`, {
      hint: 'Choose a finished backup.',
    })
  }
  for (const folder of [asked, dirname(asked)]) {
    const record = await readRecord(join(folder, recordName), folder === asked)
    if (!record) continue
    const archive = inside(folder, record.artifact)
    if (folder !== asked && archive !== asked) continue
    return {
      archive,
      record,
      recordPath: folder,
      globalsPath: record.globals ? inside(folder, record.globals.path) : null,
    }
  }
  return { archive: asked, record: null, recordPath: null, globalsPath: await globalsBeside(asked) }
}

async function readRecord(file: string, named: boolean): Promise<BackupRecord | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw unreadable(file, error)
  }
  const parsed = backupRecord.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  if (!named) return null
  const where = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new AppError('bad_input', `The record ${file} can’t be read${where === '' ? '' : ` (at ${where})`}.`, {
    hint: 'Choose the archive inside the folder instead: it can be restored without its record.',
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // refused by the schema, with the file's name
  }
}

/** A record must not lead out of its own folder. */
function inside(folder: string, relative: string): string {
  const path = resolve(folder, relative)
  if (path !== resolve(folder) && !path.startsWith(resolve(folder) + sep)) {
    throw new AppError('bad_input', `The record in ${folder} names a file outside its folder: ${relative}.`, {
      hint: 'The record was changed by hand. Choose the archive itself instead.',
    })
  }
  return path
}

/** `globals.sql` next to a dump that has no record, when it is what pg_dumpall --globals-only writes. */
async function globalsBeside(archive: string): Promise<string | null> {
  const folder = dirname(archive)
  const names = await readdir(folder).catch((error: unknown) => {
    throw unreadable(folder, error)
  })
  if (!names.includes('globals.sql')) return null
  const path = join(folder, 'globals.sql')
  return path !== archive && (await stat(path)).isFile() ? path : null
}
