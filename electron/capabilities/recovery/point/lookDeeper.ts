// What the segments themselves say of a wish: the commits around a time, a transaction's end, the record at a position.
import type { Neighbours, NeighboursRequest } from '../../../../shared/contracts/recoveryPoint'
import type { SegmentEntry, TransactionEnd } from '../../../../shared/model/archiveIndex'
import { formatLsn, toLsn } from '../../../../shared/model/lsn'
import { type DeepLook, stopsAtTime } from '../../../../shared/model/recoveryJudge'
import { type BackupFacts, type Reach, reachesOf } from '../../../../shared/model/recoveryReach'
import type { RecoveryWish } from '../../../../shared/model/recoveryWish'
import type { ChainSegment } from '../../../../shared/model/walChain'
import { type KnownEnd, onTheWay, readEnds, readFirstRecord } from '../../../archive/lookAround'
import type { IndexServices } from '../../../archive/readArchiveIndex'
import type { PointFacts } from './pointFacts'

/** Of a transaction that is not where its number would be: so many segments are searched, a second or two. */
const mostSearched = 48

/** `backup`: the one that the plan begins with; a transaction is looked for from the oldest on. */
export async function lookDeeper(
  services: IndexServices,
  facts: PointFacts,
  wish: RecoveryWish,
  backup: BackupFacts | null,
  signal: AbortSignal,
): Promise<DeepLook> {
  const usable = facts.backups.filter(({ shown }) => shown.problem === '')
  const reaches = reachesOf(facts.index, backup ? [backup] : usable, wish.timeline)
  const [reach] = reaches.filter(({ refused, chain }) => !refused && chain.refused === null)
  if (!reach) return {}
  const read = (entry: SegmentEntry) => readEnds(services, facts.index, entry, signal)
  if (wish.kind === 'time') return lookAtTime(reach, wish, read)
  if (wish.kind === 'xid') return lookForTransaction(reach, wish.value, read)
  if (wish.kind !== 'lsn') return {}
  const from = toLsn(wish.value)
  const at = reach.chain.segments.findIndex(({ to }) => to > from)
  if (from < reach.backup.stop.lsn || from >= reach.chain.reaches || at === -1) return {}
  // A record may end in the next one.
  const near = reach.chain.segments.slice(at, at + 2)
  const entries = near.map(({ entry }) => entry)
  const found = await readFirstRecord(services, facts.index, entries, { from, to: reach.chain.reaches }, signal)
  const last = at + near.length >= reach.chain.segments.length
  if (found === undefined || (found === null && !last)) return {}
  return { record: found === null ? null : formatLsn(found) }
}

type ReadSegment = (entry: SegmentEntry) => Promise<KnownEnd[]>

async function lookAtTime(reach: Reach, wish: RecoveryWish & { kind: 'time' }, read: ReadSegment): Promise<DeepLook> {
  const { segments } = reach.chain
  const at = segments.findIndex(({ entry }) => stopsAtTime(entry, wish))
  const stops = (time: number) => (wish.inclusive ? time > wish.value : time >= wish.value)
  // A segment that has such a commit may have it before the backup's stop.
  for (const [further, segment] of segments.slice(at, at === -1 ? 0 : at + 3).entries()) {
    const ends = endsIn(await read(segment.entry), segment, reach)
    const index = ends.findIndex(({ time }) => stops(time))
    const after = ends[index]
    if (!after) continue
    const before = ends.slice(0, index).findLast(({ aborted }) => !aborted) ?? lastCommitBefore(reach, at + further)
    return { before: before ? plain(before) : null, after }
  }
  return {}
}

function endsIn(ends: readonly KnownEnd[], { from, to }: ChainSegment, { backup, chain }: Reach): KnownEnd[] {
  const { lsn } = backup.stop
  // A record counts where it ends, and so begins in the segment before at times.
  const first = chain.segments[0]?.from ?? from
  return onTheWay(ends, lsn > first ? lsn : first, to)
}

/** By the index: of the segments before this one, and after the backup's stop. */
function lastCommitBefore({ backup, chain }: Reach, at: number): TransactionEnd | null {
  for (const { entry } of chain.segments.slice(0, at).toReversed()) {
    const commit = entry.own?.lastCommit ?? entry.inherited?.lastCommit
    if (commit) return toLsn(commit.lsn) >= backup.stop.lsn ? commit : null
  }
  return null
}

function plain({ lsn, time, xid }: TransactionEnd): TransactionEnd {
  return { lsn, time, xid }
}

/** First where its number would be, then onwards, then before: numbers are given in order, and a long one ends late. */
async function lookForTransaction({ chain }: Reach, xid: number, read: ReadSegment): Promise<DeepLook> {
  const { segments } = chain
  const activity = ({ entry }: ChainSegment) => entry.own ?? entry.inherited
  const passed = segments.findIndex((one) => (activity(one)?.lastCommit?.xid ?? 0) >= xid)
  const begin = Math.max(0, passed === -1 ? segments.length - 1 : passed)
  const order = [...segments.slice(begin), ...segments.slice(0, begin).toReversed()]
  for (const segment of order.slice(0, mostSearched)) {
    const ends = onTheWay(await read(segment.entry), 0n, segment.to)
    const found = ends.find((end) => end.xid === xid)
    if (found) return { transaction: found }
  }
  return order.length <= mostSearched ? { transaction: null } : {}
}

/** The commits around a time on one timeline, in the order of time. */
export async function readNeighbours(
  services: IndexServices,
  { index }: PointFacts,
  { timeline, time }: NeighboursRequest,
  signal: AbortSignal,
): Promise<Neighbours> {
  const segments = index.segments.filter((entry) => entry.timeline === timeline && (entry.own?.commits ?? 0) > 0)
  const inside = segments.filter(
    ({ own }) => own?.earliest != null && own.latest != null && own.earliest <= time && own.latest > time,
  )
  const before = segments.findLast(({ own }) => own?.latest != null && own.latest <= time)
  const after = segments.find(({ own }) => own?.earliest != null && own.earliest > time)
  let best: Neighbours = { before: null, after: null }
  for (const entry of new Set([...inside, ...[before, after].filter((one) => one !== undefined)])) {
    const fork = entry.inherited ? toLsn(entry.inherited.forkAt) : 0n
    for (const end of knownEdge(entry, time) ?? (await readEnds(services, index, entry, signal))) {
      if (end.aborted || toLsn(end.lsn) < fork) continue
      if (end.time <= time && (best.before === null || end.time >= best.before.time)) best = { ...best, before: plain(end) }
      if (end.time > time && (best.after === null || end.time < best.after.time)) best = { ...best, after: plain(end) }
    }
  }
  return best
}

/** Of a segment wholly on one side, when its edge by position is that by time as well. */
function knownEdge({ own }: SegmentEntry, time: number): KnownEnd[] | null {
  if (!own?.firstCommit || !own.lastCommit || own.latest === null || own.earliest === null) return null
  if (own.latest <= time && own.lastCommit.time === own.latest) return [{ ...own.lastCommit, aborted: false }]
  if (own.earliest > time && own.firstCommit.time === own.earliest) return [{ ...own.firstCommit, aborted: false }]
  return null
}
