// From a wish to a plan: which backup, which timeline, which WAL, the one target setting; or why not, and what is nearest.
import type { MomentRestorePoint, PointBlocker, PointPlan } from '../contracts/recoveryPoint'
import type { ArchiveIndex } from './archiveIndex'
import { formatBytes } from './byteCount'
import { formatLsn, type Lsn, toLsn } from './lsn'
import { type DeepLook, endOfWay, judgeReach, type Stop, type Verdict } from './recoveryJudge'
import { allRestorePoints, knowsTimeline } from './recoveryMoments'
import { nearestMoment } from './recoveryNearest'
import { type BackupFacts, type Reach, reachesOf } from './recoveryReach'
import { targetSetting, targetSettings } from './recoveryTarget'
import type { RecoveryWish } from './recoveryWish'
import { isSalvaged } from './salvage'
import type { TimelinePart } from './timelineHistory'
import { partsTo } from './walChain'
import { segmentName } from './walFile'

export interface PlanFacts {
  index: ArchiveIndex
  /** Of the archive's cluster. */
  backups: readonly BackupFacts[]
  wish: RecoveryWish
  /** The backup to begin with; null: the one with the least to replay, be it full or incremental. */
  backup: string | null
  /** Bytes of WAL in the archive that were not read yet. */
  toRead: bigint
  look?: DeepLook
}

/** Guesses for a machine of today, bytes a second: copying with checksums, and replaying. */
const copyRate = 150_000_000
const replayRate = 40_000_000

export function planPoint(facts: PlanFacts): PointPlan {
  const { index, wish, backups } = facts
  const blocked = (
    blocker: Omit<PointBlocker, 'nearest' | 'nearestSays'>,
    reaches: readonly Reach[],
    about?: Reach,
  ): PointPlan => ({
    ...emptyPlan(wish),
    backup: about?.backup.shown ?? null,
    chain: about?.backup.chain ?? [],
    blockers: [{ ...blocker, ...nearestMoment(wish, reaches) }],
  })
  const chosen = facts.backup === null ? backups : backups.filter(({ shown }) => shown.path === facts.backup)
  if (backups.length === 0) {
    return blocked({ reason: 'backup', says: 'No library holds a base backup of this cluster: recovery begins with one.' }, [])
  }
  if (chosen.length === 0) {
    return blocked({ reason: 'backup', says: `${facts.backup} is no base backup of this cluster in a library.` }, [])
  }
  if (!knowsTimeline(index, wish.timeline) && !backups.some(({ stop }) => stop.timeline === wish.timeline)) {
    // Rule 6: `recovery target timeline %u does not exist`.
    return blocked({ reason: 'timeline', says: `Timeline ${wish.timeline} is not in the archive.` }, [])
  }
  const all = reachesOf(index, backups, wish.timeline)
  const reaches = all.filter(({ backup }) => chosen.includes(backup))
  const judged = reaches.map((reach) => {
    const points = pointsOnTheWay(index, reach)
    return { reach, verdict: judgeReach(reach, wish, points, facts.look ?? {}) }
  })
  const good = judged.filter((one): one is Judged & { verdict: Good } => one.verdict.ok).toSorted(lessToDo)
  const [best] = good
  if (!best) {
    const worst = mostTelling(judged)
    if (!worst) return emptyPlan(wish)
    return blocked({ reason: worst.verdict.reason, says: worst.verdict.says }, all, worst.reach)
  }
  return goodPlan(facts, best.reach, best.verdict.stop, good.slice(1))
}

interface Judged {
  reach: Reach
  verdict: Verdict
}
type Good = Extract<Verdict, { ok: true }>
type Bad = Extract<Verdict, { ok: false }>

/** The one that ended last: the least is replayed. Of two that ended at the same place, the one with fewer to combine. */
function lessToDo(a: Judged, b: Judged): number {
  return later(a, b) || a.reach.backup.chain.length - b.reach.backup.chain.length
}

function later(a: Judged, b: Judged): number {
  const [one, other] = [a.reach.backup.stop.lsn, b.reach.backup.stop.lsn]
  return one > other ? -1 : one < other ? 1 : 0
}

/** Of several reasons the one that says most: of the newest backup that is before the moment; of the oldest when all are later. */
function mostTelling(judged: readonly Judged[]): { reach: Reach; verdict: Bad } | undefined {
  const bad = judged.filter((one): one is Judged & { verdict: Bad } => !one.verdict.ok).toSorted(later)
  const about = (reasons: readonly Bad['reason'][]) => bad.filter(({ verdict }) => reasons.includes(verdict.reason))
  const ways = ['backup', 'timeline', 'fork'] as const
  const others = bad.filter(({ verdict }) => verdict.reason !== 'before-backup' && !ways.some((way) => way === verdict.reason))
  return others[0] ?? about(['fork'])[0] ?? about(['before-backup']).at(-1) ?? about(['timeline'])[0] ?? bad[0]
}

function emptyPlan(wish: RecoveryWish): PointPlan {
  return {
    ...{ backup: null, chain: [], timeline: wish.timeline, segments: 0, firstSegment: null, lastSegment: null, bytes: '0' },
    ...{ stopLsn: null, stopTime: null, estimate: null, stopsAt: '', warnings: [], blockers: [], alternatives: [] },
    setting: targetSetting(wish),
    settings: targetSettings(wish),
  }
}

function goodPlan(facts: PlanFacts, reach: Reach, stop: Stop, others: readonly (Judged & { verdict: Good })[]): PointPlan {
  const { index, wish } = facts
  const { backup } = reach
  const work = workOf(index, backup, wish.timeline, stop.lsn)
  const seconds = (bytes: number, rate: number) => Math.max(1, Math.round(bytes / rate))
  return {
    ...emptyPlan(wish),
    ...work,
    ...salvagedOf(index, reach, stop.lsn),
    backup: backup.shown,
    chain: backup.chain,
    stopLsn: stop.exact ? formatLsn(stop.lsn) : null,
    stopTime: stop.time,
    estimate: {
      copySeconds: seconds(Number(backup.shown.size), copyRate),
      replaySeconds: seconds(Number(work.bytes), replayRate),
    },
    stopsAt: stop.says,
    warnings: [...stop.warnings, ...warningsOf(facts, reach, stop)],
    alternatives: others.toSorted(later).map(({ reach: other, verdict }) => {
      const { segments, bytes } = workOf(index, other.backup, wish.timeline, verdict.stop.lsn)
      const combining = other.backup.chain.length === 0 ? '' : `, but ${other.backup.chain.length} backups are combined first`
      const says = `With the backup ${other.backup.shown.label}: ${countedSegments(segments)}, ${formatBytes(bytes)} of WAL${combining}.`
      return { backup: other.backup.shown.path, label: other.backup.shown.label, segments, bytes, says }
    }),
  }
}

/** The names of those that hold a part of the way up to the stop. */
function salvagedOf(index: ArchiveIndex, { chain }: Reach, stop: Lsn): Pick<PointPlan, 'salvaged'> {
  const used = chain.segments.filter(({ entry, from }) => isSalvaged(index, entry) && from < stop)
  return used.length === 0 ? {} : { salvaged: used.map(({ entry }) => entry.file.slice(0, 24)) }
}

export function countedSegments(segments: number): string {
  return `${segments.toLocaleString('en-US')} ${segments === 1 ? 'segment' : 'segments'}`
}

/** All WAL from the start of the redo to the stop, wherever it comes from. */
function workOf(index: ArchiveIndex, backup: BackupFacts, timeline: number, stop: Lsn) {
  const size = index.segmentSize
  const bytes = stop > backup.start.lsn ? stop - backup.start.lsn : 0n
  if (size === null) return { segments: 0, firstSegment: null, lastSegment: null, bytes: String(bytes) }
  const way = partsTo(index, backup.stop, timeline)
  const parts = 'refused' in way ? [] : way.parts
  const first = backup.start.lsn / BigInt(size)
  const end = stop > backup.start.lsn ? stop - 1n : stop
  const last = end / BigInt(size)
  const name = (number: bigint) =>
    segmentName({ timeline: timelineAt(parts, number, size) ?? backup.start.timeline, number }, size)
  return {
    segments: Number(last - first) + 1,
    firstSegment: segmentName({ timeline: backup.start.timeline, number: first }, size),
    lastSegment: name(last),
    bytes: String(bytes),
  }
}

/** As the server asks for it: the newest timeline of the way that has begun by the end of the segment. */
function timelineAt(parts: readonly TimelinePart[], number: bigint, size: number): number | undefined {
  return parts.findLast((part) => part.from < (number + 1n) * BigInt(size))?.timeline
}

function warningsOf({ wish, index, toRead }: PlanFacts, reach: Reach, stop: Stop): string[] {
  const warnings: string[] = []
  const way = partsTo(index, reach.backup.stop, wish.timeline)
  const own = 'refused' in way ? undefined : way.parts.find(({ timeline }) => timeline === wish.timeline)
  if (own && stop.exact && wish.timeline !== reach.backup.stop.timeline && stop.lsn < own.from) {
    warnings.push(`That moment is before timeline ${wish.timeline} begins, at ${formatLsn(own.from)}: it is the same on both.`)
  }
  if (wish.kind === 'end' && wish.action !== 'promote') {
    // Source: StartupXLOG: the action belongs to a target; at the end of the WAL the cluster is promoted.
    warnings.push(
      `At the end of the WAL there is nothing to ${wish.action === 'pause' ? 'pause' : 'shut down'} at: the cluster is promoted.`,
    )
  } else if (wish.action === 'shutdown') {
    warnings.push(
      'After the shutdown recovery.signal stays: the next start shuts down again, until it is removed or another target is set.',
    )
  }
  const end = endOfWay(reach)
  if (end.reason !== 'after-end') warnings.push(`Not further on this way: ${end.says}`)
  const partial = reach.chain.segments.at(-1)
  if (partial?.entry.partial && stop.lsn > partial.from) {
    const when = isSalvaged(index, partial.entry)
      ? 'was being written when the server died'
      : 'was not complete when it was copied'
    warnings.push(`The last segment on the way is ${partial.entry.file}, which ${when}.`)
  }
  if (reach.backup.shown.verified === null) warnings.push(`The backup ${reach.backup.shown.label} was never checked.`)
  if (toRead > 0n) warnings.push(`${formatBytes(toRead)} of WAL in the archive were not read yet: what is in it is not known.`)
  return warnings
}

/** By position. From 1 on the way each timeline counts between its forks. */
function pointsOnTheWay(index: ArchiveIndex, { backup, timeline }: Reach): MomentRestorePoint[] {
  const way = partsTo(index, backup.stop, timeline)
  if ('refused' in way) return []
  const on = ({ timeline: own, lsn }: MomentRestorePoint) => {
    const at = toLsn(lsn)
    return way.parts.some((part) => part.timeline === own && at >= part.from && (part.to === null || at < part.to))
  }
  return allRestorePoints(index)
    .filter(on)
    .toSorted((a, b) => (toLsn(a.lsn) < toLsn(b.lsn) ? -1 : 1))
}
