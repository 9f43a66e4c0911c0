// The whole core in this process, reached the way a window reaches it: through the typed client over a port.
import path from 'node:path'
import { type App, createApp } from '../../electron/app'
import { serveRouter } from '../../electron/rpc/router'
import type { SecretVault } from '../../electron/services'
import { contracts } from '../../shared/contracts'
import type { JobSnapshot } from '../../shared/jobs/job'
import { AppError } from '../../shared/rpc/appError'
import { type Clients, connectClient } from '../../shared/rpc/client'
import type { Port } from '../../shared/rpc/port'
import { binFolder, testMajors } from './clusters'
import { tempFolder } from './tempFolder'

export interface TestCore {
  api: Clients<typeof contracts>
  app: App
  dataFolder: string
  /** The job's last snapshot, once it has ended; with its issues. */
  ended(job: { jobId: string }): Promise<JobSnapshot>
  /** Everything the job logged, one line each. */
  log(job: { jobId: string }): Promise<string>
  /** Cancels what runs, as quitting does. The data folder stays until the test file ends. */
  stop(): Promise<void>
}

const cores = new Set<TestCore>()

/** As in serve: passwords are held in memory only. */
const noVault: SecretVault = {
  canRemember: false,
  reason: 'Tests keep no passwords.',
  encrypt: () => Promise.reject(new AppError('permission', 'Tests keep no passwords.')),
  decrypt: () => Promise.reject(new AppError('permission', 'Tests keep no passwords.')),
}

/** With every PostgreSQL of the tests among its installations. */
export async function startCore(options: { dataFolder?: string; vault?: SecretVault } = {}): Promise<TestCore> {
  const dataFolder = options.dataFolder ?? path.join(tempFolder('core'), 'walkback')
  const app = await createApp({ host: { kind: 'serve', version: '0.0.0-test' }, vault: options.vault ?? noVault, dataFolder })
  const [page, core] = memoryPorts()
  serveRouter({ contracts, handlers: app.handlers, port: core })
  const api = connectClient(contracts, page)
  const settings = await api.host.settings({})
  await api.host.saveSettings({ ...settings, installationFolders: testMajors().map(binFolder) })
  await api.host.installations({ refresh: true })
  const testCore: TestCore = {
    api,
    app,
    dataFolder,
    ended: ({ jobId }) => app.services.jobs.ended(jobId),
    async log({ jobId }) {
      const { total } = await api.jobs.log({ jobId, from: 0, count: 1, level: 'info' })
      const texts: string[] = []
      for (let from = 0; from < total; from += 2000) {
        const { lines } = await api.jobs.log({ jobId, from, count: 2000, level: 'info' })
        texts.push(...lines.map((line) => line.text))
      }
      return texts.join('\n')
    },
    async stop() {
      if (!cores.delete(testCore)) return
      await app.shutdown()
      page.close()
    },
  }
  cores.add(testCore)
  return testCore
}

/** Two ends of one pipe; messages arrive later and in order, as over a real one. */
export function memoryPorts(): [Port, Port] {
  let closed = false
  const ends = [0, 1].map(() => ({ onMessage: [] as ((text: string) => void)[], onClose: [] as ((reason?: string) => void)[] }))
  const port = (own: number): Port => ({
    send(text) {
      setImmediate(() => {
        if (!closed) for (const listener of ends[1 - own]?.onMessage ?? []) listener(text)
      })
    },
    onMessage: (listener) => void ends[own]?.onMessage.push(listener),
    onClose: (listener) => void ends[own]?.onClose.push(listener),
    close(reason) {
      if (closed) return
      closed = true
      for (const end of ends) for (const listener of end.onClose) listener(reason)
    },
  })
  return [port(0), port(1)]
}

// Outside vitest (a script of a test's own) whoever started it stops it.
if (process.env.VITEST) {
  const { afterAll } = await import('vitest')
  afterAll(async () => {
    await Promise.all([...cores].map((core) => core.stop()))
  }, 60_000)
}
