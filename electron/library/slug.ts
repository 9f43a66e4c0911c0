// Makes a safe folder-name part of any text: a server's label, a database's name, what a person typed.
import { createHash } from 'node:crypto'

/** A name may have 255 bytes on common file systems; three parts, a time and `.partial` must fit. */
const maxBytes = 60

/** Names that Windows keeps for devices, with or without an ending. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * Letters and digits of any script, `_` and inner dots stay; everything else becomes one dash. Never empty, never begins
 * with a dot or dash, so it can't be an option, hidden, `..`, or two folders; never ends in `.partial`, which marks what is
 * unfinished. Different texts may give the same slug.
 */
export function slug(text: string, limit = maxBytes): string {
  const safe = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}_.]+/gu, '-')
    .replace(/\.{2,}/g, '.')
  const cut = cutToBytes(safe.replace(/^[-.]+/, ''), limit)
    .replace(/[-.]+$/, '')
    .replace(/\.(partial)$/i, '-$1')
  if (cut !== '' && !reserved.test(cut)) return cut
  return `x${createHash('sha256').update(text).digest('hex').slice(0, 8)}`
}

/** Never cuts a character in two. */
function cutToBytes(text: string, limit: number): string {
  let bytes = 0
  let kept = ''
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > limit) break
    kept += character
  }
  return kept
}
