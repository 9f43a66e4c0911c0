// Reads a script of pg_dumpall from beginning to end for the databases it connects to.
import { createReadStream } from 'node:fs'

const mark = Buffer.from('\n\\connect ')
/** Longer than any name can make such a line. */
const longestLine = 4096

/**
 * Names after \connect at the beginning of a line, as pg_dumpall writes them between databases. Such a line may stand among
 * rows as well: it only ever proves that a database is there. Lines can be as long as a value, so they are never kept whole.
 */
export async function connectsOf(script: string, signal: AbortSignal): Promise<Set<string>> {
  const found = new Set<string>()
  let carry = Buffer.alloc(0)
  const stream = createReadStream(script, { signal, highWaterMark: 1024 * 1024 })
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) throw new Error('a file without an encoding comes in buffers')
    const text = Buffer.concat([carry, chunk])
    let at = text.indexOf(mark)
    let kept = Math.max(0, text.length - mark.length)
    while (at >= 0) {
      const begin = at + mark.length
      const end = text.indexOf(10, begin)
      if (end < 0) {
        if (text.length - begin < longestLine) kept = at
        break
      }
      if (end - begin < longestLine) found.add(connectName(text.toString('utf8', begin, end).replace(/\r$/, '')))
      at = text.indexOf(mark, end)
    }
    carry = text.subarray(kept)
  }
  return found
}

/** A plain word, "a quoted name", or -reuse-previous=on "dbname='a hostile name'" (appendPsqlMetaConnect, 13 to 18). */
export function connectName(text: string): string {
  const reuse = /^-reuse-previous=on "dbname='(.*)'"$/.exec(text)?.[1]
  if (reuse !== undefined) return reuse.replaceAll('""', '"').replace(/\\(.)/g, '$1')
  return /^"((?:[^"]|"")*)"$/.exec(text)?.[1]?.replaceAll('""', '"') ?? text
}
