// What the desktop shows of running jobs: no sleep while one runs, progress in the taskbar, a notification at the end.
import type { BrowserWindow } from 'electron'
import { Notification, powerSaveBlocker } from 'electron'
import type { JobSnapshot } from '../../shared/jobs/job'
import { isEnded } from '../../shared/jobs/transitions'
import type { JobManager } from '../jobs/jobTypes'

export interface JobSignalOptions {
  jobs: JobManager
  window: () => BrowserWindow | null
  /** Brings the window forward, or opens one where none is left (macOS). */
  show: () => void
  /** Jobs that took at least this long end with a notification. */
  notifyAfterSeconds: () => number
  signal: AbortSignal
}

const endWords = {
  succeeded: 'finished',
  succeeded_with_warnings: 'finished, with something to look at',
  failed: 'failed',
  interrupted: 'was interrupted',
} as const

function notifyEnd(job: JobSnapshot, options: JobSignalOptions): void {
  const stopped = job.endless === true && job.state === 'succeeded'
  if (job.state === 'cancelled' || stopped || !(job.state in endWords) || !job.startedAt || !job.endedAt) return
  const seconds = (Date.parse(job.endedAt) - Date.parse(job.startedAt)) / 1000
  if (seconds < options.notifyAfterSeconds() || options.window()?.isFocused() || !Notification.isSupported()) return
  const words = endWords[job.state as keyof typeof endWords]
  const notification = new Notification({
    title: `${job.title} ${words}`,
    body: job.result?.headline ?? job.error?.message ?? '',
  })
  notification.on('click', () => options.show())
  notification.show()
}

/** The mean of the known fractions; 2 (indeterminate) while none is known, -1 (none) when nothing runs. */
export function taskbarProgress(running: readonly JobSnapshot[]): number {
  if (running.length === 0) return -1
  const known = running.flatMap(({ progress }) => (progress?.total ? [Math.min(1, progress.done / progress.total)] : []))
  return known.length === 0 ? 2 : known.reduce((sum, part) => sum + part, 0) / known.length
}

/** Runs until the signal and rejects only with the watching itself; call once. */
export async function showJobSignals(options: JobSignalOptions): Promise<void> {
  const running = new Map<string, JobSnapshot>()
  let blocker: number | null = null
  const apply = (changed: readonly JobSnapshot[]) => {
    const ended: JobSnapshot[] = []
    for (const job of changed) {
      if (!isEnded(job.state)) running.set(job.id, job)
      else if (running.delete(job.id)) ended.push(job)
    }
    // An endless job must neither keep the machine awake for ever nor fill the taskbar.
    const bounded = [...running.values()].filter((job) => job.endless !== true)
    if (bounded.length > 0 && blocker === null) blocker = powerSaveBlocker.start('prevent-app-suspension')
    if (bounded.length === 0 && blocker !== null) {
      powerSaveBlocker.stop(blocker)
      blocker = null
    }
    for (const job of ended) notifyEnd(job, options)
    const window = options.window()
    if (window && !window.isDestroyed()) window.setProgressBar(taskbarProgress(bounded))
  }
  for await (const event of options.jobs.watch(options.signal)) {
    try {
      apply(event.type === 'all' ? event.jobs : event.type === 'job' ? [event.job] : [])
    } catch (error) {
      // A desktop without a taskbar or notifications must end neither Walkback nor the job.
      console.error('What the desktop shows of jobs failed:', error)
    }
  }
  if (blocker !== null) powerSaveBlocker.stop(blocker)
}
