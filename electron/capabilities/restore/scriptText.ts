// What the bytes of a script say of its encoding, line by line: lines come as bytes in a string ('latin1'), so that no
// encoding has to be known to find where they end.
import { isAscii, isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { findClientEncoding } from '../../../shared/model/clientEncodings'

export interface ScriptText {
  /** By SET client_encoding or \encoding, the first of them, as written there. */
  declared: string | null
  /** What stands before that. 'other' is not UTF-8. */
  before: 'ascii' | 'utf8' | 'other'
  /** The first line before it that is not UTF-8, as its bytes. */
  foreign: { line: number; bytes: string } | null
  /** The first line that is not UTF-8 although the script says so. */
  broken: { line: number } | null
  /** A line that would be UTF-8, and none that would not, where the script says something else. */
  looksUtf8: { line: number; encoding: string } | null
}

export interface TextReader {
  facts: ScriptText
  /** Before the lines of this chunk: whether they need a closer look. */
  chunk(data: Buffer): void
  line(bytes: string, line: number, whole: boolean): void
  declare(name: string): void
  /** Bytes as text, by the encoding that counts here. */
  decode(bytes: string): string
}

const keptBytes = 2000

export function readScriptText(): TextReader {
  const facts: ScriptText = { declared: null, before: 'ascii', foreign: null, broken: null, looksUtf8: null }
  let encoding: string | null = null
  let decoder: TextDecoder | null = null
  let otherwise = false
  // A line can begin in the chunk before.
  const ascii = [true, true]
  const utf8 = [true, true]
  let carry = Buffer.alloc(0)

  return {
    facts,
    chunk(data) {
      const region = carry.length === 0 ? data : Buffer.concat([carry, data])
      const end = region.length - openTail(region)
      const whole = region.subarray(0, end)
      carry = Buffer.from(region.subarray(end))
      ascii[0] = ascii[1] ?? true
      utf8[0] = utf8[1] ?? true
      ascii[1] = isAscii(region)
      utf8[1] = ascii[1] || isUtf8(whole)
    },
    line(bytes, line, whole) {
      if (ascii[0] && ascii[1]) return
      const says8 = encoding === 'UTF8'
      if (says8 && utf8[0] && utf8[1]) return
      if (otherwise && encoding !== null && !says8) return
      if (!/[\x80-\xff]/.test(bytes)) return
      const valid = isUtf8Line(bytes, whole)
      if (encoding === null) {
        if (!valid) facts.foreign ??= { line, bytes: bytes.slice(0, keptBytes) }
        facts.before = facts.foreign ? 'other' : 'utf8'
      } else if (says8) {
        if (!valid) facts.broken ??= { line }
      } else if (valid) facts.looksUtf8 ??= { line, encoding }
      else {
        otherwise = true
        facts.looksUtf8 = null
      }
    },
    declare(name) {
      facts.declared ??= name
      const known = findClientEncoding(name)
      encoding = known?.name ?? name
      // Bytes that are never converted may be anything.
      if (known?.decoder === '') otherwise = true
      decoder = known && known.decoder !== '' && known.name !== 'UTF8' ? new TextDecoder(known.decoder) : null
    },
    decode(bytes) {
      if (!/[\x80-\xff]/.test(bytes)) return bytes
      const buffer = Buffer.from(bytes, 'latin1')
      return decoder ? decoder.decode(buffer) : buffer.toString('utf8')
    },
  }
}

/** A piece of a line may begin or end within a character. */
function isUtf8Line(bytes: string, whole: boolean): boolean {
  const buffer = Buffer.from(bytes, 'latin1')
  if (whole) return isUtf8(buffer)
  let from = 0
  while (from < 3 && ((buffer[from] ?? 0) & 0xc0) === 0x80) from += 1
  return isUtf8(buffer.subarray(from, buffer.length - openTail(buffer)))
}

/** Bytes at the end that begin a character and do not finish it. */
function openTail(data: Buffer): number {
  for (let back = 1; back <= 3 && back <= data.length; back += 1) {
    const byte = data[data.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0
  }
  return 0
}

/** The line as it would read in this encoding; null where the runtime can't tell. */
export function readAs(bytes: string, name: string): string | null {
  const decoder = findClientEncoding(name)?.decoder
  if (decoder === undefined || decoder === '') return null
  return new TextDecoder(decoder).decode(Buffer.from(bytes, 'latin1'))
}
