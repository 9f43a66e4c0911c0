// Reads what the pg_wal of a dead cluster holds that its archive does not. Segments are told by their own first page, since
// those kept to be used again have names of the future; whether the two belong together is told by what both of them hold.
// Over 150 lines: the reasons to refuse or to leave out a file, each with its words.
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { SalvageOffer } from '../../shared/contracts/recoveryPoint'
import type { ArchiveEntry, ArchiveIndex, HistoryEntry, SegmentEntry } from '../../shared/model/archiveIndex'
import { formatLsn, toLsn } from '../../shared/model/lsn'
import {
  archivedWhole,
  beforeIt,
  findAt,
  isSpare,
  type LiveSegment,
  leftWords,
  liveSegments,
  type SalvagedWal,
  spanOf,
} from '../../shared/model/salvage'
import { errorCode, fromSystemError } from '../process/systemError'
import { readArchiveFile } from './readArchiveFile'
import { type IndexServices, readArchiveIndex } from './readArchiveIndex'
import { sameWal } from './sameWal'
import { goesOnAfter } from './walGoesOn'

export type SalvagedFile = SalvageOffer['files'][number]

export interface PgWal {
  wal: SalvagedWal
  files: SalvagedFile[]
  left: { file: string; why: string }[]
  /** Sentences. */
  warnings: string[]
}

export type PgWalReading = ({ ok: true } & PgWal) | { ok: false; says: string }

/** Of the files of pg_wal, or of the segments whose records are read: so many are done. */
export interface SalvageProgress {
  what: 'files' | 'records'
  done: number
  total: number
  file: string
}

interface SalvageRequest {
  folder: string
  index: ArchiveIndex
  signal: AbortSignal
  onProgress?: ((progress: SalvageProgress) => void) | undefined
}

/** `folder`: links followed. `index`: of the archive, its records read. Nothing is written into either. */
export async function readSalvage(services: IndexServices, request: SalvageRequest): Promise<PgWalReading> {
  const { folder, index, signal, onProgress } = request
  const entries = await readFiles(services, request)
  const live = liveSegments(entries)
  const refused = foreign(folder, live, index) || (await diverged(services, { folder, live, entries, index, signal }))
  if (refused !== '') return { ok: false, says: refused }
  const whole = archivedWhole(index)
  const wanted = live.filter(({ entry }) => findAt(whole, entry) === undefined)
  const histories = entries.filter(
    (entry): entry is HistoryEntry =>
      entry.kind === 'history' && entry.problem === null && !index.histories.some(({ timeline }) => timeline === entry.timeline),
  )
  const view = await readView(services, { folder, wanted, index, signal, histories, onProgress })
  const found = new Map(view.segments.map((entry) => [`${entry.timeline} ${entry.number}`, entry]))
  const segments: SegmentEntry[] = []
  const left = entries.flatMap((entry) => {
    const why = leftWords(entry)
    return why === null ? [] : [{ file: entry.file, why }]
  })
  const warnings = entries.flatMap((entry) => {
    const why = isSpare(entry) ? null : leftWords(entry)
    return why === null ? [] : [`${entry.file} in ${folder} can’t be salvaged: it ${why}.`]
  })
  for (const one of wanted) {
    const read = found.get(`${one.entry.timeline} ${one.number}`)
    if (!read || read.file.slice(0, 24) !== one.name) {
      const odd = view.odd.find(({ file }) => file.startsWith(one.name))
      left.push({ file: one.entry.file, why: odd?.problem?.says ?? 'is no part of any timeline here' })
      continue
    }
    const entry = await judgeEnd({ ...read, file: one.entry.file }, folder, one)
    const theirs = index.segments.find(({ timeline, number }) => timeline === entry.timeline && number === entry.number)
    if (theirs?.end && entry.end && toLsn(theirs.end) > toLsn(entry.end)) {
      left.push({ file: one.entry.file, why: `ends at ${entry.end}, and ${theirs.file} in the archive goes on to ${theirs.end}` })
      continue
    }
    if (entry.damage) {
      warnings.push(
        `${entry.file} in ${folder} is damaged at ${entry.damage.lsn}: ${entry.damage.words}. Nothing after that can be reached.`,
      )
    }
    if (entry.unread !== null) warnings.push(`${entry.file} in ${folder} was not read: ${entry.unread}.`)
    segments.push(entry)
  }
  const files = [
    ...histories.map((entry): SalvagedFile => ({ ...fileOf(entry), kind: 'history', from: null, to: null, before: false })),
    ...segments.map(
      (entry): SalvagedFile => ({
        ...fileOf(entry),
        kind: entry.partial ? 'last' : 'complete',
        ...spanOf(entry),
        before: hasUseless(index, entry.file.slice(0, 24)),
      }),
    ),
  ]
  return { ok: true, wal: { segments, histories, view }, files, left, warnings }
}

const fileOf = ({ file, size }: ArchiveEntry) => ({ file, name: file.replace(/\.partial$/, ''), size })

/** A file that the restore script would take for the whole segment. */
function hasUseless({ segments, odd }: ArchiveIndex, name: string): boolean {
  return [...segments, ...odd].some(({ file }) => file.startsWith(name) && /^(?:\.gz|\.lz4|\.zst)?$/.test(file.slice(24)))
}

async function readFiles({ spawn }: IndexServices, { folder, signal, onProgress }: SalvageRequest): Promise<ArchiveEntry[]> {
  try {
    const entries: ArchiveEntry[] = []
    const names = (await readdir(folder)).filter((file) => /^[0-9A-F]{8}(?:[0-9A-F]{16}(?:\.partial)?|\.history)$/.test(file))
    for (const [done, file] of names.toSorted().entries()) {
      signal.throwIfAborted()
      onProgress?.({ what: 'files', done, total: names.length, file })
      const { size, mtimeMs } = await stat(join(folder, file))
      entries.push(await readArchiveFile({ file, size, modified: mtimeMs, special: false }, { folder, spawn, signal }))
    }
    return entries
  } catch (error) {
    signal.throwIfAborted()
    throw fromSystemError(error, `read ${folder}`) ?? error
  }
}

function foreign(folder: string, live: readonly LiveSegment[], index: ArchiveIndex): string {
  const whose = index.systemIdentifier
  if (whose === null) return `Which cluster the archive ${index.folder} is for is not known, so nothing can be salvaged for it.`
  for (const { entry } of live) {
    const { header, file } = entry
    if (!header) continue
    if (header.systemIdentifier !== whose) {
      return `${file} in ${folder} is of the cluster ${header.systemIdentifier}, and the archive ${index.folder} of ${whose}: nothing of it is salvaged.`
    }
    if (index.segmentSize !== null && header.segmentSize !== index.segmentSize) {
      return `${folder} has segments of ${header.segmentSize} bytes, and the archive ${index.folder} of ${index.segmentSize}: nothing of it is salvaged.`
    }
  }
  return ''
}

/** Two copies of one cluster that were both started have one system identifier, and from then on WAL of their own. */
async function diverged(
  services: IndexServices,
  facts: {
    folder: string
    live: readonly LiveSegment[]
    entries: readonly ArchiveEntry[]
    index: ArchiveIndex
    signal: AbortSignal
  },
): Promise<string> {
  const { folder, live, entries, index, signal } = facts
  for (const entry of entries) {
    const theirs = entry.kind === 'history' && index.histories.find(({ timeline }) => timeline === entry.timeline)
    if (theirs && entry.kind === 'history' && JSON.stringify(theirs.switches) !== JSON.stringify(entry.switches)) {
      return `${entry.file} in ${folder} names another way than ${theirs.file} in the archive: the two went apart, and nothing is salvaged.`
    }
  }
  const whole = archivedWhole(index)
  const both = live
    .filter(({ entry }) => !entry.partial && findAt(whole, entry))
    .toSorted((one, other) => one.number - other.number)
  // Once apart they stay apart: the last one that both have tells.
  const last = both.at(-1)
  const theirs = last && findAt(whole, last.entry)
  if (!theirs || (await sameWal(services, { file: join(folder, last.entry.file), archive: index.folder, theirs, signal })))
    return ''
  return `${last.name} in ${folder} is not the same as ${theirs.file} in the archive: it is of a copy of the cluster that went on by itself, or one of the two is damaged. Nothing of it is salvaged.`
}

/**
 * A folder of links, as an archive would be that had it all: the records in it are read by what reads an archive's. The last
 * segment of each timeline gets the name of a partial one, which may end anywhere.
 */
async function readView(
  services: IndexServices,
  facts: {
    folder: string
    wanted: readonly LiveSegment[]
    index: ArchiveIndex
    signal: AbortSignal
    histories: readonly HistoryEntry[]
    onProgress: SalvageRequest['onProgress']
  },
): Promise<ArchiveIndex> {
  const { folder, wanted, index, signal, histories, onProgress } = facts
  const links = new Map<string, string>()
  for (const { file } of index.histories) links.set(file, join(index.folder, file))
  for (const { file } of histories) links.set(file, join(folder, file))
  for (const { entry } of wanted) for (const { file } of beforeIt(index, entry)) links.set(file, join(index.folder, file))
  for (const { entry, name, last } of wanted) links.set(last ? `${name}.partial` : name, join(folder, entry.file))
  const key = createHash('sha256').update(`${folder}\n${index.folder}`).digest('hex').slice(0, 16)
  const view = join(services.paths.scratch, `salvage-${key}`)
  await mkdir(view, { recursive: true, mode: 0o700 })
  for (const name of await readdir(view)) if (!links.has(name)) await rm(join(view, name), { force: true })
  for (const [name, target] of links) await link(target, join(view, name))
  const size = wanted[0]?.entry.header?.segmentSize ?? 1
  return readArchiveIndex(services, view, {
    ...{ signal, systemIdentifier: index.systemIdentifier },
    onProgress: ({ done, total, file }) =>
      onProgress?.({ what: 'records', done: Math.floor(done / size), total: Math.ceil(total / size), file }),
  })
}

async function link(target: string, file: string): Promise<void> {
  try {
    if (process.platform === 'win32') await copyFile(target, file)
    else await symlink(target, file)
  } catch (error) {
    // Of the same two folders it leads to the same file.
    if (errorCode(error) !== 'EEXIST') throw error
  }
}

/** The last one ends where its records do; with WAL behind that, it is damaged there. */
async function judgeEnd(entry: SegmentEntry, folder: string, { last }: LiveSegment): Promise<SegmentEntry> {
  const { header, end } = entry
  if (!last || !header || end === null) return entry
  const beyond = await goesOnAfter({ path: join(folder, entry.file), start: toLsn(header.start) }, toLsn(end), header)
  if (beyond === null) return { ...entry, partial: true }
  const words = `no record can be read there, and there is WAL after it, at ${formatLsn(beyond)}`
  return { ...entry, partial: false, damage: { lsn: end, words, from: null } }
}
