// Refuses a row that no server takes before it is sent: it would fill the server's memory first, and fail after a gigabyte.
import type { Buffer } from 'node:buffer'
import path from 'node:path'
import type { RecordRules } from '../../../shared/model/copyRecords'
import { RowEnds } from '../../../shared/model/copyRowEnds'
import { AppError } from '../../../shared/rpc/appError'
import { openInput } from './clientInput'

/** The server holds a row in one string, which with its end takes no more than 1 GB less one byte (MaxAllocSize). */
export const mostRowBytes = 1024 * 1024 * 1024 - 2
/** What grows beyond this is looked at in the file before more of it is sent. */
const closeLook = 64 * 1024 * 1024

export interface RowGuard {
  file: string
  rules: RecordRules
  /** Of the file's beginning that is not among the pieces: a byte order mark. */
  skipped(): number
}

/** Passes the pieces on. Throws AppError bad_input for the first row that is too long, when little of it is sent. */
export async function* guardRows(pieces: AsyncIterable<Buffer>, guard: RowGuard): AsyncGenerator<Buffer, void, undefined> {
  const ends = new RowEnds(guard.rules)
  let seen = 0
  let rowStart = 0
  let knownEnd = 0
  for await (const piece of pieces) {
    const end = ends.scan(piece)
    if (end >= 0) rowStart = seen + end
    seen += piece.length
    if (seen - rowStart > closeLook && seen > knownEnd) {
      const skipped = guard.skipped()
      knownEnd = (await lookAhead(guard, rowStart + skipped)) - skipped
    }
    yield piece
  }
}

/** The offset up to which the row that begins there is known to end; Infinity when the file ends first. */
async function lookAhead({ file, rules }: RowGuard, from: number): Promise<number> {
  const input = await openInput(file)
  try {
    const ends = new RowEnds(rules)
    let length = 0
    for await (const piece of input.read(undefined, from)) {
      const end = ends.scan(piece)
      if (end >= 0) return from + length + end
      length += piece.length
      if (length > mostRowBytes) throw tooLong(file, from, await lineAt(file, from))
    }
    return Number.POSITIVE_INFINITY
  } finally {
    await input.close()
  }
}

function tooLong(file: string, byte: number, line: number): AppError {
  const where = `the row that begins in line ${line} of ${path.basename(file)} (byte ${byte})`
  return new AppError('bad_input', `Nothing was imported: ${where} is longer than 1 GB, the most that a server takes.`, {
    hint: 'A quote that is never closed makes everything behind it one row. Check quote, escape and delimiter.',
    details: { line, byte },
  })
}

/** From 1, as a text editor counts. */
async function lineAt(file: string, offset: number): Promise<number> {
  const input = await openInput(file)
  const counts = { lf: 0, cr: 0 }
  try {
    let left = offset
    for await (const piece of input.read()) {
      const part = piece.subarray(0, Math.min(left, piece.length))
      for (const byte of part) {
        if (byte === 0x0a) counts.lf += 1
        else if (byte === 0x0d) counts.cr += 1
      }
      left -= part.length
      if (left === 0) break
    }
  } finally {
    await input.close()
  }
  return 1 + (counts.lf > 0 ? counts.lf : counts.cr)
}
