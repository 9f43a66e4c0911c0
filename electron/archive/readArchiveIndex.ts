// The index of a WAL archive: opens what is new or changed in its folder, reads its records once, and keeps what was learned.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ArchiveEntry, ArchiveIndex, SegmentEntry } from '../../shared/model/archiveIndex'
import { assembleArchive } from '../../shared/model/assembleArchive'
import { majorOf } from '../../shared/model/pgVersion'
import { AppError } from '../../shared/rpc/appError'
import { fileName } from '../process/findTools'
import { errorCode, fromSystemError } from '../process/systemError'
import type { Services } from '../services'
import { type IndexFile, openIndexFile } from './indexFile'
import { type PlannedRun, planRuns, segmentBeforeIt } from './planRuns'
import { type FileOnDisk, readArchiveFile } from './readArchiveFile'
import { scanRun } from './scanRun'
import { stageRun } from './stageRun'
import type { WaldumpProgram } from './waldump'

export type IndexServices = Pick<Services, 'paths' | 'spawn' | 'tools'>

export interface IndexProgress {
  /** Bytes of WAL read, and to be read, in this call. */
  done: number
  total: number
  /** The file that is being read. */
  file: string
}

export interface IndexOptions {
  signal: AbortSignal
  onProgress?: (progress: IndexProgress) => void
  /** The cluster that the archive is for; null or absent: the one most of its segments are of. */
  systemIdentifier?: string | null
  /** Told of a damaged index that was set aside. */
  report?: (text: string) => void
  /** How much is read: everything new, or only what each file is (`headers`: milliseconds for each thousand files). */
  depth?: 'records' | 'headers'
  /** Nothing of the records is read when there are more unread bytes of WAL than this. */
  atMost?: number
  /** Files that are read again although nothing says that they changed: bytes can go bad without a new time. */
  again?: ReadonlySet<string>
}

/** One reading of a folder at a time: a second one finds everything read. */
const underWay = new Map<string, Promise<unknown>>()

/** `folder` is absolute. Throws AppError when it can't be listed. Nothing is ever written into it. */
export async function readArchiveIndex(services: IndexServices, folder: string, options: IndexOptions): Promise<ArchiveIndex> {
  const key = `${services.paths.data}\n${folder}`
  for (let other = underWay.get(key); other; other = underWay.get(key)) {
    await Promise.race([other, aborted(options.signal)])
    options.signal.throwIfAborted()
  }
  const mine = refresh(services, folder, options)
  const settled = mine.then(
    () => undefined,
    () => undefined,
  )
  underWay.set(key, settled)
  try {
    return await mine
  } finally {
    if (underWay.get(key) === settled) underWay.delete(key)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function refresh(services: IndexServices, folder: string, options: IndexOptions): Promise<ArchiveIndex> {
  const { signal } = options
  signal.throwIfAborted()
  const index = await openIndexFile(services.paths.data, folder)
  if (index.problem) options.report?.(index.problem)
  const changed = await readChangedFiles(services, folder, index, options)
  const assemble = () => assembleArchive(folder, [...index.entries.values()], options.systemIdentifier ?? null, changed.size)
  if (options.depth === 'headers') return assemble()
  const programs = await waldumps(services)
  for (;;) {
    const archive = assemble()
    const runs = planRuns(archive, needsReading(archive, changed, programs))
    const size = archive.segmentSize ?? 0
    if (runs.length === 0 || unreadBytes(archive) > (options.atMost ?? Number.POSITIVE_INFINITY)) return archive
    const unusable = await readRuns(services, folder, runs, { index, programs, size }, options)
    // What stood behind a file that turned out to be cut has a run of its own then.
    if (!unusable) break
  }
  return assemble()
}

/** Of WAL that no program looked at yet. */
export function unreadBytes({ segments, segmentSize }: ArchiveIndex): number {
  return segments.filter((segment) => segment.end === null && segment.unread === null).length * (segmentSize ?? 0)
}

interface Reading {
  index: IndexFile
  programs: ReadonlyMap<number, WaldumpProgram>
  size: number
}

/** Saves what it learns run by run. true: a file could not be used, so that others were left. */
async function readRuns(
  services: IndexServices,
  folder: string,
  runs: readonly PlannedRun[],
  { index, programs, size }: Reading,
  { signal, onProgress }: IndexOptions,
): Promise<boolean> {
  const total = runs.reduce((sum, run) => sum + run.segments.length * size, 0)
  let done = 0
  let unusable = false
  for (const run of runs) {
    const report = (bytes: number, file: string) => onProgress?.({ done: done + bytes, total, file })
    report(0, run.segments[0]?.file ?? '')
    const read = await readRun(services, folder, run, programs.get(run.major), signal, report)
    index.put(read)
    unusable ||= read.some((entry) => entry.problem !== null)
    done += run.segments.length * size
    report(0, run.segments.at(-1)?.file ?? '')
  }
  return unusable
}

/** Opens every file that is new or has another size or time, and forgets those that are gone. */
async function readChangedFiles(
  services: IndexServices,
  folder: string,
  index: IndexFile,
  { signal, again }: IndexOptions,
): Promise<Set<string>> {
  const found = listFolder(folder)
  const changed = found.filter(({ file, size, modified }) => {
    const known = index.entries.get(file)
    return known === undefined || known.size !== size || known.modified !== modified || again?.has(file)
  })
  const there = new Set(found.map(({ file }) => file))
  const gone = [...index.entries.keys()].filter((file) => !there.has(file))
  const entries: ArchiveEntry[] = []
  const options = { folder, spawn: services.spawn, signal }
  const atOnce = 16
  for (let from = 0; from < changed.length; from += atOnce) {
    signal.throwIfAborted()
    entries.push(...(await Promise.all(changed.slice(from, from + atOnce).map((file) => readArchiveFile(file, options)))))
  }
  if (entries.length > 0 || gone.length > 0) index.put(entries, { gone, flush: false })
  return new Set(changed.map(({ file }) => file))
}

function listFolder(folder: string): FileOnDisk[] {
  try {
    return readdirSync(folder).flatMap((file) => {
      const found = statSync(join(folder, file), { throwIfNoEntry: false })
      // Gone since: an archive that is being cleaned up, or a temporary file.
      return found ? [{ file, size: found.size, modified: found.mtimeMs, special: !found.isFile() }] : []
    })
  } catch (error) {
    throw fromSystemError(error, `read the WAL archive ${folder}`) ?? error
  }
}

/** By major, the newest minor of each. */
export async function waldumps(services: Pick<IndexServices, 'tools'>): Promise<Map<number, WaldumpProgram>> {
  const programs = new Map<number, WaldumpProgram>()
  for (const { folder, version, programs: names } of await services.tools.installations()) {
    const known = programs.get(majorOf(version))
    if (!names.includes('pg_waldump') || (known && known.version >= version)) continue
    programs.set(majorOf(version), { path: join(folder, fileName('pg_waldump')), version })
  }
  return programs
}

function needsReading(archive: ArchiveIndex, changed: ReadonlySet<string>, programs: ReadonlyMap<number, WaldumpProgram>) {
  const places = new Map(archive.segments.map((segment) => [`${segment.timeline} ${segment.number}`, segment]))
  return (segment: SegmentEntry): boolean => {
    if (segment.end === null) return segment.unread === null || programs.has(segment.header?.major ?? 0)
    if (segment.damage?.from != null && changed.has(segment.damage.from)) return true
    return !segment.joined && segmentBeforeIt(segment, places) !== undefined
  }
}

async function readRun(
  services: IndexServices,
  folder: string,
  run: PlannedRun,
  program: WaldumpProgram | undefined,
  signal: AbortSignal,
  onBytes: (bytes: number, file: string) => void,
): Promise<SegmentEntry[]> {
  if (!program) {
    const unread = `there is no pg_waldump of PostgreSQL ${run.major} here, and no other can read it`
    return run.segments.map((segment) => ({ ...segment, unread }))
  }
  const { staged, unusable } = await stageRun(services, folder, run, signal)
  if (!staged) return unusable
  try {
    const [first] = staged.files
    const read = await scanRun({
      ...staged,
      ...{ program, timeline: run.timeline, spawn: services.spawn, signal },
      onPosition: (at) => onBytes(Number(at - (first?.start ?? at)), first?.entry.file ?? ''),
    })
    return [...read, ...unusable]
  } catch (error) {
    signal.throwIfAborted()
    // A segment that was moved away while it was read: the next look at the folder tells.
    if (errorCode(error) !== 'ENOENT') throw error
    throw new AppError('conflict', `Files in ${folder} changed while they were read.`, {
      hint: 'Read the archive again.',
      cause: error,
    })
  } finally {
    await staged.remove()
  }
}
