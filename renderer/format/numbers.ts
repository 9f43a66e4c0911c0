// Counts with thousands separated, amounts with their unit, and plurals.

import type { JobProgress } from '../../shared/jobs/job'
import { formatBytes } from '../../shared/model/byteCount'

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** 1,873 */
export function formatCount(value: number | bigint): string {
  return grouped.format(value)
}

/** plural(1, 'error') is "1 error", plural(3, 'entry', 'entries') is "3 entries". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** "4.18 GB" or "312,408 rows" */
export function formatAmount(value: number, unit: JobProgress['unit']): string {
  return unit === 'bytes' ? formatBytes(Math.round(value)) : `${formatCount(Math.round(value))} ${unit}`
}

/** "4.18 of 6.14 GB" where both have one unit, "905 MB of 1.2 GB" where not, "12 of 44 objects". */
export function formatDone(progress: Pick<JobProgress, 'done' | 'total' | 'unit'>): string {
  const { done, total, unit } = progress
  if (total === null) return formatAmount(done, unit)
  if (unit !== 'bytes') return `${formatCount(Math.round(done))} of ${formatCount(Math.round(total))} ${unit}`
  const [doneText, totalText] = [formatBytes(Math.round(done)), formatBytes(Math.round(total))]
  const doneUnit = doneText.slice(doneText.lastIndexOf(' '))
  return totalText.endsWith(doneUnit) ? `${doneText.slice(0, -doneUnit.length)} of ${totalText}` : `${doneText} of ${totalText}`
}

/** "112 MB/s", "14,200 rows/s"; slow counted rates per minute, since "0 objects/s" says nothing. */
export function formatRate(perSecond: number, unit: JobProgress['unit']): string {
  if (unit === 'bytes') return `${formatBytes(Math.round(perSecond))}/s`
  if (perSecond < 1) return `${formatCount(Math.round(perSecond * 60))} ${unit}/min`
  return `${formatCount(Math.round(perSecond))} ${unit}/s`
}

/** 0 to 100, undefined where the total is unknown or nothing. Never 100 before all is done. */
export function percentOf(progress: Pick<JobProgress, 'done' | 'total'>): number | undefined {
  if (progress.total === null || progress.total <= 0) return undefined
  if (progress.done >= progress.total) return 100
  return Math.min(99, Math.floor((progress.done / progress.total) * 100))
}
