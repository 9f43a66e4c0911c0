// Reads the head and table of contents of an archive itself (pg_backup_archiver.c, archive versions 1.12 to 1.16).
// `pg_restore --list` prints neither tablespaces nor grants, and turns newlines in names into spaces; this has them exactly.
import { type FileHandle, open } from 'node:fs/promises'
import { AppError } from '../../shared/rpc/appError'
import { damaged, NeedMore, TocCursor } from './tocCursor'

export type TocSection = 'none' | 'pre-data' | 'data' | 'post-data'

export interface TocEntry {
  id: number
  /** TABLE, TABLE DATA, FK CONSTRAINT ... as the archive names it. */
  kind: string
  schema: string | null
  tag: string
  owner: string
  tablespace: string
  section: TocSection
  hasData: boolean
  /** Where the data begins in a custom archive; null where there is none or it was not noted. */
  offset: bigint | null
  /** The data's file in a directory archive, '' where there is none. */
  file: string
  /** Ids of the entries it depends on. */
  needs: number[]
  /** Kept only for the kinds that name roles, extensions or the database's locale; '' otherwise. */
  definition: string
}

/** With every definition, and what the entry is in the catalog that it was dumped from. */
export interface DefinedEntry extends TocEntry {
  /** OIDs of the system catalog and of the row in it: 2606 and a constraint's own. 0 where there is none. */
  tableOid: number
  oid: number
  /** Of a table: heap; '' where none is named. */
  accessMethod: string
}

export interface ArchiveToc {
  /** 1.14 is 114. */
  version: number
  /** Directory archives call themselves tar here too (pg_backup_directory.c): `files` is either. */
  format: 'custom' | 'files'
  /** The dumping machine's local time: `2026-11-22 06:00:12`. */
  createdAt: string
  database: string | null
  serverVersion: string | null
  dumpVersion: string | null
  entries: TocEntry[]
}

export const oldestArchive = 112
/** The newest this reader knows; a newer one is left to a newer pg_restore and refused by name. */
export const newestArchive = 116

const definitionKinds = new Set([
  'ACL',
  'DATABASE',
  'DATABASE PROPERTIES',
  'DEFAULT ACL',
  'ENCODING',
  'EXTENSION',
  'POLICY',
  'USER MAPPING',
])

const sections: readonly TocSection[] = ['none', 'none', 'pre-data', 'data', 'post-data']

const formats: Readonly<Record<number, ArchiveToc['format']>> = { 1: 'custom', 3: 'files', 5: 'files' }

const firstPiece = 256 * 1024
/** Entries of one piece are read at one go: about 20 ms of work. */
const largestPiece = 4 * 1024 * 1024

/** `start` is where PGDMP stands in the file: 0, or after the member's header in a tar. Throws AppError bad_input. */
export async function readToc(path: string, start = 0): Promise<ArchiveToc> {
  const file = await open(path, 'r')
  try {
    return await readAll(file, start, path)
  } finally {
    await file.close()
  }
}

/** Of an archive that is in memory whole. Throws AppError bad_input. */
export function readDefinitions(archive: Buffer): DefinedEntry[] {
  const cursor = new TocCursor()
  cursor.append(archive)
  try {
    const { count, ...head } = readHead(cursor)
    return Array.from({ length: count }, () => readWhole(cursor, head))
  } catch (error) {
    if (error instanceof NeedMore) throw damaged()
    throw error
  }
}

async function readAll(file: FileHandle, start: number, path: string): Promise<ArchiveToc> {
  const cursor = new TocCursor()
  let position = start
  let piece = firstPiece
  const more = async () => {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(piece), 0, piece, position)
    if (bytesRead === 0) {
      throw new AppError('bad_input', `The archive ends inside its table of contents: ${path}.`, {
        hint: 'The file is cut off. Copy it again from where it was made, or choose another backup.',
      })
    }
    position += bytesRead
    cursor.append(buffer.subarray(0, bytesRead))
    piece = Math.min(piece * 2, largestPiece)
  }
  let head = tryRead(cursor, readHead)
  for (; head === undefined; head = tryRead(cursor, readHead)) await more()
  const { count, ...facts } = head
  const entries: TocEntry[] = []
  while (entries.length < count) {
    const entry = tryRead(cursor, readEntry, head)
    if (entry === undefined) await more()
    else entries.push(entry)
  }
  return { ...facts, entries }
}

/** undefined, and back to where it was, when the bytes so far do not hold the whole of it. */
function tryRead<T, A extends unknown[]>(cursor: TocCursor, read: (cursor: TocCursor, ...facts: A) => T, ...facts: A) {
  cursor.mark()
  try {
    return read(cursor, ...facts)
  } catch (error) {
    if (!(error instanceof NeedMore)) throw error
    cursor.rewind()
    return undefined
  }
}

interface Head extends Omit<ArchiveToc, 'entries'> {
  count: number
}

function readHead(cursor: TocCursor): Head {
  if (cursor.raw(5).toString('latin1') !== 'PGDMP') throw damaged()
  const version = cursor.byte() * 100 + cursor.byte()
  cursor.byte() // revision
  if (version < oldestArchive || version > newestArchive) {
    const asked = `${Math.floor(version / 100)}.${version % 100}`
    throw new AppError('version_mismatch', `This archive has format version ${asked}; 1.12 to 1.16 can be read here.`, {
      hint:
        version > newestArchive
          ? 'It was made by a pg_dump newer than 18. Update Walkback to restore it.'
          : 'It was made by a very old pg_dump. Restore it with that version’s pg_restore first.',
    })
  }
  cursor.intSize = cursor.byte()
  cursor.offsetSize = cursor.byte()
  const format = formats[cursor.byte()]
  if (!format) throw damaged()
  if (version >= 115) cursor.byte()
  else cursor.int() // compression
  const [second = 0, minute = 0, hour = 0, day = 1, month = 0, year = 0] = Array.from({ length: 7 }, () => cursor.int())
  const two = (n: number) => String(n).padStart(2, '0')
  return {
    version,
    format,
    createdAt: `${year + 1900}-${two(month + 1)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`,
    database: cursor.text(),
    serverVersion: cursor.text(),
    dumpVersion: cursor.text(),
    count: cursor.int(),
  }
}

function readEntry(cursor: TocCursor, head: Pick<Head, 'version' | 'format'>): TocEntry {
  const id = cursor.int()
  const hasData = cursor.int() !== 0
  cursor.skipText() // tableoid
  cursor.skipText() // oid
  const tag = cursor.name() ?? ''
  const kind = cursor.name() ?? ''
  const section = sections[cursor.int()] ?? 'none'
  let definition = ''
  if (definitionKinds.has(kind)) definition = cursor.text() ?? ''
  else cursor.skipText()
  cursor.skipText() // DROP statement
  cursor.skipText() // COPY statement
  const schema = cursor.name()
  const tablespace = cursor.name() ?? ''
  if (head.version >= 114) cursor.skipText() // table access method
  if (head.version >= 116) cursor.int() // relkind
  const owner = cursor.name() ?? ''
  cursor.skipText() // WITH OIDS
  const needs: number[] = []
  for (let need = cursor.numberText(); need !== null; need = cursor.numberText()) needs.push(need)
  const offset = head.format === 'custom' ? cursor.offset() : null
  const file = head.format === 'custom' ? '' : (cursor.text() ?? '')
  return {
    id,
    kind,
    schema: schema === '' ? null : schema,
    tag,
    owner,
    tablespace,
    section,
    hasData,
    offset,
    file,
    needs,
    definition,
  }
}

/** The same fields in the same order as readEntry, which skips what hundreds of thousands of entries need not keep. */
function readWhole(cursor: TocCursor, head: Pick<Head, 'version' | 'format'>): DefinedEntry {
  const id = cursor.int()
  const hasData = cursor.int() !== 0
  const tableOid = cursor.numberText() ?? 0
  const oid = cursor.numberText() ?? 0
  const tag = cursor.name() ?? ''
  const kind = cursor.name() ?? ''
  const section = sections[cursor.int()] ?? 'none'
  const definition = cursor.text() ?? ''
  cursor.skipText() // DROP statement
  cursor.skipText() // COPY statement
  const schema = cursor.name() ?? ''
  const tablespace = cursor.name() ?? ''
  const accessMethod = head.version >= 114 ? (cursor.name() ?? '') : ''
  if (head.version >= 116) cursor.int() // relkind
  const owner = cursor.name() ?? ''
  cursor.skipText() // WITH OIDS
  const needs: number[] = []
  for (let need = cursor.numberText(); need !== null; need = cursor.numberText()) needs.push(need)
  const offset = head.format === 'custom' ? cursor.offset() : null
  const file = head.format === 'custom' ? '' : (cursor.text() ?? '')
  return {
    ...{ id, kind, schema: schema === '' ? null : schema, tag, owner, tablespace, section, hasData, offset, file, needs },
    ...{ definition, tableOid, oid, accessMethod },
  }
}
