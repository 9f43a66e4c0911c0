// A set as it lies in its folder: record, globals with their checksum, and what they would create.
import path from 'node:path'
import type { DumpSetRecord } from '../../../shared/model/backupRecord'
import { AppError } from '../../../shared/rpc/appError'
import { hashFiles } from '../../library/checksumFiles'
import { type Globals, readGlobals } from '../../library/readGlobals'
import { readRecord } from '../../library/recordFile'

export interface DumpSet {
  folder: string
  record: DumpSetRecord
  size: string
  globals: Globals
  /** Roles that a person made: without PostgreSQL's own. */
  roles: string[]
  tablespaces: { name: string; location: string }[]
}

/** Throws AppError: not a set, unfinished, or its globals are not as recorded. */
export async function readSet(asked: string): Promise<DumpSet> {
  if (!path.isAbsolute(asked) || asked.includes('\0')) {
    throw new AppError('bad_input', `${JSON.stringify(asked)} is not an absolute path.`, { hint: 'Write it from the root on.' })
  }
  const folder = path.resolve(asked)
  if (folder.split(path.sep).some((part) => part.endsWith('.partial'))) {
    throw new AppError('bad_input', `${folder} is unfinished: not all of its databases are whole.`, {
      hint: 'Choose a finished set.',
    })
  }
  const record = await readRecord(folder)
  if (record.kind !== 'dump-set') {
    throw new AppError('bad_input', `${folder} is no set of databases.`, { hint: 'Restore it as a dump instead.' })
  }
  const globals = await checkedGlobals(folder, record)
  const size = record.files.reduce((sum, file) => sum + BigInt(file.size), 0n).toString()
  return {
    folder,
    record,
    size,
    globals,
    roles: [...globals.roles].filter((name) => !name.startsWith('pg_')),
    tablespaces: [...globals.tablespaces].map((name) => ({ name, location: globals.locations.get(name) ?? '' })),
  }
}

/** Statements from this file are run on a server as whoever restores, so it must be the very file that was written. */
async function checkedGlobals(folder: string, record: DumpSetRecord): Promise<Globals> {
  const name = record.globals?.path ?? ''
  const recorded = record.files.find((file) => file.path === name)
  const found = recorded ? (await hashFiles(folder, [name]).catch(() => []))[0] : undefined
  const globals = found && found.sha256 === recorded?.sha256 ? await readGlobals(path.join(folder, name)) : null
  if (!globals) {
    throw new AppError('tool_failed', `The roles and tablespaces of this set (${name}) are missing or not as recorded.`, {
      hint: 'Restore its databases one by one from the folders inside it, each is a dump of its own.',
    })
  }
  return globals
}
