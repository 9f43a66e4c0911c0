// The settings that ask PostgreSQL for a moment: exactly one target, a pinned timeline, and what to do when it is reached.
import type { RecoveryWish } from './recoveryWish'
import { formatWalTime } from './walTime'

export interface Setting {
  name: string
  value: string
}

/**
 * `2026-11-22 09:14:32.500000+00:00`. Rule 2: always with a numeric offset. `Z` is refused as an invalid value, and without a
 * zone the server's own counts.
 */
export function formatTargetTime(time: number): string {
  return formatWalTime(time).replace(/ UTC$/, '+00:00')
}

/**
 * Rule 1: one target alone; two are FATAL `multiple recovery targets specified`, and an empty one counts as none, so that
 * everything would be replayed. null for the end of the WAL, which has no setting. Throws RangeError for an empty name.
 */
export function targetSetting(wish: RecoveryWish): Setting | null {
  switch (wish.kind) {
    case 'time':
      return { name: 'recovery_target_time', value: formatTargetTime(wish.value) }
    case 'lsn':
      return { name: 'recovery_target_lsn', value: wish.value }
    case 'xid':
      return { name: 'recovery_target_xid', value: String(wish.value) }
    case 'name':
      if (wish.value.trim() === '') throw new RangeError('A restore point has a name.')
      return { name: 'recovery_target_name', value: wish.value }
    case 'immediate':
      return { name: 'recovery_target', value: 'immediate' }
    case 'end':
      return null
  }
}

/** inclusive has a meaning for these alone: a restore point and consistency are stopped after. */
export function hasInclusive({ kind }: Pick<RecoveryWish, 'kind'>): boolean {
  return kind === 'time' || kind === 'lsn' || kind === 'xid'
}

/** In the order in which they are written. Rule 6: the timeline is a number, never `latest`. Rule 11: pause needs hot_standby. */
export function targetSettings(wish: RecoveryWish): Setting[] {
  const target = targetSetting(wish)
  return [
    ...(target ? [target] : []),
    ...(hasInclusive(wish) ? [{ name: 'recovery_target_inclusive', value: wish.inclusive ? 'on' : 'off' }] : []),
    { name: 'recovery_target_timeline', value: String(wish.timeline) },
    // Without a target there is nothing to act upon: the end of the WAL promotes.
    ...(target ? [{ name: 'recovery_target_action', value: wish.action }] : []),
    { name: 'hot_standby', value: 'on' },
    { name: 'archive_mode', value: 'off' },
  ]
}

/**
 * The wish in words, as a sentence goes on with it: "the time 2026-11-22 09:14:32.500000 UTC", "transaction 851"; one that
 * leaves its own commit out is another moment, "the moment before transaction 851".
 */
export function wishWords(wish: RecoveryWish): string {
  switch (wish.kind) {
    case 'time':
      return wish.inclusive ? `the time ${formatWalTime(wish.value)}` : `the moment before ${formatWalTime(wish.value)}`
    case 'lsn':
      return `${wish.inclusive ? '' : 'the moment before '}the position ${wish.value}`
    case 'xid':
      return `${wish.inclusive ? '' : 'the moment before '}transaction ${wish.value}`
    case 'name':
      return `the restore point ${wish.value}`
    case 'immediate':
      return 'the end of the backup'
    case 'end':
      return 'the end of the WAL'
  }
}
