// Takes numbers and texts off the bytes of a table of contents, as WriteInt and WriteStr put them there; bytes come in pieces.
import { AppError } from '../../shared/rpc/appError'

/** The bytes so far end inside what was asked for: go back to the mark, append, and ask again. */
export class NeedMore extends Error {}

/** Thrown once for each piece of the file: the way to it costs more than the throw. */
const needMore = new NeedMore()

const digitZero = 48
const internedTexts = 8192
const longestInterned = 64

export class TocCursor {
  intSize = 4
  offsetSize = 8
  #buffer: Buffer = Buffer.alloc(0)
  #at = 0
  #marked = 0
  /** Names that come again and again (kinds, schemas, owners, a table's and its rows' tag), by a hash of their bytes. */
  readonly #interned: (string | undefined)[] = Array.from({ length: internedTexts })

  append(more: Buffer): void {
    this.#buffer = this.#at === this.#buffer.length ? more : Buffer.concat([this.#buffer.subarray(this.#at), more])
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
    const from = this.#take(length)
    return this.#buffer.subarray(from, from + length)
  }

  byte(): number {
    return this.#buffer[this.#take(1)] ?? 0
  }

  /** A sign byte, then intSize bytes, the lowest first. */
  int(): number {
    const from = this.#take(1 + this.intSize)
    const bytes = this.#buffer
    let value = 0
    for (let at = from + this.intSize; at > from; at -= 1) value = value * 256 + (bytes[at] ?? 0)
    return bytes[from] === 0 ? value : -value
  }

  /** null for a missing text, which a length below zero stands for. */
  text(): string | null {
    const length = this.#length()
    if (length < 0) return null
    const from = this.#take(length)
    return this.#buffer.toString('utf8', from, from + length)
  }

  /** As text(), for what is short and often the same. */
  name(): string | null {
    const length = this.#length()
    if (length <= 0) return length < 0 ? null : ''
    const from = this.#take(length)
    const bytes = this.#buffer
    if (length > longestInterned) return bytes.toString('utf8', from, from + length)
    let hash = length
    let high = 0
    for (let at = from; at < from + length; at += 1) {
      const byte = bytes[at] ?? 0
      hash = (Math.imul(hash, 31) + byte) | 0
      high |= byte
    }
    // Beyond ASCII a byte is no character: these are read one by one.
    if (high > 127) return bytes.toString('utf8', from, from + length)
    const slot = (hash ^ (hash >>> 13)) & (internedTexts - 1)
    const known = this.#interned[slot]
    if (known !== undefined && known.length === length && this.#holds(known, from)) return known
    const text = bytes.toString('latin1', from, from + length)
    this.#interned[slot] = text
    return text
  }

  skipText(): void {
    const length = this.#length()
    if (length > 0) this.#take(length)
  }

  /** A text that holds a number; NaN where it holds something else, null for a missing text. */
  numberText(): number | null {
    const length = this.#length()
    if (length < 0) return null
    const from = this.#take(length)
    let value = length === 0 ? Number.NaN : 0
    for (let at = from; at < from + length; at += 1) {
      const digit = (this.#buffer[at] ?? 0) - digitZero
      value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN
    }
    return value
  }

  offset(): bigint | null {
    const state = this.byte()
    const from = this.#take(this.offsetSize)
    if (state !== 2) return null
    let value = 0n
    for (let at = from + this.offsetSize - 1; at >= from; at -= 1) value = (value << 8n) | BigInt(this.#buffer[at] ?? 0)
    return value
  }

  #holds(text: string, from: number): boolean {
    for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== this.#buffer[from + at]) return false
    return true
  }

  #length(): number {
    const length = this.int()
    if (length > 1024 * 1024 * 1024) throw damaged()
    return length
  }

  #take(length: number): number {
    const from = this.#at
    if (from + length > this.#buffer.length) throw needMore
    this.#at = from + length
    return from
  }
}

export function damaged(): AppError {
  return new AppError('bad_input', 'The table of contents of this archive can’t be read: it is damaged.', {
    hint: 'Copy it again from where it was made, or choose another backup.',
  })
}
