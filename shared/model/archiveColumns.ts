// Reads the packed columns of an archive's table of contents, as restore.contents sends them.
import type { ArchiveContents } from '../contracts/restore'
import type { ArchiveEntry } from './archiveSelection'
import { atOnce, type Sliced } from './slices'

export interface ReadContents {
  toc: string
  entries: ArchiveEntry[]
  /** Bytes of the data in the archive, by id; only where they are known. */
  sizes: Map<number, number>
}

export function readContents(contents: ArchiveContents): ReadContents {
  return atOnce(readColumns(contents))
}

const someEntries = 1024

export function* readColumns(contents: ArchiveContents): Sliced<ReadContents> {
  const { tags, kinds, schemas } = contents
  const ids = numbers(contents.ids)
  const tagLengths = numbers(contents.tagLengths)
  const count = countOf(contents.ids)
  let tagEnd = 0
  const kindOf = numbers(contents.kindOf)
  const schemaOf = numbers(contents.schemaOf)
  const bytes = numbers(contents.sizes)
  const needs = lists(contents.needs)
  const entries: ArchiveEntry[] = []
  const sizes = new Map<number, number>()
  for (let at = 0; at < count; at += 1) {
    if (at % someEntries === 0) yield
    const id = ids()
    const size = bytes()
    const tagLength = tagLengths()
    tagEnd += tagLength
    if (size >= 0) sizes.set(id, size)
    const schema = schemas[schemaOf()] ?? ''
    entries.push({
      id,
      kind: kinds[kindOf()] ?? '',
      schema: schema === '' ? null : schema,
      tag: tags.slice(tagEnd - tagLength, tagEnd),
      needs: needs(),
    })
  }
  return { toc: contents.toc, entries, sizes }
}

function countOf(column: string): number {
  if (column === '') return 0
  let count = 1
  for (let at = column.indexOf(','); at !== -1; at = column.indexOf(',', at + 1)) count += 1
  return count
}

const comma = 44
const minus = 45
const zero = 48
const space = 32

/** One number after the other of `5,-1,7`: splitting hundreds of thousands makes as many texts first. */
function numbers(text: string): () => number {
  let at = 0
  return () => {
    let value = 0
    let sign = 1
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (code === comma) break
      if (code === minus) sign = -1
      else value = value * 10 + code - zero
    }
    at += 1
    return value * sign
  }
}

const none: readonly number[] = []

/** One list after the other of `1 2,,7`. */
function lists(text: string): () => readonly number[] {
  let at = 0
  return () => {
    if (at >= text.length || text.charCodeAt(at) === comma) {
      at += 1
      return none
    }
    const list: number[] = []
    let value = 0
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (code === comma) break
      if (code === space) {
        list.push(value)
        value = 0
      } else value = value * 10 + code - zero
    }
    list.push(value)
    at += 1
    return list
  }
}
