// Finds the rows in a stream of COPY's text or CSV bytes by the server's rules (CopyReadLineText), without holding more than one.
import { splitCsvRow } from './copyCsv'
import { type CopyField, CopyFormatError, type CopyRules, splitTextRow } from './copyText'

export interface CopyRecord {
  /** Without the line end. */
  bytes: Uint8Array
  /** Of its first and last line, from 1, as a text editor counts them. */
  line: number
  lastLine: number
  /** As the server counts in its messages: by rows in text; in CSV with the line ends inside quotes that it takes for such. */
  serverLine: number
  /** Of its first byte in the stream. */
  offset: number
  /** '' or what makes it no row at all: the server would stop here. */
  problem: string
}

export type LineEnd = 'LF' | 'CRLF' | 'CR'

export interface RecordRules extends CopyRules {
  /** First bytes of characters whose second byte can look like ASCII (SJIS, BIG5, GBK, UHC, GB18030, JOHAB). */
  isLead?: (byte: number) => boolean
  /** A line with \. alone ends CSV data up to server 17; in text format always. */
  endMark: boolean
  /** Up to server 17 a \. at the end of a row in text format ends the data behind that row; 18 refuses it. */
  endMarkInRow: boolean
  /** Rows longer than this are refused. */
  longest: number
}

const lf = 0x0a
const cr = 0x0d
const backslash = 0x5c
const dot = 0x2e
const notAlone = 'the mark that ends the data (\\.) is not alone in its line'

export function splitRow(row: Uint8Array, rules: CopyRules): CopyField[] {
  return rules.format === 'csv' ? splitCsvRow(row, rules) : splitTextRow(row, rules)
}

/** Push pieces, then end. Throws CopyFormatError for a row longer than `longest`. */
export class RecordSplitter {
  readonly #rules: RecordRules
  #lineEnd: LineEnd | undefined
  /** What is not split yet: the part of `#store` up to `#buffer`'s end. */
  #buffer: Uint8Array = new Uint8Array(0)
  /** Of its own and with room to grow, so that a long row is not copied again for each piece. */
  #store: Uint8Array | undefined
  /** Where the scan goes on in the buffer. */
  #scanned = 0
  #offset = 0
  #line = 1
  #lineBreaks = 0
  #serverLine = 1
  #serverBreaks = 0
  #inQuote = false
  #escaped = false
  /** The line ends that a value must not hold were seen outside quotes. */
  #strayEnd = ''
  #ended = false

  constructor(rules: RecordRules) {
    this.#rules = rules
  }

  /** What the first line ends with decides for the whole stream, as in the server. */
  get lineEnd(): LineEnd | undefined {
    return this.#lineEnd
  }

  /** A \. has ended the data: what follows is not read, as the server does not. */
  get ended(): boolean {
    return this.#ended
  }

  push(chunk: Uint8Array): CopyRecord[] {
    if (this.#ended) return []
    this.#append(chunk)
    return this.#scan(false)
  }

  #append(chunk: Uint8Array): void {
    const left = this.#buffer
    if (left.length === 0) {
      this.#buffer = chunk
      this.#store = undefined
      return
    }
    const needed = left.length + chunk.length
    const from = left.byteOffset - (this.#store?.byteOffset ?? 0)
    if (!this.#store || from + needed > this.#store.length) {
      this.#store = new Uint8Array(needed * 2)
      this.#store.set(left)
      this.#store.set(chunk, left.length)
      this.#buffer = this.#store.subarray(0, needed)
      return
    }
    this.#store.set(chunk, from + left.length)
    this.#buffer = this.#store.subarray(from, from + needed)
  }

  end(): CopyRecord[] {
    if (this.#ended) return []
    const records = this.#scan(true)
    if (!this.#ended && this.#buffer.length > 0) {
      const problem = this.#inQuote ? 'a quote is opened and never closed' : this.#strayEnd
      const last = this.#take(this.#buffer, 0, this.#buffer.length, 0, problem)
      if (last) records.push(last)
    }
    this.#buffer = new Uint8Array(0)
    return records
  }

  #scan(last: boolean): CopyRecord[] {
    const records: CopyRecord[] = []
    const buffer = this.#buffer
    const { format, quote, escape, isLead, longest } = this.#rules
    const csv = format === 'csv'
    // As in the server: an escape that is the quote itself needs no care, the quote toggles.
    const escapes = csv && escape !== quote
    let start = 0
    let at = this.#scanned
    while (at < buffer.length) {
      const byte = buffer[at] ?? 0
      if (isLead?.(byte)) {
        if (at + 1 >= buffer.length && !last) break
        at += 2
        this.#escaped = false
        continue
      }
      if (csv) {
        if (escapes && this.#inQuote && byte === escape) this.#escaped = !this.#escaped
        if (byte === quote && !this.#escaped) this.#inQuote = !this.#inQuote
        if (!escapes || byte !== escape) this.#escaped = false
      } else if (byte === backslash) {
        if (at + 1 >= buffer.length && !last) break
        if (buffer[at + 1] === lf) this.#lineBreaks += 1
        if (buffer[at + 1] === dot) {
          const mark = this.#markAt(buffer, at, last)
          if (mark === undefined) break
          if (mark === 'ends') {
            const record = at > start ? this.#take(buffer, start, at, 0, this.#strayEnd) : undefined
            if (record) records.push(record)
            this.#ended = true
            this.#buffer = new Uint8Array(0)
            return records
          }
          if (mark === 'wrong') this.#strayEnd ||= notAlone
        }
        at += 2
        continue
      }
      if (byte !== lf && byte !== cr) {
        at += 1
        continue
      }
      if (this.#inQuote) {
        if (byte === lf || (byte === cr && this.#lineEnd === 'CR')) this.#lineBreaks += 1
        if (byte === (this.#lineEnd === 'LF' ? lf : cr)) this.#serverBreaks += 1
        at += 1
        continue
      }
      // What follows a carriage return decides what it is.
      if (byte === cr && at + 1 >= buffer.length && !last) break
      const end = this.#endAt(byte, buffer[at + 1])
      if (end === 0) {
        this.#strayEnd ||=
          byte === lf ? 'a line feed stands where lines end otherwise' : 'a carriage return stands where lines end otherwise'
        if (byte === lf) this.#lineBreaks += 1
        at += 1
        continue
      }
      const record = this.#take(buffer, start, at, end, this.#strayEnd)
      at += end
      start = at
      if (!record) {
        this.#buffer = new Uint8Array(0)
        return records
      }
      records.push(record)
    }
    this.#buffer = start === 0 ? buffer : buffer.subarray(start)
    this.#scanned = Math.max(0, Math.min(at, buffer.length + (last ? 1 : 0)) - start)
    if (this.#buffer.length > longest) {
      throw new CopyFormatError(
        `the row that begins in line ${this.#line} (byte ${this.#offset}) is longer than ${Math.floor(longest / 1048576)} MB`,
      )
    }
    return records
  }

  /** What \. means in text format. undefined: what follows decides, and is not there yet. */
  #markAt(buffer: Uint8Array, at: number, last: boolean): 'ends' | 'wrong' | undefined {
    const after = buffer[at + 2]
    if (after === undefined) return last ? 'wrong' : undefined
    if (after === cr && this.#lineEnd !== 'CR' && buffer[at + 3] === undefined && !last) return undefined
    if (!this.#rules.endMarkInRow) return 'wrong'
    const ends =
      this.#lineEnd === undefined
        ? after === lf || after === cr
        : this.#lineEnd === 'CRLF'
          ? after === cr && buffer[at + 3] === lf
          : after === (this.#lineEnd === 'LF' ? lf : cr)
    return ends ? 'ends' : 'wrong'
  }

  /** How many bytes end the line here; 0 when these do not. */
  #endAt(byte: number, next: number | undefined): number {
    this.#lineEnd ??= byte === lf ? 'LF' : next === lf ? 'CRLF' : 'CR'
    if (this.#lineEnd === 'LF') return byte === lf ? 1 : 0
    if (this.#lineEnd === 'CR') return byte === cr ? 1 : 0
    return byte === cr && next === lf ? 2 : 0
  }

  /** undefined when the row is the mark that ends the data. */
  #take(buffer: Uint8Array, from: number, to: number, lineEnd: number, problem: string): CopyRecord | undefined {
    const bytes = buffer.slice(from, to)
    const { endMark } = this.#rules
    if (endMark && lineEnd > 0 && bytes.length === 2 && bytes[0] === backslash && bytes[1] === dot) {
      this.#ended = true
      return undefined
    }
    const record: CopyRecord = {
      bytes,
      line: this.#line,
      lastLine: this.#line + this.#lineBreaks,
      serverLine: this.#serverLine + this.#serverBreaks,
      offset: this.#offset,
      problem,
    }
    this.#line = record.lastLine + 1
    this.#serverLine = record.serverLine + 1
    this.#serverBreaks = 0
    this.#offset += to - from + lineEnd
    this.#lineBreaks = 0
    this.#inQuote = false
    this.#escaped = false
    this.#strayEnd = ''
    return record
  }
}
