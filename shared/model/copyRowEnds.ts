// Finds where the last row of each piece of a text or CSV file ends, without splitting it: fast enough for every byte of an import.
import type { RecordRules } from './copyRecords'

const lf = 0x0a
const cr = 0x0d
const backslash = 0x5c

export type RowEndRules = Pick<RecordRules, 'format' | 'quote' | 'escape' | 'isLead'>

/**
 * Never takes a row for longer than the server does; of a file that mixes kinds of line ends, which the server refuses, it may
 * take one for shorter.
 */
export class RowEnds {
  readonly #rules: RowEndRules
  #inQuote = false
  #escaped = false
  /** The piece before ended in the first byte of a character of two. */
  #trail = false

  constructor(rules: RowEndRules) {
    this.#rules = rules
  }

  /** Pieces in order. The index behind the last line end that ends a row; -1 when the piece has none. */
  scan(piece: Uint8Array): number {
    const { format, quote, escape, isLead } = this.#rules
    if (isLead) return this.#scanBytes(piece, isLead)
    if (format === 'text') return this.#scanText(piece)
    const bare = !this.#inQuote && !piece.includes(quote)
    // Outside quotes an escape character is a character like any other.
    if (bare) return lastLineEnd(piece, piece.length) + 1 || -1
    return escape === quote ? this.#scanQuotes(piece, quote) : this.#scanBytes(piece, () => false)
  }

  /** A quote before a quote ends the value and begins it again: the parity tells where a line end counts. */
  #scanQuotes(piece: Uint8Array, quote: number): number {
    let inQuote = this.#inQuote
    let end = -1
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at]
      if (byte === quote) inQuote = !inQuote
      else if ((byte === lf || byte === cr) && !inQuote) end = at + 1
    }
    this.#inQuote = inQuote
    return end
  }

  /** From the end backwards: only a line end behind an odd number of backslashes belongs to a value. */
  #scanText(piece: Uint8Array): number {
    const before = this.#escaped
    const odd = (to: number): boolean => {
      let from = to
      while (from > 0 && piece[from - 1] === backslash) from -= 1
      return ((to - from) % 2 === 1) !== (from === 0 && before)
    }
    this.#escaped = odd(piece.length)
    for (let at = lastLineEnd(piece, piece.length); at >= 0; at = lastLineEnd(piece, at)) if (!odd(at)) return at + 1
    return -1
  }

  #scanBytes(piece: Uint8Array, isLead: (byte: number) => boolean): number {
    const { format, quote, escape } = this.#rules
    const csv = format === 'csv'
    let end = -1
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at] ?? 0
      if (this.#trail) {
        this.#trail = false
        continue
      }
      if (isLead(byte)) {
        this.#trail = true
        this.#escaped = false
        continue
      }
      if (csv) {
        if (escape !== quote && this.#inQuote && byte === escape) this.#escaped = !this.#escaped
        if (byte === quote && !this.#escaped) this.#inQuote = !this.#inQuote
        if (escape === quote || byte !== escape) this.#escaped = false
      } else if (this.#escaped) {
        this.#escaped = false
        continue
      } else if (byte === backslash) {
        this.#escaped = true
        continue
      }
      if ((byte === lf || byte === cr) && !this.#inQuote) end = at + 1
    }
    return end
  }
}

/** Carriage returns count where there is no line feed: only then can they be what ends the lines. */
function lastLineEnd(piece: Uint8Array, before: number): number {
  if (before === 0) return -1
  const at = piece.lastIndexOf(lf, before - 1)
  return at >= 0 ? at : piece.lastIndexOf(cr, before - 1)
}
