// `npm start`: opens the desktop window where Electron's runtime is or can be had, else the same application in a browser.
import { fileURLToPath } from 'node:url'
import { ensurePackages, ensurePostgres, requireNode } from './setup.mjs'

requireNode()
await ensurePackages()
await ensurePostgres()
const { build } = await import('./build.mjs')
await build()
const { findRuntime } = await import('./electronRuntime.mjs')
const { become } = await import('./run.mjs')
const args = process.argv.slice(2)
const runtime = args.includes('--serve') ? { reason: 'asked to (--serve)' } : await findRuntime()
const root = fileURLToPath(new URL('..', import.meta.url))

if (runtime.executable) {
  await become(runtime.executable, [root, ...args], { cwd: root })
} else {
  console.log(`No window: ${runtime.reason}. Walkback runs in the browser instead.`)
  await become(process.execPath, [`${root}dist/serve.mjs`, '--open', ...args.filter((arg) => arg !== '--serve')], { cwd: root })
}
