// Which moments a physical backup can bring back, in words: its own, and those that archived WAL leads to.
import type { CatalogEntry, RestoreWindow } from '../../../shared/contracts/backups'
import { isPhysical } from '../../../shared/model/backupRecord'
import { parseLsn } from '../../../shared/model/lsn'
import { microIso } from '../../../shared/model/removal'
import { formatWhen } from '../../format/time'

export interface Restorable {
  /** One line, for the list. */
  short: string
  /** One sentence for each way, for the details. */
  ways: { text: string; good: boolean }[]
}

/** null for a dump. `windows` is undefined while the archives are looked at. */
export function restorableWords(
  { path, record }: Pick<CatalogEntry, 'path' | 'record'>,
  windows: readonly RestoreWindow[] | undefined,
): Restorable | null {
  if (!isPhysical(record)) return null
  const own = record.kind !== 'base-backup' || record.walMethod !== 'none'
  const stop = formatWhen(record.stopTime)
  const mine = (windows ?? []).filter((window) => window.path === path)
  const end = parseLsn(record.stop.lsn) ?? 0n
  const reaching = mine.filter(({ problem, reaches }) => problem === '' && (parseLsn(reaches.lsn) ?? 0n) >= end)
  const ways = [
    own
      ? { text: `By itself: to exactly ${stop}, where it ended.`, good: true }
      : { text: 'By itself it can’t be started: its WAL is in an archive.', good: false },
    ...mine.map((window) => ({ text: wayWords(window, stop, end), good: reaching.includes(window) && window.gap === '' })),
  ]
  const best = reaching
    .filter(({ lastCommit }) => lastCommit !== null)
    .toSorted((a, b) => (b.lastCommit?.time ?? 0) - (a.lastCommit?.time ?? 0))[0]
  if (best?.lastCommit && microIso(best.lastCommit.time) > record.stopTime) {
    const gap = best.gap === '' ? '' : ', where WAL is missing or damaged'
    return { short: `Restorable from ${stop} to ${formatWhen(microIso(best.lastCommit.time))}${gap}`, ways }
  }
  if (own) return { short: `Restorable to exactly ${stop}`, ways }
  if (windows === undefined) return { short: 'Looking at the archives…', ways }
  return { short: reaching.length > 0 ? `Restorable to ${stop}` : 'Not restorable: its WAL is in no archive known here', ways }
}

function wayWords(window: RestoreWindow, stop: string, end: bigint): string {
  const { archive, reaches, lastCommit, gap, problem } = window
  if (problem !== '') return `With the archive ${archive}: ${problem}`
  if ((parseLsn(reaches.lsn) ?? 0n) < end) return `The archive ${archive} does not reach its end. ${gap}`.trim()
  const until =
    lastCommit === null
      ? `no commit follows up to ${reaches.lsn}`
      : `to ${formatWhen(microIso(lastCommit.time))}, the last commit`
  return [`With the archive ${archive}: from ${stop} ${until}, timeline ${reaches.timeline}.`, gap].filter(Boolean).join(' ')
}
