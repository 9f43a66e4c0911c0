// Reads what pg_waldump prints of relations: rows touched, files made and removed, exclusive locks, and how transactions ended.
import { decimalIn, readPlace, type TimeReader, timeReader } from './waldumpOutput'

/** A relation's file as block references name it: tablespace/database/number, all OIDs. `1663/5/16384`. */
export type FileKey = string

/** Of a position both halves as numbers: together they may be too large for one. */
export interface Place {
  hi: number
  lo: number
}

export interface RowsRecord extends Place {
  kind: 'rows'
  xid: number
  file: FileKey
  /**
   * moved: an UPDATE took the row into another partition, where it is an insert. withdrawn: an INSERT ... ON CONFLICT took its
   * own row back.
   */
  op: 'delete' | 'insert' | 'update' | 'moved' | 'withdrawn'
  rows: number
}

/** The end of a transaction, or the abort of a subtransaction. */
export interface EndRecord extends Place {
  kind: 'end'
  committed: boolean
  /** Of the top transaction, also of a prepared one. */
  xid: number
  time: number
  subxacts: readonly number[]
  /** Main forks that the end removed, in the order of the record: the last one removed comes first. */
  removed: readonly FileKey[]
  /** Relations whose cache entries it invalidates, by OID. */
  relations: readonly number[]
  /** Relations whose statistics it drops, since they are gone [15]; null where none are told. */
  gone: readonly number[] | null
}

export type RelationRecord =
  | RowsRecord
  | EndRecord
  | (Place & { kind: 'created'; xid: number; file: FileKey })
  | (Place & { kind: 'locks'; locks: { xid: number; database: number; relation: number }[] })
  /** A database's folder removed, or made: a move to another tablespace does both. */
  | (Place & { kind: 'database'; xid: number; database: number; made: boolean })

export interface RecordReaderOptions {
  on(record: RelationRecord): void
  /** Rows of other files are not told. */
  files?: { has(file: FileKey): boolean }
  /** An end that has neither subtransactions nor files is told of these transactions alone: there are millions. */
  wanted?: (xid: number) => boolean
}

const nothing: readonly never[] = []
const letters = { D: 0x44, H: 0x48, S: 0x53, T: 0x54 } as const

/** Text in latin1, cut anywhere. pg_waldump has to run with TZ=UTC. */
export function readRelationRecords({ on, files, wanted }: RecordReaderOptions): { push(text: string): void; end(): void } {
  const toTime = timeReader()
  let rest = ''
  const line = (text: string, from: number, end: number) => {
    if (!text.startsWith('rmgr: ', from)) return
    const letter = text.charCodeAt(from + 6)
    if (letter === letters.H) {
      const record = readRows(text, from, end, files)
      if (record) on(record)
    } else if (letter === letters.T) {
      const record = readEnd(text, from, end, toTime, wanted)
      if (record) on(record)
    } else if (letter === letters.S || letter === letters.D) {
      const record = readOther(text.slice(from, end))
      if (record) on(record)
    }
  }
  return {
    push(chunk) {
      const text = rest === '' ? chunk : rest + chunk
      let from = 0
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
        line(text, from, end)
        from = end + 1
      }
      rest = text.slice(from)
    },
    end() {
      if (rest !== '') line(rest, 0, rest.length)
      rest = ''
    },
  }
}

const block = 'blkref #0: rel '

/** Row records name their table in the first block reference: of an UPDATE over two pages the new one, which is of the same table. */
function readRows(text: string, from: number, end: number, files: RecordReaderOptions['files']): RowsRecord | undefined {
  const at = text.indexOf(block, from)
  if (at === -1 || at >= end) return undefined
  const file = text.slice(at + block.length, text.indexOf(' ', at + block.length))
  if (files && !files.has(file)) return undefined
  const what = text.slice(text.indexOf(', desc: ', from) + 8, at)
  const op = rowOp(what)
  const place = op && readPlace(text.slice(from, end))
  if (!op || !place) return undefined
  const rows = op === 'insert' && what.startsWith('MULTI_INSERT') ? multiRows(what) : 1
  return { kind: 'rows', hi: place.hi, lo: place.lo, xid: place.xid, file, op, rows }
}

/** XLH_DELETE_IS_SUPER and XLH_DELETE_IS_PARTITION_MOVE of heapam_xlog.h. */
const withdrawn = 0x08
const moved = 0x10

function rowOp(what: string): RowsRecord['op'] | undefined {
  const name = /^[A-Z_]+/.exec(what)?.[0]
  if (name === 'INSERT' || name === 'MULTI_INSERT') return 'insert'
  if (name === 'UPDATE' || name === 'HOT_UPDATE') return 'update'
  if (name !== 'DELETE') return undefined
  const flags = Number.parseInt(/\bflags:? 0x([0-9A-Fa-f]+)/.exec(what)?.[1] ?? '0', 16)
  return (flags & withdrawn) !== 0 ? 'withdrawn' : (flags & moved) !== 0 ? 'moved' : 'delete'
}

/** `MULTI_INSERT+INIT 128 tuples flags 0x02` up to 15, `MULTI_INSERT+INIT ntuples: 128, flags: 0x02` since. */
function multiRows(what: string): number {
  return Number(/^\S+ (?:ntuples: )?(\d+)/.exec(what)?.[1] ?? 0)
}

function readEnd(
  text: string,
  from: number,
  end: number,
  toTime: TimeReader,
  wanted: RecordReaderOptions['wanted'],
): EndRecord | undefined {
  const desc = text.indexOf(', desc: ', from) + 8
  if (desc < from + 8 || desc > end) return undefined
  const committed = text.startsWith('COMMIT', desc)
  if (!committed && !text.startsWith('ABORT', desc)) return undefined
  const prepared = text.startsWith('_PREPARED ', desc + (committed ? 6 : 5))
  const tx = text.indexOf(', tx: ', from) + 6
  let xid = decimalIn(text, tx, text.indexOf(',', tx))
  let time = desc + (committed ? 7 : 6)
  if (prepared) {
    const begins = time + 9
    const colon = text.indexOf(':', begins)
    xid = decimalIn(text, begins, colon)
    time = colon + 2
  }
  // `2026-11-22 06:24:22.348123 UTC`, then what else the record carries.
  const more = time + 30
  const plain = more >= end || (wanted !== undefined && !carries(text, more, end))
  if (plain && wanted !== undefined && !wanted(xid)) return undefined
  const place = readPlace(text.slice(from, Math.min(end, desc)))
  if (!place) return undefined
  const parts = more >= end ? '' : text.slice(more, end)
  return {
    ...{ kind: 'end', hi: place.hi, lo: place.lo, committed, xid, time: toTime(text, time) },
    subxacts: numbersAfter(parts, '; subxacts:'),
    removed: wordsAfter(parts, '; rels:').flatMap((path) => fileOfPath(path) ?? []),
    relations: relationsIn(parts),
    gone: parts.includes('; dropped stats:') ? goneIn(parts) : null,
  }
}

/** Files or subtransactions, and not only messages to caches. */
function carries(text: string, from: number, end: number): boolean {
  for (const word of ['; subxacts:', '; rels:']) {
    const at = text.indexOf(word, from)
    if (at !== -1 && at < end) return true
  }
  return false
}

function wordsAfter(parts: string, head: string): readonly string[] {
  const at = parts.indexOf(head)
  if (at === -1) return nothing
  const from = at + head.length
  const end = parts.indexOf(';', from)
  return parts.slice(from, end === -1 ? parts.length : end).match(/\S+/g) ?? nothing
}

function numbersAfter(parts: string, head: string): readonly number[] {
  const words = wordsAfter(parts, head)
  return words.length === 0 ? nothing : words.map(Number)
}

/** `; inval msgs: catcache 55 catcache 54 relcache 16384 snapshot 2608` */
function relationsIn(parts: string): readonly number[] {
  const at = parts.indexOf('; inval msgs:')
  if (at === -1) return nothing
  return [...parts.slice(at).matchAll(/ relcache (\d+)/g)].map((match) => Number(match[1]))
}

/** PGSTAT_KIND_RELATION. */
const relationStats = '2'

/** `; dropped stats: 2/5/16384 1/16489/0`: kind, database, object. */
function goneIn(parts: string): readonly number[] {
  return wordsAfter(parts, '; dropped stats:').flatMap((word) => {
    const [kind, , object] = word.split('/')
    return kind === relationStats ? [Number(object)] : []
  })
}

function readOther(text: string): RelationRecord | undefined {
  const desc = text.indexOf(', desc: ') + 8
  if (desc < 8) return undefined
  const place = readPlace(text)
  if (!place) return undefined
  const { hi, lo, xid } = place
  if (text.startsWith('Storage', 6)) {
    if (!text.startsWith('CREATE ', desc)) return undefined
    const file = fileOfPath(text.slice(desc + 7).trim())
    return file === undefined ? undefined : { kind: 'created', hi, lo, xid, file }
  }
  if (text.startsWith('Standby', 6)) {
    if (!text.startsWith('LOCK', desc)) return undefined
    const found = text.slice(desc).matchAll(/ xid (\d+) db (\d+) rel (\d+)/g)
    const locks = [...found].map(([, holder, database, relation]) => ({
      ...{ xid: Number(holder), database: Number(database), relation: Number(relation) },
    }))
    return { kind: 'locks', hi, lo, locks }
  }
  if (!text.startsWith('Database', 6)) return undefined
  // `DROP dir 1663/16384`, `CREATE copy dir 1663/1 to 1663/16384`, since 15 also `CREATE_WAL_LOG create dir 1663/16384`.
  const made = text.startsWith('CREATE', desc)
  if (!made && !text.startsWith('DROP ', desc)) return undefined
  const found = [...text.slice(desc).matchAll(/\b\d+\/(\d+)/g)].map((match) => Number(match[1]))
  const database = made ? found.at(-1) : found[0]
  return database === undefined ? undefined : { kind: 'database', hi, lo, xid, database, made }
}

/** DEFAULTTABLESPACE_OID and GLOBALTABLESPACE_OID: what `base/` and `global/` stand for. */
const defaultTablespace = 1663
const globalTablespace = 1664

/** undefined for other forks (`_vm`, `_fsm`, `_init`) and for what is no relation's path. */
export function fileOfPath(path: string): FileKey | undefined {
  const base = /^base\/(\d+)\/(\d+)$/.exec(path)
  if (base) return `${defaultTablespace}/${base[1]}/${base[2]}`
  const global = /^global\/(\d+)$/.exec(path)
  if (global) return `${globalTablespace}/0/${global[1]}`
  const elsewhere = /^pg_tblspc\/(\d+)\/[^/]+\/(\d+)\/(\d+)$/.exec(path)
  return elsewhere ? `${elsewhere[1]}/${elsewhere[2]}/${elsewhere[3]}` : undefined
}

export interface FileParts {
  tablespace: number
  database: number
  number: number
}

export function partsOfFile(file: FileKey): FileParts {
  const [tablespace = 0, database = 0, number = 0] = file.split('/').map(Number)
  return { tablespace, database, number }
}

/** As a path below the data directory; the folder of a version in a tablespace is left out. */
export function pathOfFile(file: FileKey): string {
  const { tablespace, database, number } = partsOfFile(file)
  if (tablespace === defaultTablespace) return `base/${database}/${number}`
  if (tablespace === globalTablespace) return `global/${number}`
  return `pg_tblspc/${tablespace}/${database}/${number}`
}
