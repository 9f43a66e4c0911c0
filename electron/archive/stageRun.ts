// Puts the segments of a run where pg_waldump finds them: the archive itself, or a scratch folder with links and unpacked files.
import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, rm, symlink, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { SegmentEntry } from '../../shared/model/archiveIndex'
import { toLsn } from '../../shared/model/lsn'
import { segmentName } from '../../shared/model/walFile'
import type { Services } from '../services'
import type { PlannedRun } from './planRuns'
import { sizeProblem } from './readArchiveFile'
import type { RunRequest, ScanFile } from './scanRun'
import { lastPageWithBeginning } from './segmentFiles'
import { unpackTo } from './unpackSegment'

export type Staged = Pick<RunRequest, 'folder' | 'before' | 'files' | 'from' | 'geometry'> & { remove(): Promise<void> }

/** Entries that can't be staged come back with their problem; a run without any staged file is null. */
export async function stageRun(
  services: Pick<Services, 'paths' | 'spawn'>,
  archive: string,
  run: PlannedRun,
  signal: AbortSignal,
): Promise<{ staged: Staged | null; unusable: SegmentEntry[] }> {
  const [first] = run.segments
  const header = first?.header
  if (!header) return { staged: null, unusable: [] }
  const geometry = { segmentSize: header.segmentSize, pageSize: header.pageSize }
  const named = (entry: SegmentEntry) =>
    segmentName({ timeline: run.timeline, number: BigInt(entry.number ?? 0) }, geometry.segmentSize)
  const asTheyAre = [...run.before, ...run.segments].every((entry) => entry.file === named(entry))
  const folder = asTheyAre ? archive : join(services.paths.scratch, `wal-${randomBytes(6).toString('hex')}`)
  const remove = async () => {
    if (!asTheyAre) await rm(folder, { recursive: true, force: true })
  }
  const unusable: SegmentEntry[] = []
  try {
    if (!asTheyAre) await mkdir(folder, { mode: 0o700 })
    const stage = async (entry: SegmentEntry): Promise<ScanFile | null> => {
      const path = join(folder, named(entry))
      if (!asTheyAre) {
        const problem = await place({ ...services, signal, entry, from: join(archive, entry.file), to: path })
        if (problem) {
          unusable.push({ ...entry, problem })
          return null
        }
      }
      return { entry, path, start: toLsn(entry.header?.start ?? header.start) }
    }
    const files: ScanFile[] = []
    for (const entry of run.segments) {
      const file = await stage(entry)
      // What comes after one that can't be used is read in a run of its own, when the index is looked at again.
      if (file === null) break
      files.push(file)
    }
    const start = files[0]?.start
    if (start === undefined) {
      await remove()
      return { staged: null, unusable }
    }
    // From the nearest on, and no further than to the one in which the record begins.
    const before: ScanFile[] = []
    let from = start
    for (const entry of run.before.toReversed()) {
      const file = await stage(entry)
      if (file === null) break
      const page = await lastPageWithBeginning(file, geometry)
      before.unshift(file)
      from = page ?? file.start
      if (page !== null) break
    }
    return { staged: { folder, before, files, from, geometry, remove }, unusable }
  } catch (error) {
    await remove()
    throw error
  }
}

interface Placing extends Pick<Services, 'spawn'> {
  entry: SegmentEntry
  from: string
  to: string
  signal: AbortSignal
}

async function place({ entry, from, to, spawn, signal }: Placing): Promise<SegmentEntry['problem']> {
  const size = entry.header?.segmentSize ?? 0
  if (entry.compressed === null) {
    const short = entry.partial && entry.size < size
    if (short || process.platform === 'win32') await copyFile(from, to)
    else await symlink(from, to)
    // pg_waldump takes the size of a file for its segment size.
    if (short) await truncate(to, size)
    return null
  }
  const unpacked = await unpackTo({ file: from, how: entry.compressed, spawn, signal, unfinished: entry.partial }, to, size)
  if (!unpacked.ok) return { fault: 'unreadable', says: unpacked.says }
  if (unpacked.value === size) return null
  if (!entry.partial || unpacked.value > size) return sizeProblem(unpacked.value, size)
  await truncate(to, size)
  return null
}
