// `npm run serve`: the headless host, for a database server without a display; reach it through an SSH tunnel.
import { fileURLToPath } from 'node:url'
import { ensurePackages, requireNode } from './setup.mjs'

requireNode()
await ensurePackages()
const { build } = await import('./build.mjs')
await build()
const { become } = await import('./run.mjs')
const root = fileURLToPath(new URL('..', import.meta.url))
await become(process.execPath, [`${root}dist/serve.mjs`, ...process.argv.slice(2)], { cwd: root })
