// `npm run check`: format, lint, types of each environment, layers; all at once, under 30 s.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { capture } from './run.mjs'
import { ensurePackages, requireNode } from './setup.mjs'

requireNode()
await ensurePackages()
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = (name) => join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name)

/** @type {[string, string, string[]][]} */
const checks = [
  ['format', bin('biome'), ['check', '--config-path=build/format.json', '--max-diagnostics=20', '.']],
  ['lint', bin('oxlint'), ['--config=build/lint.json', '--type-aware', '--deny-warnings', '.']],
  ['types shared', bin('tsc'), ['-p', 'shared']],
  ['types electron', bin('tsc'), ['-p', 'electron']],
  ['types preload', bin('tsc'), ['-p', 'electron/shell']],
  ['types renderer', bin('tsc'), ['-p', 'renderer']],
  ['types test', bin('tsc'), ['-p', 'test']],
  ['layers', process.execPath, [join(root, 'build', 'layers.mjs')]],
]

const started = Date.now()
// Two at a time: each of the checkers uses several threads already.
const queue = [...checks]
let failed = 0
async function work() {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [name, file, args] = next
    const from = Date.now()
    const { code, stdout, stderr } = await capture(file, args, { cwd: root, shell: process.platform === 'win32' })
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - from) / 1000).toFixed(1)} s)`)
    if (code !== 0) {
      failed += 1
      console.log(`${stdout}${stderr}`.trimEnd())
    }
  }
}
await Promise.all([work(), work()])
console.log(`${checks.length - failed} of ${checks.length} checks hold, ${((Date.now() - started) / 1000).toFixed(1)} s`)
process.exit(failed === 0 ? 0 : 1)
