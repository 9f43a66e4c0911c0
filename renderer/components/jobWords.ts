// The words, signs and colours of a job's states and of what it is, the same everywhere.
import type { JobSnapshot, JobState } from '../../shared/jobs/job'
import { plural } from '../format/numbers'
import type { Tone } from './Chip'
import type { IconName } from './Icon'

export const jobStateLook: Readonly<Record<JobState, { word: string; tone: Tone; icon: IconName }>> = {
  queued: { word: 'Waiting', tone: 'neutral', icon: 'queue' },
  running: { word: 'Running', tone: 'accent', icon: 'play' },
  cancelling: { word: 'Cancelling', tone: 'warning', icon: 'stop' },
  succeeded: { word: 'Succeeded', tone: 'pass', icon: 'check' },
  succeeded_with_warnings: { word: 'Completed with warnings', tone: 'warning', icon: 'warn' },
  failed: { word: 'Failed', tone: 'blocker', icon: 'block' },
  cancelled: { word: 'Cancelled', tone: 'neutral', icon: 'x' },
  interrupted: { word: 'Interrupted', tone: 'blocker', icon: 'cross' },
}

/** "Completed with 3 errors", "Completed with 2 warnings"; else the state's word. */
export function outcomeWords(job: Pick<JobSnapshot, 'state' | 'errorCount' | 'warningCount'>): string {
  if (job.state !== 'succeeded_with_warnings') return jobStateLook[job.state].word
  if (job.errorCount > 0) return `Completed with ${plural(job.errorCount, 'error')}`
  if (job.warningCount > 0) return `Completed with ${plural(job.warningCount, 'warning')}`
  return jobStateLook[job.state].word
}

const capabilityIcon: Readonly<Record<string, IconName>> = {
  copy: 'copy',
  dump: 'backup',
  'cluster-dump': 'backup',
  'base-backup': 'disk',
  'cold-backup': 'backup',
  'local-clusters': 'server',
  restore: 'restore',
  'cluster-restore': 'restore',
  'dump-to-server': 'server',
  recovery: 'restore',
  rescue: 'restore',
  'recovery-look': 'restore',
  backups: 'pass',
  accident: 'search',
  drill: 'rescue',
  practice: 'practice',
  'wal-file': 'wal',
  'wal-stream': 'wal',
}

export function jobIcon(job: Pick<JobSnapshot, 'capability'>): IconName {
  return capabilityIcon[job.capability] ?? 'jobs'
}

/** The wizard that made a job of this kind, for "Edit and run"; where one capability has several, by the request's kind. */
const wizardPath: Readonly<Record<string, string>> = {
  dump: '/backup/dump',
  'cluster-dump': '/backup/cluster',
  'base-backup': '/backup/base',
  'cold-backup': '/backup/cold',
  restore: '/restore/dump',
  'cluster-restore': '/restore/cluster',
  'dump-to-server': '/restore/server',
  recovery: '/restore/standalone',
  'copy export': '/copy/export',
  'copy import': '/copy/import',
  'copy transfer': '/copy/table',
}

export function wizardOf(job: Pick<JobSnapshot, 'capability' | 'input'>): string | undefined {
  const { capability, input } = job
  const kind = typeof input === 'object' && input !== null && 'kind' in input ? input.kind : undefined
  if (capability === 'base-backup' && typeof input === 'object' && input !== null && 'chain' in input) return '/backups/combine'
  if (capability === 'recovery' && typeof input === 'object' && input !== null && 'point' in input) return '/restore/point'
  if (capability === 'rescue' && typeof input === 'object' && input !== null && 'jobId' in input)
    return `/rescue/${encodeURIComponent(String(input.jobId))}`
  return wizardPath[capability] ?? wizardPath[`${capability} ${String(kind)}`]
}

/** Brings a backup back, rather than making one. */
export function isRestore(job: Pick<JobSnapshot, 'capability'>): boolean {
  return ['restore', 'cluster-restore', 'recovery', 'recovery-look'].includes(job.capability)
}

/** The wizard that brings back what this job made or checked. */
export function restorePlace(job: Pick<JobSnapshot, 'capability' | 'input'>): string {
  const { capability, input } = job
  const known = typeof input === 'object' && input !== null ? input : {}
  const set = 'what' in known && known.what === 'set'
  // A verification is of any kind of backup, and says which.
  const kind = capability === 'backups' && 'kind' in known ? known.kind : capability
  if (kind === 'base-backup' || kind === 'cold-backup') return '/restore/standalone'
  return (kind === 'cluster-dump' && set) || kind === 'dump-set' ? '/restore/cluster' : '/restore/dump'
}
