// Backups, restore points and forks in pixels, and which of their words have room. Pure.
import type { MomentBackup, MomentRestorePoint } from '../../shared/contracts/recoveryPoint'
import { formatBytes } from '../../shared/model/byteCount'
import { momentText, type ZoneName } from '../format/zone'
import type { Frame } from './layoutLane'
import { reachable, type Span } from './reach'
import { dayMicro, spanOf } from './view'

/** Widths of letters at 12 px, on the safe side: Inter semibold and JetBrains Mono. */
export const sansWidth = (text: string) => text.length * 6.8
export const monoWidth = (text: string) => text.length * 7

export interface BackupMark {
  backup: MomentBackup
  x: number
  /** slim: too many for squares and rings. */
  look: 'full' | 'incremental' | 'slim'
  label: string
}

export interface ChainLine {
  from: number
  to: number
}

const markRoom = 20

/** `backups` of one timeline. */
export function drawBackups(
  backups: readonly MomentBackup[],
  frame: Frame,
  zone: ZoneName,
): { marks: BackupMark[]; chains: ChainLine[] } {
  const { left, right, scale, view } = frame
  const at = (backup: MomentBackup) => scale(backup.stopTime)
  const seen = backups.filter((backup) => at(backup) >= left - markRoom / 2 && at(backup) <= right)
  const inOrder = seen.toSorted((a, b) => a.stopTime - b.stopTime)
  // Full ones first: where there is no room, an incremental becomes the slim one.
  const drawn: number[] = []
  const wide = new Set<MomentBackup>()
  for (const backup of inOrder.toSorted((a, b) => Number(b.kind === 'full') - Number(a.kind === 'full'))) {
    if (drawn.some((x) => Math.abs(x - at(backup)) < markRoom)) continue
    drawn.push(at(backup))
    wide.add(backup)
    if (drawn.length > 200) break
  }
  const marks: BackupMark[] = []
  let lastSlim = Number.NEGATIVE_INFINITY
  for (const [index, backup] of inOrder.entries()) {
    const x = Math.round(at(backup) * 10) / 10
    if (wide.has(backup)) {
      const next = inOrder.slice(index + 1).find((other) => wide.has(other))
      const room = Math.min(right, next === undefined ? right : at(next) - 12) - x - (backup.kind === 'full' ? 14 : 11)
      marks.push({ backup, x, look: backup.kind, label: labelOf(backup, room, spanOf(view), zone) })
    } else if (x - lastSlim >= 2) {
      marks.push({ backup, x, look: 'slim', label: '' })
      lastSlim = x
    }
  }
  const chains = backups.flatMap((backup): ChainLine[] => {
    const parent = backup.kind === 'incremental' && backups.find(({ path }) => path === backup.parentPath)
    if (!parent) return []
    const [from, to] = [Math.max(left, at(parent) + (parent.kind === 'full' ? 9 : 5)), Math.min(right, at(backup) - 5)]
    return to <= left || from >= right || to <= from ? [] : [{ from, to }]
  })
  return { marks, chains: chains.slice(-200) }
}

function labelOf(backup: MomentBackup, room: number, span: number, zone: ZoneName): string {
  const text = momentText(backup.stopTime, zone)
  const when = span > 4 * dayMicro ? text.day : text.minute
  const words = backup.kind === 'full' ? [`full ${when}, ${formatBytes(backup.size)}`, `full ${when}`, when] : [when]
  return words.find((word) => sansWidth(word) <= room) ?? ''
}

export interface FlagMark {
  point: MomentRestorePoint
  x: number
  /** Hollow where it can't be reached. */
  reachable: boolean
  label: string
}

export function drawFlags(points: readonly MomentRestorePoint[], frame: Frame, reach: readonly Span[]): FlagMark[] {
  const { left, right, scale } = frame
  const seen = points.filter(({ time }) => scale(time) >= left && scale(time) <= right - 4).toSorted((a, b) => a.time - b.time)
  const marks: FlagMark[] = []
  for (const point of seen) {
    const x = Math.round(scale(point.time) * 10) / 10
    if (x - (marks.at(-1)?.x ?? Number.NEGATIVE_INFINITY) < 4) continue
    marks.push({ point, x, reachable: reachable(point.time, reach), label: point.name })
  }
  return marks.map((mark, index) => {
    const room = (marks[index + 1]?.x ?? right) - mark.x - 19
    return { ...mark, label: cut(mark.label, Math.floor(room / 7)) }
  })
}

function cut(text: string, letters: number): string {
  if (text.length <= letters) return text
  return letters < 5 ? '' : `${text.slice(0, letters - 1)}…`
}
