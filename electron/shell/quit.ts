// Leaving: asks while jobs run, then cancels them and waits for the core before the process ends.
import type { BrowserWindow, Event } from 'electron'
import { app, dialog } from 'electron'
import type { JobSnapshot } from '../../shared/jobs/job'
import type { App } from '../app'

export interface QuitOptions {
  core: App
  window: () => BrowserWindow | null
}

export interface QuitGuard {
  /** For the window's close, where closing it ends the application. */
  onClose: (event: Event) => void
  /** For the window's query-session-end, on Windows. */
  onSessionEnd: (event: Event) => void
}

/** Nothing is half-made when only endless jobs run: it is said what happens meanwhile, and quitting is the default. */
function endlessMessage(jobs: readonly JobSnapshot[]) {
  return {
    type: 'info' as const,
    title: 'Walkback',
    message:
      jobs.length === 1
        ? `${jobs[0]?.title ?? 'A job'} stops when Walkback quits.`
        : `${jobs.length} jobs stop when Walkback quits.`,
    detail: [...new Set(jobs.map((job) => job.onCancel))].join('\n'),
    buttons: ['Quit', 'Keep running'],
    defaultId: 0,
    cancelId: 1,
    noLink: true,
  }
}

/** Installs the before-quit question; the window's close and the session's end on Windows lead to the same one. */
export function guardQuit({ core, window }: QuitOptions): QuitGuard {
  let state: 'open' | 'asking' | 'closing' | 'closed' = 'open'

  async function askToStop(): Promise<boolean> {
    const jobs = core.services.jobs.running()
    if (jobs.length === 0) return true
    const parent = window()
    const bounded = jobs.filter((job) => job.endless !== true)
    const message =
      bounded.length === 0
        ? endlessMessage(jobs)
        : {
            type: 'warning' as const,
            title: 'Walkback',
            message: jobs.length === 1 ? 'A job is still running.' : `${jobs.length} jobs are still running.`,
            detail: `${jobs.map((job) => `${job.title}: ${job.onCancel}`).join('\n')}\n\nQuitting cancels ${jobs.length === 1 ? 'it' : 'them'}.`,
            buttons: ['Keep running', 'Cancel the jobs and quit'],
            defaultId: 0,
            cancelId: 0,
            noLink: true,
          }
    const { response } = parent ? await dialog.showMessageBox(parent, message) : await dialog.showMessageBox(message)
    return response === (bounded.length === 0 ? 0 : 1)
  }

  async function leave(): Promise<void> {
    state = 'asking'
    if (!(await askToStop())) {
      state = 'open'
      return
    }
    state = 'closing'
    try {
      await core.shutdown()
    } catch (error) {
      console.error('The core did not shut down cleanly:', error)
    }
    state = 'closed'
    app.quit()
  }

  app.on('before-quit', (event) => {
    if (state === 'closed') return
    event.preventDefault()
    if (state === 'open') void leave()
  })
  return {
    // The question about running jobs belongs to the window while there is one to show it in. Once everything was told to
    // end, a job that would not must not keep the window, and with it the application, open for ever.
    onClose: (event) => {
      if (state === 'closed' || core.services.jobs.running().length === 0) return
      event.preventDefault()
      app.quit()
    },
    // Windows does not emit before-quit at a log-off; refusing the end shows the person that something still runs.
    onSessionEnd: (event) => {
      if (state === 'closed' || core.services.jobs.running().length === 0) return
      event.preventDefault()
      if (state === 'open') void leave()
    },
  }
}
