// The headless entry: the same core as the desktop's, in plain Node, shown in a browser on this machine or through a tunnel.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { contracts } from '../shared/contracts'
import { AppError } from '../shared/rpc/appError'
import type { Port } from '../shared/rpc/port'
import { type App, createApp } from './app'
import { serveRouter } from './rpc/router'
import { readServeFlags, usage } from './serveFlags'
import type { SecretVault } from './services'
import { startWebHost, type WebHost } from './web/httpServer'
import { browserOpener, openBrowser } from './web/openBrowser'
import { watchEnter } from './web/terminalKeys'
import { watchTerminal } from './web/terminalLoss'

declare const __WALKBACK_VERSION__: string

const memoryOnly = 'In serve mode passwords are kept in memory only, until Walkback stops. Use a .pgpass file to keep one.'

const vault: SecretVault = {
  canRemember: false,
  reason: memoryOnly,
  encrypt: () => Promise.reject(new AppError('conflict', 'Passwords are not stored in serve mode.', { hint: memoryOnly })),
  decrypt: () => Promise.reject(new AppError('conflict', 'Passwords are not stored in serve mode.', { hint: memoryOnly })),
}

const say = (text: string) => process.stderr.write(`${text}\n`)

/** First signal: names the running jobs, cancels them and waits; second: leaves at once. Returns what a signal does. */
function stopOnSignals(app: App, host: WebHost): () => void {
  let stopping = false
  async function stop() {
    if (stopping) {
      say('Stopped at once. What was running is shown as interrupted at the next start.')
      process.exit(130)
    }
    stopping = true
    const running = app.services.jobs.running()
    for (const job of running.filter(({ endless }) => endless === true)) say(`${job.title} stops now: ${job.onCancel}`)
    const jobs = running.filter(({ endless }) => endless !== true)
    if (jobs.length > 0) {
      say(jobs.length === 1 ? 'This job is running and is cancelled now:' : 'These jobs are running and are cancelled now:')
      for (const job of jobs) say(`  ${job.title}${job.onCancel === '' ? '' : ` (${job.onCancel})`}`)
      say('Waiting for a clean end. Press Ctrl+C again to quit at once.')
    }
    await app.shutdown()
    await host.close()
    process.exit(0)
  }
  const begin = () => {
    stop().catch((error: unknown) => {
      say(`Walkback did not stop cleanly: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      process.exit(1)
    })
  }
  process.on('SIGINT', begin)
  process.on('SIGTERM', begin)
  return begin
}

/**
 * Without its terminal (an SSH connection broke, a window was closed) nobody can ask for a new link: what runs is
 * finished and open pages are served, then it ends by itself instead of holding the data folder for ever.
 */
function stopWithoutTerminal(isNeeded: () => boolean, stop: () => void): void {
  watchTerminal(() => {
    const poll = setInterval(() => {
      if (isNeeded()) return
      clearInterval(poll)
      stop()
    }, 1000)
  })
}

async function offerBrowser(app: App, host: WebHost): Promise<void> {
  const opener = browserOpener(process.platform, process.env, process.getuid?.() === 0)
  if (opener === undefined) return
  const arrived = await openBrowser({ opener, scratch: app.services.paths.scratch, link: host.newLink(), report: say })
  host.expectBrowser(arrived)
}

/** Leaves nothing claimed behind when the port can't be had. */
async function listen(app: App, port: number, pages: Set<Port>): Promise<WebHost> {
  try {
    return await startWebHost({
      port,
      rendererFolder: join(dirname(fileURLToPath(import.meta.url)), 'renderer'),
      onPort: (page) => {
        pages.add(page)
        page.onClose(() => pages.delete(page))
        serveRouter({ contracts, handlers: app.handlers, port: page })
      },
      report: say,
    })
  } catch (error) {
    await app.shutdown()
    throw error
  }
}

async function main(): Promise<void> {
  const flags = readServeFlags(process.argv.slice(2))
  if (flags.help) {
    process.stdout.write(usage)
    return
  }
  const app = await createApp({ host: { kind: 'serve', version: __WALKBACK_VERSION__ }, vault })
  const pages = new Set<Port>()
  const host = await listen(app, flags.port, pages)
  const stop = stopOnSignals(app, host)
  stopWithoutTerminal(() => pages.size > 0 || app.services.jobs.running().length > 0, stop)
  const printNewLink = () => process.stdout.write(`A new link, good once and for two minutes: ${host.newLink()}\n`)
  process.on('SIGHUP', printNewLink)
  watchEnter(printNewLink)
  process.stdout.write(`Walkback is ready: ${host.newLink()}\n`)
  say('The link works once, for two minutes. Press Enter for another, Ctrl+C to stop.')
  if (flags.open) await offerBrowser(app, host)
}

main().catch((error: unknown) => {
  if (error instanceof AppError) say([error.message, error.hint ?? ''].filter((line) => line !== '').join('\n'))
  else say(`Walkback could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  process.exit(1)
})
