// Reads the records of neighbouring segments once, and says of each what it holds and whether it is sound.
import type { SegmentEntry, WalActivity } from '../../shared/model/archiveIndex'
import { formatLsn, type Lsn } from '../../shared/model/lsn'
import { parseSegmentName } from '../../shared/model/walFile'
import { recordEnd, type WalGeometry } from '../../shared/model/walPages'
import type { SpawnTool } from '../process/processTypes'
import { firstBeginning, lastPageWithBeginning, readRecord, readRestorePoint, type SegmentFile } from './segmentFiles'
import { attribute, createTally, mayHoldFork, type SegmentTally, type Tally } from './tallyActivity'
import { endOfRecord, findSwitch, readStretch, type Stretch, type WaldumpEnd, type WaldumpProgram } from './waldump'
import { findWrongLength } from './wrongLength'

export interface ScanFile extends SegmentFile {
  entry: SegmentEntry
}

export interface RunRequest {
  program: WaldumpProgram
  /** Holds every file under the name that it has on `timeline`. */
  folder: string
  timeline: number
  /** Neighbours before the run, nearest last: where the record begins that goes on in the first segment. */
  before: readonly ScanFile[]
  /** Where reading begins: in one of `before`, or with the first segment. */
  from: Lsn
  /** The record that goes on in the first segment begins in one of `before`. */
  rooted: boolean
  /** One after the other without a hole. A .partial is read alone. */
  files: readonly ScanFile[]
  geometry: WalGeometry
  spawn: SpawnTool
  signal: AbortSignal
  onPosition?: (at: Lsn) => void
}

type Findings = Pick<SegmentEntry, 'end' | 'damage' | 'unread'>

/** The entries with what was found, in the order of `files`. */
export async function scanRun(request: RunRequest): Promise<SegmentEntry[]> {
  const { files, geometry } = request
  const [first] = files
  if (!first) return []
  const size = BigInt(geometry.segmentSize)
  const end = first.start + size * BigInt(files.length)
  const stretch: Stretch = { ...request, to: end }
  const tallies: SegmentTally[] = files.map(() => ({ own: createTally(), inherited: null }))
  const found: Findings[] = files.map(({ start }) => ({ end: formatLsn(start + size), damage: null, unread: null }))
  if (mayHoldFork(first.entry)) await splitAtFork(tallies, stretch, first)

  let from = request.from
  while (from < end) {
    const at = await readStretch({ ...stretch, from }, () => {
      const take = attribute(tallies, first.start, geometry)
      let told = 0
      return (event) => {
        take(event)
        told += 1
        if (told % 4096 === 0) request.onPosition?.((BigInt(event.hi) << 32n) | BigInt(event.lo))
      }
    })
    if (at.kind === 'sound') break
    if (at.kind === 'failed') {
      const index = Number((from < first.start ? 0n : from - first.start) / size)
      for (const finding of found.slice(index)) Object.assign(finding, { end: null, unread: at.words })
      break
    }
    from = await noteDamage(request, { ...stretch, from }, at, found)
  }
  await checkCut(request, end, found)
  const joined = await joinedFiles(request)
  return Promise.all(
    files.map(({ entry }, index) => finish(request, entry, tallies[index], found[index], joined[index] ?? false)),
  )
}

/** pg_waldump ends well at a record that goes on behind the last segment: here it may be one that only says so. */
async function checkCut({ files, geometry }: RunRequest, end: Lsn, found: Findings[]): Promise<void> {
  const [last, finding] = [files.at(-1), found.at(-1)]
  if (!last || !finding || last.entry.partial || finding.damage !== null || finding.unread !== null) return
  const wrong = await findWrongLength([last], { from: last.start, end }, geometry)
  if (wrong === null) return
  const lsn = formatLsn(wrong.at)
  Object.assign(finding, { damage: { lsn, words: wrong.words, from: null }, end: lsn })
}

/** Of each file, whether the record that goes on in it was read from its beginning. */
async function joinedFiles({ files, rooted, geometry }: RunRequest): Promise<boolean[]> {
  const joined: boolean[] = []
  let known = rooted
  for (const file of files) {
    known ||= !file.entry.continues
    joined.push(known)
    known ||= (await lastPageWithBeginning(file, geometry)) !== null
  }
  return joined
}

async function splitAtFork(tallies: SegmentTally[], stretch: Stretch, first: ScanFile): Promise<void> {
  const to = first.start + BigInt(stretch.geometry.segmentSize)
  const fork = await findSwitch({ ...stretch, from: first.start, to })
  const [tally] = tallies
  if (fork && tally) tally.inherited = { tally: createTally(), forkAt: fork.at, timeline: fork.from }
}

/** Gives the damage to the file that holds it; returns where reading goes on, which is always further on. */
async function noteDamage(
  { files, before, geometry }: RunRequest,
  stretch: Stretch,
  { lastSound, words }: WaldumpEnd & { kind: 'damage' },
  found: Findings[],
): Promise<Lsn> {
  const all = [...before, ...files]
  const start = files[0]?.start ?? stretch.to
  const size = BigInt(geometry.segmentSize)
  const indexOf = (lsn: Lsn) => Number(lsn / size - start / size)
  const at = lastSound === null ? await firstBeginning(all, stretch.from, geometry) : await endOfRecord(stretch, lastSound)
  // A record that is longer than what is here: nothing is wrong, and nothing ends in these segments.
  if (at === null || (lastSound === null && (await goesBeyond(all, at, stretch)))) return stretch.to
  const begins = indexOf(at)
  const place = Math.max(begins, indexOf(await lastByte(all, at, words, geometry)))
  const finding = found[place]
  // In a neighbour before the run, which was read for itself already.
  if (!finding) return place < 0 ? start : stretch.to
  if (files[place]?.entry.partial) {
    // A .partial ends where its writer was: in the middle of a record, or in zeros.
    finding.end = formatLsn(at)
    return stretch.to
  }
  const crosses = place > begins
  const from = crosses ? (begins < 0 ? before.at(begins) : files[begins])?.entry.file : null
  finding.damage ??= { lsn: formatLsn(at), words, from: from ?? null }
  if (!crosses) finding.end = finding.damage.lsn
  // What begins in the segment after a damaged record from before is read for what it holds.
  return start + size * BigInt(crosses ? place : place + 1)
}

async function goesBeyond(files: readonly SegmentFile[], at: Lsn, { geometry, to }: Stretch): Promise<boolean> {
  const length = (await readRecord(files, at, 4, geometry))?.readUInt32LE(0) ?? 0
  return length >= 24 && length <= longestRecord && recordEnd(at, length, geometry) > to
}

/** XLogRecordMaxSize of 16 and later; before, a palloc limit near it. */
const longestRecord = 1020 * 1024 * 1024

/** A position in the segment in which the unreadable record ends, or in which pg_waldump found a wrong page. */
async function lastByte(files: readonly SegmentFile[], at: Lsn, words: string, geometry: WalGeometry): Promise<Lsn> {
  const named = /WAL segment ([0-9A-F]{24})/.exec(words)?.[1]
  const id = named === undefined ? undefined : parseSegmentName(named, geometry.segmentSize)
  if (id) return id.number * BigInt(geometry.segmentSize)
  const length = (await readRecord(files, at, 4, geometry))?.readUInt32LE(0) ?? 0
  // No further than the next segment: a damaged length says anything.
  return length < 24 ? at : recordEnd(at, Math.min(length, geometry.segmentSize), geometry) - 1n
}

async function finish(
  { files, before, geometry }: RunRequest,
  entry: SegmentEntry,
  tally: SegmentTally | undefined,
  finding: Findings | undefined,
  joined: boolean,
): Promise<SegmentEntry> {
  if (!tally || !finding) return entry
  const unread = finding.unread !== null
  const all = [...before, ...files]
  const pack = async (one: Tally): Promise<WalActivity> => {
    const restorePoints = await Promise.all(one.restorePoints.map((lsn) => readRestorePoint(all, lsn, geometry)))
    return { ...one.pack(), restorePoints: restorePoints.filter((point) => point !== undefined) }
  }
  const { inherited } = tally
  return {
    ...entry,
    ...finding,
    own: unread ? null : await pack(tally.own),
    inherited:
      inherited === null || unread
        ? null
        : { ...(await pack(inherited.tally)), timeline: inherited.timeline, forkAt: formatLsn(inherited.forkAt) },
    joined,
  }
}
