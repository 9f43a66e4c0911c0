// Two sorted streams of rows walked side by side: which keys are missing, which rows differ. Memory does not grow with the rows.
import { Buffer } from 'node:buffer'

const tab = 0x09
const newline = 0x0a
/** COPY's NULL: \N */
const backslash = 0x5c

/** Rows of COPY's text format whose first fields are the key, in hex, and the next one is the row's hash. */
export class KeyedRows {
  readonly #pieces: AsyncIterator<Buffer, void, undefined>
  readonly #keyFields: number
  #buffer: Buffer = Buffer.alloc(0)
  #next = 0
  #ended = false
  /** Of the current row, in `buffer`. */
  start = 0
  keyEnd = 0
  hashEnd = 0
  /** Behind the line end. */
  end = 0
  rows = 0

  constructor(pieces: AsyncIterable<Buffer>, keyFields: number) {
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#keyFields = keyFields
  }

  get buffer(): Buffer {
    return this.#buffer
  }

  /** Moves on to the next row; undefined when more bytes are needed first, false at the end. */
  step(): boolean | undefined {
    const buffer = this.#buffer
    const end = buffer.indexOf(newline, this.#next)
    if (end < 0) return this.#ended ? false : undefined
    let at = this.#next
    this.start = at
    for (let field = 0; field < this.#keyFields; field += 1) {
      this.keyEnd = buffer.indexOf(tab, at)
      at = this.keyEnd + 1
    }
    // The hash may be the last field.
    const afterHash = buffer.indexOf(tab, at)
    this.hashEnd = afterHash < 0 || afterHash > end ? end : afterHash
    this.end = end + 1
    this.#next = end + 1
    this.rows += 1
    return true
  }

  async fill(): Promise<void> {
    const piece = await this.#pieces.next()
    if (piece.done === true) {
      this.#ended = true
      return
    }
    this.#buffer =
      this.#next === this.#buffer.length ? piece.value : Buffer.concat([this.#buffer.subarray(this.#next), piece.value])
    this.#next = 0
  }

  async advance(): Promise<boolean> {
    for (;;) {
      const moved = this.step()
      if (moved !== undefined) return moved
      await this.fill()
    }
  }

  /** A part of the key is NULL. */
  get isUnkeyed(): boolean {
    return this.#buffer.subarray(this.start, this.keyEnd).includes(backslash)
  }

  key(): Buffer {
    return this.#buffer.subarray(this.start, this.keyEnd)
  }

  /** The hash and all that follows, with the line end. */
  rest(): Buffer {
    return this.#buffer.subarray(this.keyEnd + 1, this.end)
  }
}

/** Hex digits sort as their bytes do, and a tab before them: a shorter first field comes first on both sides. */
function compareKeys(a: KeyedRows, b: KeyedRows): number {
  return a.buffer.compare(b.buffer, b.start, b.keyEnd, a.start, a.keyEnd)
}

function sameHash(a: KeyedRows, b: KeyedRows): boolean {
  return a.buffer.compare(b.buffer, b.keyEnd, b.hashEnd, a.keyEnd, a.hashEnd) === 0
}

/** "(42)", "(7, north)" */
export function showKey(key: Buffer): string {
  const parts = key
    .toString('latin1')
    .split('\t')
    .map((hex) => Buffer.from(hex, 'hex').toString('utf8'))
  return `(${parts.join(', ')})`
}

export interface MergeCounts {
  recovered: number
  live: number
  missing: number
  same: number
  different: number
  onlyLive: number
  unkeyed: number
  /** The first keys of rows that differ. */
  differing: string[]
}

const shownKeys = 20
const batchBytes = 64 * 1024

export function emptyCounts(): MergeCounts {
  return { recovered: 0, live: 0, missing: 0, same: 0, different: 0, onlyLive: 0, unkeyed: 0, differing: [] }
}

/** Yields what follows the key of each missing row, in batches; `counts` is right once it has ended. */
export async function* mergeRows(
  source: KeyedRows,
  live: KeyedRows,
  counts: MergeCounts,
): AsyncGenerator<Buffer[], void, undefined> {
  let last: Buffer | null = null
  let batch: Buffer[] = []
  let bytes = 0
  let more = await live.advance()
  for (;;) {
    const moved = source.step()
    if (moved === false) break
    if (moved === undefined) {
      await source.fill()
      continue
    }
    counts.recovered += 1
    if (source.isUnkeyed || (last !== null && source.key().equals(last))) {
      counts.unkeyed += 1
      continue
    }
    last = source.key()
    let order = 1
    while (more) {
      order = compareKeys(source, live)
      if (order <= 0) break
      counts.onlyLive += 1
      more = live.step() ?? (await live.advance())
    }
    if (!more || order !== 0) {
      counts.missing += 1
      const row = source.rest()
      batch.push(row)
      bytes += row.length
      if (bytes >= batchBytes) {
        yield batch
        batch = []
        bytes = 0
      }
      continue
    }
    if (sameHash(source, live)) counts.same += 1
    else {
      counts.different += 1
      if (counts.differing.length < shownKeys) counts.differing.push(showKey(source.key()))
    }
    more = live.step() ?? (await live.advance())
  }
  while (more) {
    counts.onlyLive += 1
    more = live.step() ?? (await live.advance())
  }
  counts.live = live.rows
  if (batch.length > 0) yield batch
}
