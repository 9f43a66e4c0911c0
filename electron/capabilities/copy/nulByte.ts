// NUL bytes in text and CSV files for servers that do not look for them: up to 13 one with a one-byte encoding cuts the value at
// the NUL and says nothing (CopyReadLine checks only what it converts); and a NUL before a closing quote hides that quote.
import type { Buffer } from 'node:buffer'
import { majorOf, type PgVersion } from '../../../shared/model/pgVersion'

export const nulWords = 'there is a NUL byte, which PostgreSQL can’t store in text'
export const nulHint = 'Take the NUL bytes out of the file: tr -d "\\000" < file > new file'

export function missesNul(server: PgVersion): boolean {
  return majorOf(server) < 14
}

/** As servers since 14 say it. */
export function nulReason(encoding: string): string {
  return `invalid byte sequence for encoding "${encoding}": 0x00`
}

export class NulByte extends Error {
  /** Among the bytes that were passed on. */
  readonly offset: number
  constructor(offset: number) {
    super(nulWords)
    this.offset = offset
  }
}

/** Passes the pieces on. Throws NulByte. */
export async function* refuseNul(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let seen = 0
  for await (const piece of pieces) {
    const at = piece.indexOf(0)
    if (at >= 0) throw new NulByte(seen + at)
    seen += piece.length
    yield piece
  }
}
