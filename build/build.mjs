// Builds everything that runs: dist/renderer, dist/main.cjs, dist/preload.cjs, dist/serve.mjs. A second call with nothing
// changed since does nothing; `--force` builds anyway.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamp = join(root, 'dist', 'built.json')
const sources = ['electron', 'renderer', 'shared', 'build']

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Names, sizes and contents: a time stamp alone lies after a checkout. */
function sourceHash() {
  const hash = createHash('sha256')
  const files = sources.flatMap((folder) => listFiles(join(root, folder)))
  for (const file of [...files, join(root, 'package.json'), join(root, 'package-lock.json')].toSorted()) {
    hash.update(`${file.slice(root.length)}\0${statSync(file).size}\0`)
    hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}

export function isBuilt() {
  if (!existsSync(stamp)) return false
  return JSON.parse(readFileSync(stamp, 'utf8')).sources === sourceHash()
}

export async function build({ force = false } = {}) {
  if (!force && isBuilt()) return
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const started = Date.now()
  const made = `dist.${process.pid}`
  // Whoever calls: a test runner sets NODE_ENV, and React would come with its development checks.
  const env = { ...process.env, WALKBACK_DIST: made, NODE_ENV: 'production' }
  // The hash is taken first: a file that changes during the build then makes the next call build again.
  const hash = sourceHash()
  try {
    await run(process.execPath, [vite, 'build', '--logLevel', 'warn', '--config', 'build/vite.renderer.config.ts'], {
      cwd: root,
      env,
    })
    for (const entry of ['main', 'preload', 'serve']) {
      await run(process.execPath, [vite, 'build', '--logLevel', 'warn', '--config', 'build/vite.node.config.ts'], {
        cwd: root,
        env: { ...env, WALKBACK_ENTRY: entry },
      })
    }
    writeFileSync(join(root, made, 'built.json'), JSON.stringify({ sources: hash }))
    // Only a whole build takes the place of the last one: what runs from it never sees half.
    if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), join(root, `${made}.old`))
    renameSync(join(root, made), join(root, 'dist'))
  } finally {
    for (const left of [made, `${made}.old`]) rmSync(join(root, left), { recursive: true, force: true })
  }
  console.log(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build({ force: process.argv.includes('--force') })
