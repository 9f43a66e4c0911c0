// The window's own connection code in a page of nothing else, served by the real loopback host, for tests in a real browser.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright'
import { build } from 'vite'
import { serveRouter } from '../../electron/rpc/router'
import { startWebHost, type WebHost, type WebHostOptions } from '../../electron/web/httpServer'
import type { Port } from '../../shared/rpc/port'
import { newTrialLog, type TrialLog, trialContracts, trialHandlers } from '../transport/trialContracts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The page asks for the application's `host.info`; the test's core answers that one and the trial contract's methods. */
const entry = `
import { api, connectionState, connectionWords, openApi, subscribeConnection } from ${JSON.stringify(join(root, 'renderer/rpc/api.ts'))}
const state = document.querySelector('#state')
const show = () => {
  const now = connectionState()
  state.textContent = now
  document.querySelector('#words').textContent = now === 'ready' ? '' : connectionWords[now].message + ' ' + connectionWords[now].hint
}
subscribeConnection(show)
show()
window.test = { api, openApi, opened: openApi() }
`

export async function buildConnectedPage(folder: string): Promise<string> {
  const source = join(folder, 'source')
  mkdirSync(source, { recursive: true })
  writeFileSync(join(source, 'entry.ts'), entry)
  writeFileSync(
    join(source, 'index.html'),
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Walkback</title><link rel="icon" href="data:image/png;base64,iVBORw0KGgo="></head><body><h1 id="state"></h1><p id="words"></p><script type="module" src="./entry.ts"></script></body></html>',
  )
  const outDir = join(folder, 'page')
  await build({
    root: source,
    base: './',
    configFile: false,
    logLevel: 'error',
    html: { cspNonce: '__CSP_NONCE__' },
    // As the page's own build has it; zod/v4 by its folder, since the page's sources lie outside the tree.
    resolve: {
      alias: [
        { find: /^zod$/, replacement: join(root, 'renderer/zod.ts') },
        { find: /^zod\/v4$/, replacement: join(root, 'node_modules/zod/v4') },
      ],
    },
    build: { outDir, assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  })
  return outDir
}

/** The page's script, as the path it is served under. */
export function scriptPath(pageFolder: string): string {
  const name = readdirSync(join(pageFolder, 'assets')).find((file) => file.endsWith('.js'))
  if (!name) throw new Error('the built page has no script')
  return `/assets/${name}`
}

export interface TrialHost extends WebHost {
  ports: Port[]
  log: TrialLog
  reports: string[]
}

export async function startTrialHost(rendererFolder: string, options: Partial<WebHostOptions> = {}): Promise<TrialHost> {
  const ports: Port[] = []
  const reports: string[] = []
  const log = newTrialLog()
  const host = await startWebHost({
    port: 0,
    rendererFolder,
    report: (text) => reports.push(text),
    onPort: (port) => {
      ports.push(port)
      serveRouter({ contracts: trialContracts, handlers: trialHandlers(log), port, report: (text) => reports.push(text) })
    },
    ...options,
  })
  return { ...host, ports, log, reports }
}

export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['WALKBACK_CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      // Chromium refuses its sandbox to root; everyone else keeps it.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...args,
    ],
  })
}
