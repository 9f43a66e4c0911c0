// Whether a backup and the WAL after it lead to a wish, by PostgreSQL's own rules, and where replay would stop.
// Over 150 lines: a case for each kind of target, each with its sentence.
import type { MomentRestorePoint, PointBlocker } from '../contracts/recoveryPoint'
import type { SegmentEntry, TransactionEnd } from './archiveIndex'
import { formatLsn, type Lsn, toLsn } from './lsn'
import type { Reach } from './recoveryReach'
import type { RecoveryWish } from './recoveryWish'
import { formatWalTime } from './walTime'

/** What the segments themselves say, where they were looked into; undefined: nobody looked. */
export interface DeepLook {
  /** Of a time: the last COMMIT before the stop, and the COMMIT or ABORT that stops. */
  before?: TransactionEnd | null
  after?: (TransactionEnd & { aborted: boolean }) | null
  /** Of a transaction: its end on the way; null when there is none. */
  transaction?: (TransactionEnd & { aborted: boolean }) | null
  /** Of a position: where the first record begins that is not before it; null when there is none. */
  record?: string | null
}

export interface Stop {
  /** Replay ends about here: exact, or the end of the segment that it ends in. */
  lsn: Lsn
  exact: boolean
  time: number | null
  says: string
  warnings: string[]
}

export type Verdict = { ok: true; stop: Stop } | { ok: false; reason: PointBlocker['reason']; says: string }

type No = Extract<Verdict, { ok: false }>

const no = (reason: No['reason'], says: string): No => ({ ok: false, reason, says })

/** `points`: the restore points on the way, by position. */
export function judgeReach(reach: Reach, wish: RecoveryWish, points: readonly MomentRestorePoint[], look: DeepLook): Verdict {
  const { backup, refused, chain } = reach
  if (backup.shown.problem !== '') return no('backup', backup.shown.problem)
  // Rule 6.
  if (refused) return no(refused.why === 'fork' ? 'fork' : 'timeline', noWay(reach, refused.refused))
  if (chain.refused !== null) return no('timeline', noWay(reach, chain.refused))
  // Rules 8 and 12: without the WAL up to its stop a backup is never consistent.
  if (chain.reaches < backup.stop.lsn) {
    const why = endOfWay(reach)
    return no(why.reason, `The backup ${backup.shown.label} needs WAL up to ${backup.shown.stop}. ${why.says}`)
  }
  switch (wish.kind) {
    case 'time':
      return judgeTime(reach, wish, look)
    case 'lsn':
      return judgeLsn(reach, wish, points, look)
    case 'xid':
      return judgeTransaction(reach, wish, look)
    case 'name':
      return judgeName(reach, wish, points)
    case 'immediate':
      return yes(backup.stop.lsn, backup.shown.stopTime, `Stops as soon as the backup is consistent, at ${backup.shown.stop}.`)
    case 'end':
      return judgeEnd(reach)
  }
}

function yes(lsn: Lsn, time: number | null, says: string, more: { exact?: boolean; warnings?: string[] } = {}): Verdict {
  return { ok: true, stop: { lsn, time, says, exact: more.exact ?? true, warnings: more.warnings ?? [] } }
}

function noWay({ backup, timeline }: Reach, refused: string): string {
  return `The backup ${backup.shown.label} does not lead to timeline ${timeline}: ${refused}.`
}

/** Why there is nothing after the end of the way, with its file. */
export function endOfWay({ chain }: Pick<Reach, 'chain'>): { reason: No['reason']; says: string } {
  const reaches = formatLsn(chain.reaches)
  const { damagedAt, unread, missing, salvaged } = chain
  if (damagedAt) {
    const files = damagedAt.files.join(' or ')
    return { reason: 'damage', says: `${files} is damaged at ${formatLsn(damagedAt.lsn)}: nothing after it can be reached.` }
  }
  if (unread) return { reason: 'unread', says: `${unread.file} was not read: ${unread.why}.` }
  if (missing?.odd)
    return { reason: 'damage', says: `${missing.odd.file} ${missing.odd.says}: nothing after ${reaches} can be reached.` }
  if (missing?.gap) return { reason: 'gap', says: `${missing.name} is missing: nothing after ${reaches} can be reached.` }
  return {
    reason: 'after-end',
    says: `${salvaged ? 'The salvaged WAL' : 'The archive'} ends at ${reaches} on timeline ${chain.timeline}.`,
  }
}

function transactionWords({ xid, time }: TransactionEnd): string {
  return `transaction ${xid} of ${formatWalTime(time)}`
}

/**
 * Rules 3 and 4. Source: recoveryStopsBefore [13 to 18]: a time stops before the first COMMIT or ABORT that is later, or, not
 * inclusive, that is not earlier; nothing else stops it.
 */
function judgeTime(reach: Reach, wish: RecoveryWish & { kind: 'time' }, { before, after }: DeepLook): Verdict {
  const { backup, lastEnd } = reach
  const { label, stop, stopTime } = backup.shown
  const asked = formatWalTime(wish.value)
  if (wish.value < stopTime) {
    return no('before-backup', `${asked} is before the end of the backup ${label} at ${formatWalTime(stopTime)}.`)
  }
  const end = endOfWay(reach)
  if (lastEnd === null) {
    return no(
      end.reason,
      `No transaction ended after the backup ${label} at ${stop}, so no time can be reached from it. ${end.says}`,
    )
  }
  if (wish.inclusive && wish.value === lastEnd.time) {
    const says = `${asked} is that of the last commit in reach, transaction ${lastEnd.xid}: a time must lie strictly before it. ${end.says}`
    return no('equals-last-end', says)
  }
  if (wish.value > lastEnd.time) {
    return no(end.reason, `${asked} is after the last commit in reach, ${transactionWords(lastEnd)}. ${end.says}`)
  }
  const place = stopSegment(reach, wish)
  if (!after) {
    const says = `Stops before the first commit ${wish.inclusive ? 'after' : 'at or after'} ${asked}.`
    return yes(place, wish.value, says, { exact: false })
  }
  const kept = before ? ` The last one kept is ${transactionWords(before)}.` : ' No commit after the backup is kept.'
  const what = after.aborted ? 'rollback' : 'commit'
  return yes(toLsn(after.lsn), before?.time ?? null, `Stops before the ${what} of ${transactionWords(after)}.${kept}`)
}

/** The end of the first segment with a commit that stops. */
function stopSegment({ chain }: Reach, wish: RecoveryWish & { kind: 'time' }): Lsn {
  return chain.segments.find(({ entry }) => stopsAtTime(entry, wish))?.to ?? chain.reaches
}

/** By the index: a COMMIT in it, or its last ABORT, stops a recovery to this time. */
export function stopsAtTime({ own, inherited }: SegmentEntry, { value, inclusive }: RecoveryWish & { kind: 'time' }): boolean {
  const stops = (time: number | null | undefined) => time != null && (inclusive ? time > value : time >= value)
  return [inherited, own].some((one) => one !== null && (stops(one.latest) || stops(one.lastEnd?.time)))
}

/** Source: recoveryStopsAfter and recoveryStopsBefore: the first record that begins at the position or after it stops. */
function judgeLsn(
  reach: Reach,
  wish: RecoveryWish & { kind: 'lsn' },
  points: readonly MomentRestorePoint[],
  { record }: DeepLook,
): Verdict {
  const { backup, chain, lastEnd } = reach
  const asked = toLsn(wish.value)
  if (asked < backup.stop.lsn) {
    return no('before-backup', `${wish.value} is before the end of the backup ${backup.shown.label} at ${backup.shown.stop}.`)
  }
  if (asked >= chain.reaches) {
    const end = endOfWay(reach)
    return no(end.reason, `${wish.value} is not in reach. ${end.says}`)
  }
  if (record === null) return no('after-end', `No record begins at ${wish.value} or after it. ${endOfWay(reach).says}`)
  const which = wish.inclusive ? 'after' : 'before'
  if (record !== undefined) return yes(toLsn(record), null, `Stops ${which} the record at ${record}.`)
  const known = [lastEnd?.lsn, ...points.map(({ lsn }) => lsn)].some((lsn) => {
    const at = lsn === undefined ? 0n : toLsn(lsn)
    return at >= asked && at < chain.reaches
  })
  const warnings = known
    ? []
    : [`Whether a record begins at ${wish.value} or after it is not known: no commit does. Without one recovery fails.`]
  return yes(asked, null, `Stops ${which} the first record that begins at ${wish.value} or later.`, { warnings })
}

/** Rule 5: equality. A transaction that never ended does not stop anything. */
function judgeTransaction(reach: Reach, wish: RecoveryWish & { kind: 'xid' }, { transaction }: DeepLook): Verdict {
  const { backup, chain } = reach
  const { label, stop } = backup.shown
  if (transaction === undefined) {
    const warning = `Whether transaction ${wish.value} ended on the way is not known. Without its commit recovery fails at the end of the WAL.`
    return yes(chain.reaches, null, `Stops at the commit of transaction ${wish.value}.`, { exact: false, warnings: [warning] })
  }
  const end = endOfWay(reach)
  if (transaction === null) {
    return no(
      'not-found',
      `No commit or rollback of transaction ${wish.value} is between the backup ${label} and ${formatLsn(chain.reaches)}. ${end.says}`,
    )
  }
  const at = toLsn(transaction.lsn)
  if (at < backup.stop.lsn) {
    return no(
      'before-backup',
      `Transaction ${wish.value} ended at ${transaction.lsn}, before the end of the backup ${label} at ${stop}.`,
    )
  }
  if (at >= chain.reaches)
    return no(end.reason, `Transaction ${wish.value} ended at ${transaction.lsn}, which is not in reach. ${end.says}`)
  const what = transaction.aborted ? 'rollback' : 'commit'
  const says = `Stops ${wish.inclusive ? 'after' : 'before'} the ${what} of ${transactionWords(transaction)}.`
  const warnings = transaction.aborted ? [`Transaction ${wish.value} was rolled back: nothing of it will be seen.`] : []
  return yes(at, transaction.time, says, { warnings })
}

/** Rule 5: names are not unique, and the first match after the start of the redo stops, be it before the backup's stop. */
function judgeName(reach: Reach, wish: RecoveryWish & { kind: 'name' }, points: readonly MomentRestorePoint[]): Verdict {
  const { backup, chain } = reach
  const { label, stop } = backup.shown
  const matches = points.filter(({ name, lsn }) => name === wish.value && toLsn(lsn) >= backup.start.lsn)
  const [first] = matches
  const end = endOfWay(reach)
  if (!first) {
    const before = points.some(({ name }) => name === wish.value)
    if (before) return no('before-backup', `The restore point ${wish.value} is before the backup ${label}.`)
    return no('not-found', `No restore point ${wish.value} is on the way to timeline ${reach.timeline}. ${end.says}`)
  }
  const at = toLsn(first.lsn)
  if (at < backup.stop.lsn) {
    return no(
      'before-backup',
      `The restore point ${wish.value} at ${first.lsn} is before the end of the backup ${label} at ${stop}.`,
    )
  }
  if (at >= chain.reaches) return no(end.reason, `The restore point ${wish.value} at ${first.lsn} is not in reach. ${end.says}`)
  const others = matches.length - 1
  const warnings =
    others === 0
      ? []
      : [
          `${matches.length} restore points are named ${wish.value}. Recovery stops at the first, of ${formatWalTime(first.time)}; ask for the position of a later one instead.`,
        ]
  return yes(at, first.time, `Stops at the restore point ${wish.value} of ${formatWalTime(first.time)}.`, { warnings })
}

/** Rule 12: at a gap or a damaged record the server takes the WAL for ended, and promotes with what comes after it lost. */
function judgeEnd(reach: Reach): Verdict {
  const { chain, lastCommit } = reach
  const end = endOfWay(reach)
  if (end.reason !== 'after-end') {
    return no(end.reason, `${end.says} Without a target PostgreSQL would take that for the end, and say nothing of what is lost.`)
  }
  const last = lastCommit ? ` The last commit is ${transactionWords(lastCommit)}.` : ' No commit is in it after the backup.'
  return yes(chain.reaches, lastCommit?.time ?? null, `Replays all WAL up to ${formatLsn(chain.reaches)}.${last}`)
}
