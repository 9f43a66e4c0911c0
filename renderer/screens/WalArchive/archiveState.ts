// In one word and one tone how an archive does, from what its server and its folder say. Pure.
import type { ArchiveHealth, ArchiveMap } from '../../../shared/contracts/walArchive'
import { formatBytes } from '../../../shared/model/byteCount'
import type { WalArchive } from '../../../shared/model/walArchive'
import type { SeverityLevel } from '../../components/Chip'
import { plural } from '../../format/numbers'
import { formatWhen } from '../../format/time'

export interface ArchiveState {
  level: SeverityLevel
  word: string
}

export const kindWords = { file: 'File archive', stream: 'Streaming archive', folder: 'Folder' } as const

export function archiveState(archive: WalArchive, health: ArchiveHealth | undefined): ArchiveState {
  if (!health) return { level: 'unknown', word: 'Asking the server' }
  const { server, dangers } = health
  if (archive.kind === 'folder' && archive.connectionId === null) return { level: 'info', word: 'Only read' }
  if (!server) return { level: 'unknown', word: 'Server not reached' }
  const slot = server.slots.find(({ name }) => name === archive.stream?.slot)
  if (archive.kind === 'stream') {
    if (!slot) return { level: 'blocker', word: 'Slot is gone' }
    if (slot.walStatus === 'lost') return { level: 'blocker', word: 'Slot has lost WAL' }
    return slot.active ? { level: 'pass', word: 'Streaming' } : { level: 'warning', word: 'Stopped' }
  }
  if (archive.kind === 'folder') return { level: 'info', word: 'Only read' }
  if (dangers.some(({ danger }) => danger === 'off')) return { level: 'blocker', word: 'Off' }
  if (dangers.some(({ danger }) => danger === 'failing')) return { level: 'blocker', word: 'Failing' }
  if (dangers.some(({ danger }) => danger === 'queue')) return { level: 'warning', word: 'Falling behind' }
  return { level: 'pass', word: 'Archiving' }
}

/** What the map finds wrong, short, for the chips. */
export function mapConcerns(map: ArchiveMap | undefined): { tone: 'warning' | 'blocker'; words: string }[] {
  if (!map) return []
  const gaps = map.timelines.flatMap(({ gaps }) => gaps)
  const odd = map.odd.filter(({ fault }) => fault !== 'unknown' && fault !== 'duplicate').length
  return [
    ...(map.damaged.length > 0 ? [{ tone: 'blocker' as const, words: `${plural(map.damaged.length, 'segment')} damaged` }] : []),
    ...(gaps.length > 0 ? [{ tone: 'warning' as const, words: plural(gaps.length, 'gap') }] : []),
    ...(odd > 0 ? [{ tone: 'warning' as const, words: plural(odd, 'odd file') }] : []),
  ]
}

/** Microseconds since 1970, as the WAL has them. */
export function walWhen(time: number): string {
  return formatWhen(new Date(Math.floor(time / 1000)).toISOString())
}

/** "0 B", "4.2 MB": what the server wrote and the archive has not. */
export function behindWords({ behind, newest, server }: ArchiveHealth): string {
  if (behind !== null) return behind === '0' ? 'nothing' : formatBytes(behind)
  if (!newest) return 'nothing archived yet'
  if (server?.timeline != null && server.timeline !== newest.timeline)
    return `not known: the server is on timeline ${server.timeline}`
  return 'not known'
}

export function diskWords({ freeBytes, forecast }: ArchiveHealth, now: number): string {
  if (freeBytes === null) return 'not known'
  const free = `${formatBytes(freeBytes)} free`
  if (!forecast) return free
  const days = (Date.parse(forecast.fullAt) - now) / 86_400_000
  if (days > 3650) return `${free}, enough for years`
  return `${free}, full in about ${days < 1.5 ? plural(Math.max(1, Math.round(days * 24)), 'hour') : plural(Math.round(days), 'day')}`
}
