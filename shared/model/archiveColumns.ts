// Reads the packed columns of an archive's table of contents, as restore.contents sends them.
import type { ArchiveContents } from '../contracts/restore'
import type { ArchiveEntry } from './archiveSelection'

export interface ReadContents {
  toc: string
  entries: ArchiveEntry[]
  /** Bytes of the data in the archive, by id; only where they are known. */
  sizes: Map<number, number>
}

export function readContents(contents: ArchiveContents): ReadContents {
  const { tags, kinds, schemas } = contents
  const numbers = (text: string) => (text === '' ? [] : text.split(',').map(Number))
  const ids = numbers(contents.ids)
  const kindOf = numbers(contents.kindOf)
  const schemaOf = numbers(contents.schemaOf)
  const needs = contents.needs.split(',')
  const bytes = numbers(contents.sizes)
  const sizes = new Map<number, number>()
  const none: readonly number[] = []
  const entries = ids.map((id, at): ArchiveEntry => {
    const size = bytes[at] ?? -1
    if (size >= 0) sizes.set(id, size)
    const needed = needs[at] ?? ''
    const schema = schemas[schemaOf[at] ?? -1] ?? ''
    return {
      id,
      kind: kinds[kindOf[at] ?? -1] ?? '',
      schema: schema === '' ? null : schema,
      tag: tags[at] ?? '',
      needs: needed === '' ? none : needed.split(' ').map(Number),
    }
  })
  return { toc: contents.toc, entries, sizes }
}
