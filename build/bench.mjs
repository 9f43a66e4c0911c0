// `npm run bench`: ratios within one run, written to test/bench/latest.json and shown as a table; `-- --quick` for a look
// in under three minutes. Fails when a bound is broken.
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.mjs'
import { ensureChromium, ensurePackages, findChromium, requireNode } from './setup.mjs'

requireNode()
await ensurePackages()
await ensureChromium()
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { installPostgres } = await import('../test/support/installPostgres.mjs')
await installPostgres(undefined, console.log)
const { build } = await import('./build.mjs')
await build()

const latest = join(root, 'test', 'bench', 'latest.json')
rmSync(latest, { force: true })
const quick = process.argv.includes('--quick')
await run(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', 'build/vitest.config.ts', '--project', 'bench'],
  {
    cwd: root,
    env: { ...process.env, WALKBACK_CHROMIUM: findChromium(), ...(quick ? { WALKBACK_QUICK: '1' } : {}) },
  },
).catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})

const measures = JSON.parse(readFileSync(latest, 'utf8'))
const shown = measures.map(({ name, value, unit, bound, ok }) => [
  name,
  String(value),
  unit,
  bound === null ? '' : 'max' in bound ? `at most ${bound.max}` : `at least ${bound.min}`,
  bound === null ? '' : ok ? 'ok' : 'BROKEN',
])
const heads = ['measure', 'value', 'unit', 'bound', '']
const widths = heads.map((head, column) => Math.max(head.length, ...shown.map((row) => row[column].length)))
for (const row of [heads, ...shown])
  console.log(row.map((cell, column) => (column === 1 ? cell.padStart(widths[1]) : cell.padEnd(widths[column]))).join('  '))
if (measures.some(({ ok }) => !ok)) process.exitCode = 1
