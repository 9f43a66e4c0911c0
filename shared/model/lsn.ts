// Positions in the WAL: text as PostgreSQL writes it on the wire and on disk, bigint for arithmetic.
import { z } from 'zod'

/** A byte position in the WAL of a cluster. */
export type Lsn = bigint

export const lsnText = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/)

/** Reads `16/B374D848`, in either case. undefined when the text is no position. */
export function parseLsn(text: string): Lsn | undefined {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text)
  return match ? (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`) : undefined
}

/** Throws RangeError for what is not a position: for text that PostgreSQL itself wrote. */
export function toLsn(text: string): Lsn {
  const lsn = parseLsn(text)
  if (lsn === undefined) throw new RangeError(`${JSON.stringify(text)} is not a WAL position`)
  return lsn
}

/** As PostgreSQL prints it: no leading zeros (18 prints the second half with eight digits in some places; both parse). */
export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`
}
