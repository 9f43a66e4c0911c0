// The table of contents for the window: in columns, with the size of each table's data where the format tells it.
import { setImmediate } from 'node:timers/promises'
import type { ArchiveContents } from '../../../shared/contracts/restore'
import { isChoosable } from '../../../shared/model/archiveSelection'
import { AppError } from '../../../shared/rpc/appError'
import { tarMembers } from '../../library/sniffFormat'
import { tocIdentity } from './chooseEntries'
import type { InspectedArchive } from './inspectArchive'
import type { TocEntry } from './readToc'

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
  const toc = tocIdentity(archive.toc)
  // Other windows and running jobs get their turn between the columns.
  const column = async (text: (entry: TocEntry) => string | number) => {
    await setImmediate()
    let packed = ''
    for (const entry of entries) packed += `,${text(entry)}`
    return packed.slice(1)
  }
  return {
    toc,
    tags: entries.map(({ tag }) => tag).join(''),
    tagLengths: await column(({ tag }) => tag.length),
    ids: await column(({ id }) => id),
    kindOf: await column(({ kind }) => kinds.place(kind)),
    schemaOf: await column(({ schema }) => schemas.place(schema ?? '')),
    sizes: await column(({ id }) => sizes.get(id) ?? -1),
    needs: await column(({ needs }) => (needs.length === 0 ? '' : needs.join(' '))),
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
  if (archive.facts.format === 'custom') return customSizes(archive.bytes, entries)
  const sizes = new Map<number, number>()
  const bytes = archive.facts.format === 'tar' ? await tarSizes(archive.source.archive) : unpackedNames(archive.files)
  for (const { id, file } of entries) {
    const size = file === '' ? undefined : bytes.get(file)
    if (size !== undefined) sizes.set(id, size)
  }
  return sizes
}

/** Data lies one after the other; each piece ends where the next begins. */
function customSizes(end: bigint, entries: readonly TocEntry[]): Map<number, number> {
  const starts: { id: number; offset: number }[] = []
  for (const { id, offset } of entries) if (offset !== null && offset > 0n) starts.push({ id, offset: Number(offset) })
  starts.sort((a, b) => a.offset - b.offset)
  const sizes = new Map<number, number>()
  starts.forEach(({ id, offset }, at) => {
    const size = (starts[at + 1]?.offset ?? Number(end)) - offset
    if (size > 0) sizes.set(id, size)
  })
  return sizes
}

async function tarSizes(path: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for await (const { name, start, end } of tarMembers(path)) sizes.set(name, end - start)
  return sizes
}

/** By the name in the table of contents: without what compression adds to it. */
function unpackedNames(files: ReadonlyMap<string, number> | null): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const [name, size] of files ?? []) sizes.set(name.replace(/\.(gz|lz4|zst)$/, ''), size)
  return sizes
}
