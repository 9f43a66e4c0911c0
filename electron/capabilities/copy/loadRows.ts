// Loads a file's rows piece by piece in one transaction and finds the rows that the table does not take.
import { Buffer } from 'node:buffer'
import { type Client, DatabaseError } from 'pg'
import { AppError } from '../../../shared/rpc/appError'
import { copyIn } from '../../postgres/copyStream'
import { readContext } from './copyError'
import type { Reject } from './rejectFile'
import type { SentRow } from './rowSource'

export interface LoadOptions {
  client: Client
  /** COPY ... FROM STDIN without HEADER. */
  sql: string
  csv: boolean
  /** The table's name without its schema, as the server's context names it. */
  table: string
  /** The SQL has ON_ERROR ignore, LOG_VERBOSITY verbose (17), and the server speaks English. */
  native: boolean
  /** Bad rows are taken out; else the first one ends the load. */
  skip: boolean
  onRejects(rejects: Reject[]): Promise<void>
  signal: AbortSignal
}

export interface Loader {
  /** In the file's order. Resolves when all rows of the batch are in, or are told as rejects. */
  load(batch: readonly SentRow[]): Promise<void>
  readonly loaded: number
}

/** Thrown for the first bad row when none may be left out. */
export class BadRow extends Error {
  readonly reject: Reject
  override readonly cause: unknown
  constructor(reject: Reject, cause: unknown) {
    super(reject.reason)
    this.reject = reject
    this.cause = cause
  }
}

const largest = 10_000
const smallest = 16

export function startLoader(options: LoadOptions): Loader {
  const { client, skip, onRejects, signal } = options
  let loaded = 0
  let size = largest

  const reject = async (row: SentRow, reason: string, place: { column: string; value: string | null }, cause?: unknown) => {
    const { bytes, line, offset } = row.record
    const one: Reject = { bytes, line, offset, column: place.column, value: place.value, reason }
    if (!skip) throw new BadRow(one, cause)
    await onRejects([one])
  }

  /** True when the rows are in. Otherwise nothing of them is, and `bad` says at which row it stopped, -1 when unknown. */
  const attempt = async (rows: readonly SentRow[]): Promise<{ error: DatabaseError; bad: number } | undefined> => {
    if (skip) await client.query('SAVEPOINT walkback_rows')
    const notices: NoticeText[] = []
    const listen = (notice: NoticeText) => void notices.push(notice)
    client.on('notice', listen)
    try {
      const count = await copyIn(client, options.sql, once(joinRows(rows)), signal)
      loaded += count
      if (skip) await client.query('RELEASE SAVEPOINT walkback_rows')
    } catch (error) {
      if (!(error instanceof DatabaseError) || !isRowError(error)) throw error
      if (skip) await client.query('ROLLBACK TO SAVEPOINT walkback_rows; RELEASE SAVEPOINT walkback_rows')
      const place = readContext(error.where, options.table)
      const bad = place ? rowAt(rows, place.line, options.csv) : rows.length === 1 ? 0 : -1
      if (!skip && bad < 0) throw error
      return { error, bad }
    } finally {
      client.off('notice', listen)
    }
    if (options.native) await onRejects(skippedRows(rows, notices, options.csv))
    return undefined
  }

  const loadRun = async (run: readonly SentRow[]): Promise<void> => {
    const stack: (readonly SentRow[])[] = [run]
    for (let rows = stack.pop(); rows; rows = stack.pop()) {
      signal.throwIfAborted()
      if (rows.length > size) {
        stack.push(rows.slice(size), rows.slice(0, size))
        continue
      }
      const failed = await attempt(rows)
      if (!failed) {
        size = Math.min(largest, size * 2)
        continue
      }
      const bad = rows[failed.bad]
      if (bad && (failed.bad === 0 || !skip || rows.length === 1)) {
        await rejectByServer(bad, failed.error)
        if (rows.length > 1) stack.push(rows.slice(1))
      } else {
        // What is before the bad row goes in by itself; without a line the halves tell.
        const cut = bad ? failed.bad : Math.ceil(rows.length / 2)
        stack.push(rows.slice(cut), rows.slice(0, cut))
      }
      size = Math.max(smallest, Math.floor(size / 4))
    }
  }

  const rejectByServer = (row: SentRow, error: DatabaseError) => {
    const place = readContext(error.where, options.table)
    const reason = [error.message, error.detail].filter(Boolean).join(': ')
    return reject(row, reason, { column: place?.column ?? '', value: place?.column ? place.value : null }, error)
  }

  return {
    get loaded() {
      return loaded
    },
    load: async (batch) => {
      let run: SentRow[] = []
      for (const row of batch) {
        if (row.bytes) {
          run.push(row)
          continue
        }
        if (run.length > 0) await loadRun(run)
        run = []
        await reject(row, row.reason, { column: '', value: null })
      }
      if (run.length > 0) await loadRun(run)
    },
  }
}

interface NoticeText {
  message?: string | undefined
}

/**
 * What a row can be blamed for: its data (22), constraints (23, 44), limits such as an index entry's size (54), and what a
 * trigger or function raises (P0). Anything else concerns the whole import.
 */
function isRowError(error: DatabaseError): boolean {
  return /^(22|23|44|54|P0)/.test(error.code ?? '')
}

function joinRows(rows: readonly SentRow[]): Buffer {
  const newline = Uint8Array.of(0x0a)
  return Buffer.concat(rows.flatMap(({ bytes }) => (bytes ? [bytes, newline] : [])))
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield bytes
}

/** The server counts rows, and in CSV the line ends inside quotes: carriage returns as long as it has not seen a line end. */
function serverLines(rows: readonly SentRow[], csv: boolean): number[] {
  let line = 0
  return rows.map(({ bytes }, index) => {
    line += 1
    if (csv && bytes) for (const byte of bytes) if (byte === (index === 0 ? 0x0d : 0x0a)) line += 1
    return line
  })
}

function rowAt(rows: readonly SentRow[], line: number, csv: boolean): number {
  return serverLines(rows, csv).findIndex((last) => last >= line)
}

/** The rows that ON_ERROR ignore has left out, one notice each; the server's own count must be the same. */
function skippedRows(rows: readonly SentRow[], notices: readonly NoticeText[], csv: boolean): Reject[] {
  const lines = serverLines(rows, csv)
  const rejects: Reject[] = []
  let told = 0
  for (const { message = '' } of notices) {
    const sum = /^(\d+) rows? (?:was|were) skipped/.exec(message)
    if (sum) told = Number(sum[1])
    const one = /^skipping row due to data type incompatibility at line (\d+) for column "(.*?)": (?:"(.*)"|null input)$/s.exec(
      message,
    )
    if (!one) continue
    const row = rows[lines.findIndex((last) => last >= Number(one[1]))]
    if (!row) continue
    const value = one[3] ?? null
    rejects.push({
      bytes: row.record.bytes,
      line: row.record.line,
      offset: row.record.offset,
      column: one[2] ?? '',
      value,
      reason: value === null ? 'NULL does not fit the column’s type' : 'the value does not fit the column’s type',
    })
  }
  if (rejects.length === told) return rejects
  throw new AppError('internal', `The server left out ${told} rows and named ${rejects.length} of them.`, {
    hint: 'Nothing was imported. Import without keeping bad rows out to see the first error.',
  })
}
