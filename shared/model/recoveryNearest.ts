// The reachable moment that is nearest to one that can't be reached.
import type { PointBlocker } from '../contracts/recoveryPoint'
import { type Lsn, toLsn } from './lsn'
import type { Reach } from './recoveryReach'
import type { RecoveryWish } from './recoveryWish'
import { formatWalTime } from './walTime'

type Nearest = Pick<PointBlocker, 'nearest' | 'nearestSays'>

const none: Nearest = { nearest: null, nearestSays: '' }

/** `reaches`: of every backup along the wish's timeline. */
export function nearestMoment(wish: RecoveryWish, reaches: readonly Reach[]): Nearest {
  const usable = reaches.filter(
    ({ backup, refused, chain }) =>
      backup.shown.problem === '' && !refused && chain.refused === null && chain.reaches >= backup.stop.lsn,
  )
  if (usable.length === 0) return none
  if (wish.kind === 'time') return nearestTime(wish, usable)
  if (wish.kind === 'lsn') return nearestPosition(wish, toLsn(wish.value), usable)
  if (wish.kind === 'xid') return nearestTransaction(wish, usable)
  // Of a name, of the end and of consistency: as far as it goes.
  return furthest(wish, usable)
}

/** Rule 4: what lies at the last commit and after it is asked for by its position. */
function lastOf(wish: RecoveryWish, { lastEnd }: Reach): Nearest {
  if (!lastEnd) return none
  const { timeline, action } = wish
  return {
    nearest: { kind: 'lsn', value: lastEnd.lsn, timeline, action, inclusive: true },
    nearestSays: `Up to the last commit in reach, transaction ${lastEnd.xid} of ${formatWalTime(lastEnd.time)}, by its position ${lastEnd.lsn}.`,
  }
}

/** Where the backup ends: as soon as it is consistent, where no WAL after it can be stopped at. */
function firstOf(wish: RecoveryWish, { backup, chain }: Reach, newest: Reach | undefined): Nearest {
  const { timeline, action, inclusive } = wish
  const { label, stopTime, stop } = backup.shown
  const nearestSays = `The end of the backup ${label}, ${formatWalTime(stopTime)}.`
  if (chain.reaches > backup.stop.lsn) {
    return { nearest: { kind: 'lsn', value: stop, timeline, action, inclusive: false }, nearestSays }
  }
  // Without a position it is the newest backup that is taken.
  return newest?.backup === backup ? { nearest: { kind: 'immediate', timeline, action, inclusive }, nearestSays } : none
}

function newestOf(reaches: readonly Reach[]): Reach | undefined {
  return reaches.toSorted((a, b) => (a.backup.stop.lsn < b.backup.stop.lsn ? 1 : -1))[0]
}

function nearestTime(wish: RecoveryWish & { kind: 'time' }, reaches: readonly Reach[]): Nearest {
  let best: { distance: number; found: Nearest } | null = null
  const offer = (distance: number, found: Nearest) => {
    if (found.nearest && (best === null || distance < best.distance)) best = { distance, found }
  }
  const newest = newestOf(reaches)
  for (const reach of reaches) {
    const { times, backup, lastEnd } = reach
    if (lastEnd && wish.value >= lastEnd.time) offer(wish.value - lastEnd.time, lastOf(wish, reach))
    else if (times && wish.value < times.from) {
      const value = times.from
      const nearestSays = `${formatWalTime(value)}, when the backup ${backup.shown.label} ended.`
      offer(value - wish.value, { nearest: { ...wish, value }, nearestSays })
    } else if (!times) offer(Math.abs(wish.value - backup.shown.stopTime), firstOf(wish, reach, newest))
  }
  return best === null ? none : (best as { found: Nearest }).found
}

function nearestPosition(wish: RecoveryWish, asked: Lsn, reaches: readonly Reach[]): Nearest {
  let best: { distance: Lsn; found: Nearest } | null = null
  const newest = newestOf(reaches)
  for (const reach of reaches) {
    const { backup, lastEnd } = reach
    const before = asked < backup.stop.lsn
    const found = before || !lastEnd ? firstOf(wish, reach, newest) : lastOf(wish, reach)
    const at = before || !lastEnd ? backup.stop.lsn : toLsn(lastEnd.lsn)
    const distance = asked < at ? at - asked : asked - at
    if (found.nearest && (best === null || distance < best.distance)) best = { distance, found }
  }
  return best?.found ?? none
}

/** By number: the ones that the index names, the first and the last of each segment. */
function nearestTransaction(wish: RecoveryWish & { kind: 'xid' }, reaches: readonly Reach[]): Nearest {
  let best: { distance: number; xid: number; time: number } | null = null
  for (const { backup, chain } of reaches) {
    for (const { entry } of chain.segments) {
      for (const end of [entry.own?.firstCommit, entry.own?.lastCommit]) {
        if (!end || toLsn(end.lsn) < backup.stop.lsn || toLsn(end.lsn) >= chain.reaches) continue
        const distance = Math.abs(end.xid - wish.value)
        if (best === null || distance < best.distance) best = { distance, xid: end.xid, time: end.time }
      }
    }
  }
  if (!best) return none
  return {
    nearest: { ...wish, value: best.xid },
    nearestSays: `Transaction ${best.xid}, which committed at ${formatWalTime(best.time)}.`,
  }
}

function furthest(wish: RecoveryWish, reaches: readonly Reach[]): Nearest {
  const best = reaches.reduce((far, reach) => (reach.chain.reaches > far.chain.reaches ? reach : far))
  const found = lastOf(wish, best)
  return found.nearest ? found : firstOf(wish, best, newestOf(reaches))
}
