// The name a job's report is suggested. Pure.
import type { JobSnapshot } from '../../../shared/jobs/job'

/** "Restore-into-orders-2026-11-22-1306.txt", by the time of this machine; letters and digits that every file system takes. */
export function reportName({ title, endedAt, createdAt }: Pick<JobSnapshot, 'title' | 'endedAt' | 'createdAt'>): string {
  const at = new Date(endedAt ?? createdAt)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const words = title.replace(/[^\p{L}\p{N}_]+/gu, '-').replace(/^-|-$/g, '')
  return `${[...words].slice(0, 60).join('') || 'job'}-${day}-${two(at.getHours())}${two(at.getMinutes())}.txt`
}

/** Why a name can't be that of a file in the folder; empty when it can. */
export function nameProblem(name: string): string {
  if (name.trim() === '') return 'The file needs a name.'
  if (/[\\/]/.test(name)) return 'A name has no / and no \\ in it: choose the folder above.'
  return ''
}
