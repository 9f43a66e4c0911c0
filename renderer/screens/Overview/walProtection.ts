// What an archive means for the server's protection: how much could be lost, and what of it needs a look. Pure.
import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { ArchiveHealth, ArchiveMap } from '../../../shared/contracts/walArchive'
import { isPhysical, type PhysicalRecord } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { toLsn } from '../../../shared/model/lsn'
import { formatRoughDuration } from '../../format/duration'
import { plural } from '../../format/numbers'
import { formatClock } from '../../format/time'
import type { Verdict } from './protection'

/**
 * The newest backup from whose end the archive goes on without a hole to its newest segment. Along one timeline: ways over
 * a fork are judged where a moment is chosen.
 */
export function coveredBackup(map: ArchiveMap, health: ArchiveHealth, entries: readonly CatalogEntry[]): PhysicalRecord | null {
  const { newest } = health
  const size = map.segmentSize
  if (!newest || size === null || map.damaged.length > 0 || BigInt(map.toRead) > 0n) return null
  const range = map.timelines.find(({ timeline }) => timeline === newest.timeline)?.ranges.at(-1)
  if (!range) return null
  const covered = entries
    .flatMap(({ record }) => (isPhysical(record) ? [record] : []))
    .filter(({ stop, source }) => {
      const number = Number(toLsn(stop.lsn) / BigInt(size))
      const same = source.systemIdentifier === null || source.systemIdentifier === map.systemIdentifier
      return same && stop.timeline === newest.timeline && number >= range.firstNumber && number <= range.lastNumber
    })
  return covered.toSorted((a, b) => b.endedAt.localeCompare(a.endedAt))[0] ?? null
}

/** null where the archive does not carry the server's protection: no backup that it continues, or its server is not known. */
export function walLoss(map: ArchiveMap, health: ArchiveHealth, entries: readonly CatalogEntry[], now: number): string | null {
  const { behind, newest } = health
  if (behind === null || !newest || !coveredBackup(map, health, entries)) return null
  const last = map.timelines.find(({ timeline }) => timeline === newest.timeline)?.lastCommit ?? newest.lastCommit
  const commit = last ? `: last commit in the archive ${formatClock(new Date(Math.floor(last.time / 1000)).toISOString())}` : ''
  if (behind === '0')
    return `If it were lost now, you would lose nothing: all that was written is in the WAL archive${commit && `, ${commit.slice(2)}`}.`
  const since = formatRoughDuration(Math.max(0, now - Date.parse(newest.at)))
  return `If it were lost now, you would lose at most ${since} of changes, ${formatBytes(behind)} of WAL${commit}.`
}

/** Short, for the chips of the verdict. */
export function walConcerns(map: ArchiveMap | undefined, health: ArchiveHealth | undefined): string[] {
  const words = {
    failing: 'archiving fails',
    queue: 'archiver falls behind',
    'slot-lost': 'slot has lost WAL',
    'slot-limit': 'slot at its limit',
    'slot-unlimited': 'slot without limit',
    'slot-idle': 'slot not used',
    disk: 'archive disk fills up',
    off: 'archiving is off',
  } as const
  const gaps = map?.timelines.reduce((sum, timeline) => sum + timeline.gaps.length, 0) ?? 0
  return [
    ...new Set(health?.dangers.map(({ danger }) => words[danger])),
    ...(gaps > 0 ? [`${plural(gaps, 'gap')} in the WAL archive`] : []),
    ...(map && map.damaged.length > 0 ? [`${plural(map.damaged.length, 'WAL segment')} damaged`] : []),
  ]
}

/** The verdict of the dumps, with what the archive adds: less to lose, and more to look at. */
export function withWal(
  verdict: Verdict,
  { map, health }: { map: ArchiveMap | undefined; health: ArchiveHealth | undefined },
  entries: readonly CatalogEntry[],
  now: number,
): Verdict {
  const loss = map && health && walLoss(map, health, entries, now)
  return { ...verdict, loss: loss ?? verdict.loss, concerns: [...walConcerns(map, health), ...verdict.concerns] }
}
