// The table of contents for the window: in columns, with the size of each table's data where the format tells it.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArchiveContents } from '../../../shared/contracts/restore'
import { isChoosable } from '../../../shared/model/archiveSelection'
import { AppError } from '../../../shared/rpc/appError'
import { tocIdentity } from './chooseEntries'
import type { InspectedArchive } from './inspectArchive'
import type { TocEntry } from './readToc'
import { tarMembers } from './sniffFormat'

export async function archiveContents(archive: InspectedArchive): Promise<ArchiveContents> {
  if (archive.kind !== 'archive') {
    throw new AppError('bad_input', 'An SQL script has no table of contents: it is run from its first line to its last.', {
      hint: 'Restore it whole into a database of its own, and take from there what you need.',
    })
  }
  const entries = archive.toc.entries.filter(isChoosable)
  const kinds = numbered()
  const schemas = numbered()
  const sizes = await dataSizes(archive, entries)
  return {
    toc: tocIdentity(archive.toc),
    tags: entries.map(({ tag }) => tag),
    ids: entries.map(({ id }) => id).join(','),
    kindOf: entries.map(({ kind }) => kinds.place(kind)).join(','),
    schemaOf: entries.map(({ schema }) => schemas.place(schema ?? '')).join(','),
    sizes: entries.map(({ id }) => sizes.get(id) ?? -1).join(','),
    needs: entries.map(({ needs }) => needs.join(' ')).join(','),
    kinds: kinds.names,
    schemas: schemas.names,
  }
}

function numbered() {
  const places = new Map<string, number>()
  const names: string[] = []
  return {
    names,
    place(name: string): number {
      const known = places.get(name)
      if (known !== undefined) return known
      places.set(name, names.length)
      names.push(name)
      return names.length - 1
    },
  }
}

/** Bytes by the entry's id, as they lie in the archive: packed where it is packed. */
async function dataSizes(
  archive: Extract<InspectedArchive, { kind: 'archive' }>,
  entries: readonly TocEntry[],
): Promise<Map<number, number>> {
  const sizes = new Map<number, number>()
  if (archive.facts.format === 'custom') {
    // Data lies one after the other; each piece ends where the next begins.
    const starts = entries
      .flatMap(({ id, offset }) => (offset === null || offset <= 0n ? [] : [{ id, offset }]))
      .toSorted((a, b) => (a.offset < b.offset ? -1 : 1))
    starts.forEach(({ id, offset }, at) => {
      const end = starts[at + 1]?.offset ?? archive.bytes
      if (end > offset) sizes.set(id, Number(end - offset))
    })
    return sizes
  }
  const bytes = archive.facts.format === 'tar' ? await tarSizes(archive.source.archive) : await fileSizes(archive.source.archive)
  for (const { id, file } of entries) {
    const size = file === '' ? undefined : bytes.get(file)
    if (size !== undefined) sizes.set(id, size)
  }
  return sizes
}

async function tarSizes(path: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for await (const { name, start, end } of tarMembers(path)) sizes.set(name, end - start)
  return sizes
}

/** By the name in the table of contents: without what compression adds to it. */
async function fileSizes(folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  const names = await readdir(folder)
  for (let at = 0; at < names.length; at += 500) {
    const some = names.slice(at, at + 500)
    const facts = await Promise.all(some.map((name) => stat(join(folder, name))))
    some.forEach((name, index) => void sizes.set(name.replace(/\.(gz|lz4|zst)$/, ''), facts[index]?.size ?? 0))
  }
  return sizes
}
