// A deep look into single segments: every COMMIT and ABORT of one, or the first record after a position. Kept for the next look.
import type { ArchiveIndex, SegmentEntry, TransactionEnd } from '../../shared/model/archiveIndex'
import { formatLsn, type Lsn, toLsn } from '../../shared/model/lsn'
import { isSalvaged } from '../../shared/model/salvage'
import { recordEnd } from '../../shared/model/walPages'
import { planRuns } from './planRuns'
import { type IndexServices, waldumps } from './readArchiveIndex'
import { type Staged, stageRun } from './stageRun'
import { firstRecord, readTransactions, type Stretch } from './waldump'

export interface KnownEnd extends TransactionEnd {
  aborted: boolean
}

/** A segment of 16 MB holds some 60,000 at the most. */
const keptSegments = 12
const kept = new Map<string, Promise<KnownEnd[]>>()

/** Those whose records end in this segment, by position; empty where there is no pg_waldump for it. */
export async function readEnds(
  services: IndexServices,
  index: ArchiveIndex,
  entry: SegmentEntry,
  signal: AbortSignal,
): Promise<KnownEnd[]> {
  const key = [sourceOf(index, [entry]).folder, entry.file, entry.size, entry.modified].join('\n')
  for (let known = kept.get(key); known; known = kept.get(key)) {
    try {
      return await known
    } catch (error) {
      signal.throwIfAborted()
      // The one that began it was cancelled: this one begins again.
      if (kept.get(key) === known) kept.delete(key)
      else if (!kept.has(key)) throw error
    }
  }
  const reading = scanEnds(services, index, entry, signal)
  kept.set(key, reading)
  for (const old of [...kept.keys()].slice(0, -keptSegments)) kept.delete(old)
  try {
    return await reading
  } catch (error) {
    if (kept.get(key) === reading) kept.delete(key)
    throw error
  }
}

async function scanEnds(
  services: IndexServices,
  index: ArchiveIndex,
  entry: SegmentEntry,
  signal: AbortSignal,
): Promise<KnownEnd[]> {
  const ends: KnownEnd[] = []
  await staged(services, index, [entry], signal, async (stretch, { files, geometry }) => {
    const start = files[0]?.start ?? 0n
    await readTransactions(stretch, (event) => {
      if (event.kind !== 'commit' && event.kind !== 'abort') return
      const lsn = (BigInt(event.hi) << 32n) | BigInt(event.lo)
      // What is before the segment came along for a record that goes on in it.
      if (lsn < start && recordEnd(lsn, event.length, geometry) <= start) return
      ends.push({ lsn: formatLsn(lsn), time: event.time, xid: event.xid, aborted: event.kind === 'abort' })
    })
  })
  return ends
}

/**
 * The first record that begins at `from` or later in these neighbours and ends before `to`; null when there is none, undefined
 * when they can't be read.
 */
export async function readFirstRecord(
  services: IndexServices,
  index: ArchiveIndex,
  entries: readonly SegmentEntry[],
  { from, to }: { from: Lsn; to: Lsn },
  signal: AbortSignal,
): Promise<Lsn | null | undefined> {
  return staged(services, index, entries, signal, async (stretch, { files, geometry }) => {
    const end = (files.at(-1)?.start ?? 0n) + BigInt(geometry.segmentSize)
    const until = to < end ? to : end
    // Behind a switch there are zeros up to the segment's end: the next record is in the next one.
    for (const begin of [from, ...files.map(({ start }) => start).filter((start) => start > from)]) {
      const found = begin < until ? await firstRecord({ ...stretch, from: begin, to: until }) : null
      if (found !== null && found >= from) return found
    }
    // A partial segment is read by itself: what goes on in it is not known then.
    return files.length < entries.length ? undefined : null
  })
}

/** undefined without a program, or when the files can't be unpacked. */
async function staged<T>(
  services: IndexServices,
  index: ArchiveIndex,
  entries: readonly SegmentEntry[],
  signal: AbortSignal,
  work: (stretch: Stretch, files: Staged) => Promise<T>,
): Promise<T | undefined> {
  const source = sourceOf(index, entries)
  const [run] = planRuns(source, (segment) =>
    entries.some(({ timeline, number }) => timeline === segment.timeline && number === segment.number),
  )
  const program = run && (await waldumps(services)).get(run.major)
  if (!program) return undefined
  const { staged: files } = await stageRun(services, source.folder, run, signal)
  if (!files) return undefined
  try {
    const last = files.files.at(-1)
    const to = (last?.start ?? 0n) + BigInt(files.geometry.segmentSize)
    const { folder, from, geometry } = files
    return await work({ program, folder, timeline: run.timeline, from, to, geometry, spawn: services.spawn, signal }, files)
  } finally {
    await files.remove()
  }
}

/** Salvaged ones are read from their own view, which has what comes before them as well. */
function sourceOf(index: ArchiveIndex, entries: readonly SegmentEntry[]): ArchiveIndex {
  return index.salvage && entries.some((entry) => isSalvaged(index, entry)) ? index.salvage.view : index
}

/** Those of a chain's segment that are on its way. */
export function onTheWay(ends: readonly KnownEnd[], from: Lsn, to: Lsn): KnownEnd[] {
  return ends.filter(({ lsn }) => {
    const at = toLsn(lsn)
    return at >= from && at < to
  })
}
