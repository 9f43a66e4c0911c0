// Splits one row of COPY's text format into values, as the server does (CopyReadAttributesText).

/** A value's bytes in the row as they stand, and its content; null is NULL. */
export interface CopyField {
  from: number
  to: number
  value: Uint8Array | null
}

export interface CopyRules {
  format: 'text' | 'csv'
  /** One byte each. */
  delimiter: number
  quote: number
  escape: number
  /** Bytes that stand for NULL. */
  null: Uint8Array
}

export class CopyFormatError extends Error {}

const backslash = 0x5c
const simple: Readonly<Record<number, number>> = { 0x62: 8, 0x66: 12, 0x6e: 10, 0x72: 13, 0x74: 9, 0x76: 11 }

/** `row` is without its line end. NULL is told by the bytes as they stand, before any backslash is read. */
export function splitTextRow(row: Uint8Array, rules: CopyRules): CopyField[] {
  const fields: CopyField[] = []
  const out = new Uint8Array(row.length)
  let at = 0
  for (;;) {
    const from = at
    let length = 0
    let found = false
    let to = row.length
    while (at < row.length) {
      let byte = row[at] ?? 0
      at += 1
      if (byte === rules.delimiter) {
        to = at - 1
        found = true
        break
      }
      if (byte === backslash) {
        // A backslash at the very end stands for nothing, and is no part of what is compared with NULL.
        if (at >= row.length) {
          to = at - 1
          break
        }
        ;[byte, at] = readEscape(row, at)
      }
      out[length] = byte
      length += 1
    }
    fields.push({ from, to, value: sameBytes(row, from, to, rules.null) ? null : out.slice(0, length) })
    if (!found) return fields
  }
}

/** `at` is behind the backslash; returns the byte it stands for and where reading goes on. */
function readEscape(row: Uint8Array, at: number): [number, number] {
  const byte = row[at] ?? 0
  const next = at + 1
  if (isOctal(byte)) {
    let value = byte - 0x30
    let end = next
    while (end < row.length && end < at + 3 && isOctal(row[end] ?? 0)) {
      value = value * 8 + (row[end] ?? 0) - 0x30
      end += 1
    }
    return [value & 0xff, end]
  }
  if (byte === 0x78) {
    let value = 0
    let end = next
    while (end < row.length && end < at + 3 && hexOf(row[end] ?? 0) >= 0) {
      value = value * 16 + hexOf(row[end] ?? 0)
      end += 1
    }
    return end === next ? [byte, next] : [value, end]
  }
  return [simple[byte] ?? byte, next]
}

function isOctal(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x37
}

function hexOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

export function sameBytes(row: Uint8Array, from: number, to: number, bytes: Uint8Array): boolean {
  if (to - from !== bytes.length) return false
  for (let i = 0; i < bytes.length; i += 1) if (row[from + i] !== bytes[i]) return false
  return true
}
