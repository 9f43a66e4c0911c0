// Reads the head and table of contents of an archive itself (pg_backup_archiver.c, archive versions 1.12 to 1.16).
// `pg_restore --list` prints neither tablespaces nor grants, and turns newlines in names into spaces; this has them exactly.
import { type FileHandle, open } from 'node:fs/promises'
import { AppError } from '../../shared/rpc/appError'

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

class NeedMore extends Error {}

/** `start` is where PGDMP stands in the file: 0, or after the member's header in a tar. Throws AppError bad_input. */
export async function readToc(path: string, start = 0): Promise<ArchiveToc> {
  const file = await open(path, 'r')
  try {
    return await readAll(file, start, path)
  } finally {
    await file.close()
  }
}

async function readAll(file: FileHandle, start: number, path: string): Promise<ArchiveToc> {
  const cursor = new Cursor()
  let position = start
  let chunk = 256 * 1024
  const more = async () => {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(chunk), 0, chunk, position)
    if (bytesRead === 0) {
      throw new AppError('bad_input', `The archive ends inside its table of contents: ${path}.`, {
        hint: 'The file is cut off. Copy it again from where it was made, or choose another backup.',
      })
    }
    position += bytesRead
    cursor.append(buffer.subarray(0, bytesRead))
    chunk = Math.min(chunk * 2, 16 * 1024 * 1024)
  }
  const take = async <T>(parse: () => T): Promise<T> => {
    for (;;) {
      cursor.mark()
      try {
        return parse()
      } catch (error) {
        if (!(error instanceof NeedMore)) throw error
        cursor.rewind()
        await more()
      }
    }
  }
  const head = await take(() => readHead(cursor))
  const entries: TocEntry[] = []
  for (let n = 0; n < head.count; n += 1) entries.push(await take(() => readEntry(cursor, head)))
  const { count: _count, ...facts } = head
  return { ...facts, entries }
}

interface Head extends Omit<ArchiveToc, 'entries'> {
  count: number
}

function readHead(cursor: Cursor): Head {
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

function readEntry(cursor: Cursor, head: Head): TocEntry {
  const id = cursor.int()
  const hasData = cursor.int() !== 0
  cursor.text() // tableoid
  cursor.text() // oid
  const tag = cursor.text() ?? ''
  const kind = cursor.text() ?? ''
  const section = sections[cursor.int()] ?? 'none'
  const definition = cursor.text() ?? ''
  cursor.text() // DROP statement
  cursor.text() // COPY statement
  const schema = cursor.text()
  const tablespace = cursor.text() ?? ''
  if (head.version >= 114) cursor.text() // table access method
  if (head.version >= 116) cursor.int() // relkind
  const owner = cursor.text() ?? ''
  cursor.text() // WITH OIDS
  const needs: number[] = []
  for (let need = cursor.text(); need !== null; need = cursor.text()) needs.push(Number(need))
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
    definition: definitionKinds.has(kind) ? definition : '',
  }
}

function damaged(): AppError {
  return new AppError('bad_input', 'The table of contents of this archive can’t be read: it is damaged.', {
    hint: 'Copy it again from where it was made, or choose another backup.',
  })
}

class Cursor {
  intSize = 4
  offsetSize = 8
  #buffer = Buffer.alloc(0)
  #at = 0
  #marked = 0

  append(more: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer.subarray(this.#at), more])
    this.#at = 0
    this.#marked = 0
  }

  mark(): void {
    this.#marked = this.#at
  }

  rewind(): void {
    this.#at = this.#marked
  }

  raw(length: number): Buffer {
    if (this.#at + length > this.#buffer.length) throw new NeedMore()
    const bytes = this.#buffer.subarray(this.#at, this.#at + length)
    this.#at += length
    return bytes
  }

  byte(): number {
    return this.raw(1)[0] ?? 0
  }

  /** A sign byte, then intSize bytes, the lowest first. */
  int(): number {
    const end = this.#at + 1 + this.intSize
    if (end > this.#buffer.length) throw new NeedMore()
    const negative = this.#buffer[this.#at] !== 0
    let value = 0
    for (let at = end - 1; at > this.#at; at -= 1) value = value * 256 + (this.#buffer[at] ?? 0)
    this.#at = end
    return negative ? -value : value
  }

  /** null for a missing text, which a length below zero stands for. */
  text(): string | null {
    const length = this.int()
    if (length < 0) return null
    if (length > 1024 * 1024 * 1024) throw damaged()
    if (this.#at + length > this.#buffer.length) throw new NeedMore()
    this.#at += length
    return this.#buffer.toString('utf8', this.#at - length, this.#at)
  }

  offset(): bigint | null {
    const state = this.byte()
    let value = 0n
    this.raw(this.offsetSize).forEach((byte, place) => {
      value += BigInt(byte) << BigInt(8 * place)
    })
    return state === 2 ? value : null
  }
}
