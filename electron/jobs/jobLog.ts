// A job's log: an append-only file of JSON lines that can be paged and searched from any line, however long it gets.
import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { type LogLevel, type LogLine, logLine } from '../../shared/jobs/job'
import { LineIndex } from './lineIndex'
import { LineReader, newline, scanLines } from './lineReader'

const flushBytes = 64 * 1024
const flushMs = 100
/** `level` is the first key of every line, so that a scan reads it from one byte without parsing. */
const levelAt = '{"level":"'.length
/** One line of text at the most; longer ones are cut, since a page of 2,000 lines has to fit into memory. */
const longestText = 64 * 1024
/** Held in memory while the disk refuses; lines beyond that are lost, and `problem` tells. */
const heldBytes = 4 * 1024 * 1024
const searchLimit = 10_000

export interface LogCounts {
  total: number
  warnings: number
  errors: number
}

export class JobLog {
  readonly #file: string
  #fd: number | null = null
  /** Bytes in the file that are whole lines. */
  #written = 0
  /** Not in the file yet: what a failed write left, then whole lines. */
  #unwritten: Buffer = Buffer.alloc(0)
  #pending: string[] = []
  #pendingBytes = 0
  #timer: NodeJS.Timeout | null = null
  #problem: Error | null = null
  readonly #all = new LineIndex()
  /** Lines of that level or worse. */
  readonly #warning = new LineIndex()
  readonly #error = new LineIndex()

  private constructor(file: string) {
    this.#file = file
  }

  static create(file: string): JobLog {
    const log = new JobLog(file)
    log.#fd = openSync(file, 'ax+', 0o600)
    return log
  }

  /** Reads an existing file once, in pieces, to know where its lines are. A torn last line, from a kill, is left out. */
  static async open(file: string): Promise<JobLog> {
    const log = new JobLog(file)
    if (!existsSync(file)) return log
    await scanLines(file, 0, (offset, line) => log.#index(levelOf(line), offset, line.length + 1))
    return log
  }

  get counts(): LogCounts {
    return { total: this.#all.count, warnings: this.#warning.count - this.#error.count, errors: this.#error.count }
  }

  /** Why the log could not be kept, such as a full disk; null as long as it could. */
  get problem(): Error | null {
    return this.#problem
  }

  /** Returns the line's number. Never throws: a log that can't be written must not end the job, see `problem`. */
  append(level: LogLevel, text: string, at: Date): number {
    const line = this.#all.count
    if (this.#pendingBytes > heldBytes) return Math.max(0, line - 1)
    const cut = text.length > longestText ? `${text.slice(0, longestText)} ...` : text
    const json = `${JSON.stringify({ level, line, at: at.toISOString(), text: cut })}\n`
    const bytes = Buffer.byteLength(json)
    this.#index(level, this.#written + this.#pendingBytes, bytes, true)
    this.#pending.push(json)
    this.#pendingBytes += bytes
    if (this.#pendingBytes >= flushBytes && !this.#problem) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), flushMs)
    return line
  }

  /** Hands what waits to the system, so that it survives the end of this process. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#pendingBytes === 0) return
    const bytes = Buffer.concat([this.#unwritten, Buffer.from(this.#pending.join(''))])
    let done = 0
    try {
      this.#fd ??= this.#openToAppend()
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done)
    } catch (error) {
      this.#problem ??= error instanceof Error ? error : new Error(String(error))
    }
    this.#written += done
    this.#unwritten = Buffer.from(bytes.subarray(done))
    this.#pending = []
    this.#pendingBytes = this.#unwritten.length
  }

  close(): void {
    this.flush()
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
  }

  /** `count` lines from `from`, both counted among the lines of that level or worse. */
  async read(from: number, count: number, level: LogLevel): Promise<{ lines: LogLine[]; total: number }> {
    this.flush()
    const index = this.#indexOf(level)
    const total = index.count
    const end = Math.min(from + count, total)
    const lines: LogLine[] = []
    if (from >= end) return { lines, total }
    const reader = await LineReader.open(this.#file)
    try {
      let at = index.before(from)
      let number = at.line
      reader.seek(at.offset)
      while (number < end) {
        // A kept offset further on saves reading what lies between two rare lines.
        at = index.before(number)
        if (at.line === number) reader.seek(at.offset)
        const line = await reader.next()
        if (line === null) break
        if (!reaches(levelOf(line), level)) continue
        if (number >= from) lines.push(parseLine(line, number))
        number += 1
      }
    } finally {
      await reader.close()
    }
    return { lines, total }
  }

  /** Numbers of the lines that hold `text`, not case-sensitive; the first 10,000, `total` counts all. */
  async search(text: string): Promise<{ lines: number[]; total: number }> {
    this.flush()
    const needle = text.toLowerCase()
    const lines: number[] = []
    let total = 0
    if (this.#all.count === 0) return { lines, total }
    const mayHold = roughSearch(needle)
    const reader = await LineReader.open(this.#file)
    try {
      for (let block = await reader.nextBlock(); block; block = await reader.nextBlock()) {
        if (!mayHold(block)) continue
        for (let from = 0, end = block.indexOf(newline); end >= 0; from = end + 1, end = block.indexOf(newline, from)) {
          const raw = block.subarray(from, end)
          if (!mayHold(raw)) continue
          const found = readLine(raw)
          if (!found?.text.toLowerCase().includes(needle)) continue
          if (total < searchLimit) lines.push(found.line)
          total += 1
        }
      }
    } finally {
      await reader.close()
    }
    return { lines, total }
  }

  #openToAppend(): number {
    const fd = openSync(this.#file, 'a', 0o600)
    // A torn last line would otherwise run into the next one.
    if (fstatSync(fd).size > this.#written) ftruncateSync(fd, this.#written)
    return fd
  }

  #index(level: LogLevel, offset: number, bytes: number, pending = false): void {
    this.#all.add(offset)
    if (level !== 'info') this.#warning.add(offset)
    if (level === 'error') this.#error.add(offset)
    if (!pending) this.#written = offset + bytes
  }

  #indexOf(level: LogLevel): LineIndex {
    return level === 'info' ? this.#all : level === 'warning' ? this.#warning : this.#error
  }
}

function levelOf(line: Buffer): LogLevel {
  const first = line[levelAt]
  return first === 0x65 ? 'error' : first === 0x77 ? 'warning' : 'info'
}

function reaches(level: LogLevel, wanted: LogLevel): boolean {
  return wanted === 'info' || level === 'error' || level === wanted
}

/**
 * Says of bytes of the file, many lines or one, whether they can hold the text: a million lines are too many to parse for
 * each letter typed. Looked for is the longest part of it that is plain ASCII and written in JSON as it is.
 */
function roughSearch(needle: string): (bytes: Buffer) => boolean {
  const [longest] = (needle.match(/[ !#-[\]-~]+/g) ?? []).toSorted((a, b) => b.length - a.length)
  if (longest === undefined) return () => true
  const pattern = new RegExp(longest.replace(/[.*+?^${}()|[\]/-]/g, '\\$&'), 'i')
  return (bytes) => pattern.test(bytes.toString('latin1'))
}

/** null for a damaged line. */
function readLine(bytes: Buffer): LogLine | null {
  try {
    const parsed = logLine.safeParse(JSON.parse(bytes.toString('utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null // not JSON
  }
}

/** A crash of the machine can leave zeroes in a file; the rest of the log is still worth reading. */
function parseLine(bytes: Buffer, number: number): LogLine {
  const damaged = {
    level: 'info' as const,
    line: number,
    at: new Date(0).toISOString(),
    text: '(this line of the log is damaged)',
  }
  return readLine(bytes) ?? damaged
}
