// `npm test`: sets up what is missing, builds, and runs every suite; `--long` runs the same trials at their full counts.
// The last line, "N passed, N failed", is counted from the runner's own report; a skip, a failure and a test that passed only
// at the second try are lines of their own.
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryFolder } from './memoryFolder.mjs'
import { capture } from './run.mjs'
import { ensurePackages, ensureTestBrowser, requireNode } from './setup.mjs'
import { runSuites } from './suites.mjs'

requireNode()
await ensurePackages()
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const artifacts = join(root, 'test', 'artifacts')
const args = process.argv.slice(2)
const long = args.includes('--long')
const browser = await ensureTestBrowser(long)
const { installPostgres } = await import('../test/support/installPostgres.mjs')
const majors = await installPostgres(undefined, console.log)
const { build } = await import('./build.mjs')
await build()

const started = Date.now()
rmSync(artifacts, { recursive: true, force: true })
mkdirSync(artifacts, { recursive: true })
const folder = long ? undefined : memoryFolder()
const env = {
  ...process.env,
  WALKBACK_CHROMIUM: browser,
  REQUIRE_PG: process.env.REQUIRE_PG ?? '1',
  PG_MAJORS: process.env.PG_MAJORS ?? Object.keys(majors).join(','),
  ...(folder ? { WALKBACK_TEST_FOLDER: folder } : {}),
  ...(long ? { WALKBACK_LONG: '1' } : {}),
}

/** One command whose exit status is one test. */
async function checkAsTest() {
  const { code, stdout, stderr } = await capture(process.execPath, [join(root, 'build', 'check.mjs')], { cwd: root })
  console.log(`${stdout}${stderr}`.trimEnd())
  return code === 0
}

const all = ['unit', 'transport', 'integration', 'e2e']
const asked = all.filter((suite) => args.length === 0 || long || args.includes(suite))
// Two runs, since the first says within a minute or two what is broken anyway.
const runs = [
  asked.filter((suite) => suite === 'unit' || suite === 'transport'),
  asked.filter((suite) => !['unit', 'transport'].includes(suite)),
]
const counts = { passed: 0, failed: 0 }
const [failures, skipped, secondTries] = [[], [], []]
if (await checkAsTest()) counts.passed += 1
else {
  counts.failed += 1
  failures.push('check: see its output at the top')
}
for (const suites of runs.filter((names) => names.length > 0)) {
  const from = Date.now()
  const outcome = await runSuites({ root, config: 'build/vitest.config.ts', artifacts, suites, secondTry: suites, env })
  counts.passed += outcome.passed
  counts.failed += outcome.failed
  failures.push(...outcome.failures)
  skipped.push(...outcome.skipped)
  secondTries.push(...outcome.secondTries)
  console.log(`${suites.join(' and ')}: ${((Date.now() - from) / 1000).toFixed(0)} s`)
}

for (const test of skipped) console.log(`skipped: ${test}`)
for (const test of secondTries) console.log(`second try: ${test}`)
for (const failure of failures) console.log(`FAILED ${failure}`)
console.log(`PostgreSQL ${env.PG_MAJORS}; ${((Date.now() - started) / 60_000).toFixed(1)} minutes${long ? ', full counts' : ''}`)
if (skipped.length > 0) console.log(`${skipped.length} skipped, each named above`)
if (secondTries.length > 0) console.log(`${secondTries.length} passed at the second try, each named above`)
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1)
