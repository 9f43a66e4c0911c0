// `npm test`: sets up what is missing, builds, and runs every suite; `--long` runs the same trials at their full counts.
// The last line, "N passed, N failed", is counted from the runner's own report; a skip is a line of its own.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { capture } from './run.mjs'
import { ensureChromium, ensurePackages, findChromium, requireNode } from './setup.mjs'

requireNode()
await ensurePackages()
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const artifacts = join(root, 'test', 'artifacts')
const args = process.argv.slice(2)
const long = args.includes('--long')
await ensureChromium()
const { installPostgres } = await import('../test/support/installPostgres.mjs')
const majors = await installPostgres(undefined, console.log)
const { build } = await import('./build.mjs')
await build()
const { run } = await import('./run.mjs')

const started = Date.now()
rmSync(artifacts, { recursive: true, force: true })
mkdirSync(artifacts, { recursive: true })
const env = {
  ...process.env,
  WALKBACK_CHROMIUM: findChromium(),
  REQUIRE_PG: process.env.REQUIRE_PG ?? '1',
  PG_MAJORS: process.env.PG_MAJORS ?? Object.keys(majors).join(','),
  ...(long ? { WALKBACK_LONG: '1' } : {}),
}

/** One command whose exit status is one test. */
async function checkAsTest() {
  const { code, stdout, stderr } = await capture(process.execPath, [join(root, 'build', 'check.mjs')], { cwd: root })
  console.log(`${stdout}${stderr}`.trimEnd())
  return code === 0
}

const suites = ['unit', 'transport', 'integration', 'e2e'].filter((suite) => args.length === 0 || long || args.includes(suite))
const counts = { passed: 0, failed: 0, skipped: 0 }
const count = (ok) => (ok ? counts.passed++ : counts.failed++)
count(await checkAsTest())
const failures = []
for (const suite of suites) {
  const report = join(artifacts, `${suite}.json`)
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const from = Date.now()
  await run(
    process.execPath,
    [
      vitest,
      'run',
      '--config',
      'build/vitest.config.ts',
      '--project',
      suite,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { cwd: root, env },
  ).catch((error) => console.error(error.message))
  if (!existsSync(report)) {
    // The runner itself died: that is a failure, whatever it had counted.
    counts.failed += 1
    failures.push(`${suite}: the runner wrote no report`)
    continue
  }
  const result = JSON.parse(readFileSync(report, 'utf8'))
  counts.passed += result.numPassedTests
  counts.failed += result.numFailedTests
  counts.skipped += result.numPendingTests + result.numTodoTests
  for (const file of result.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'failed') failures.push(`${suite}: ${file.name.slice(root.length + 1)}: ${test.fullName}`)
      if (test.status === 'pending' || test.status === 'skipped') console.log(`skipped: ${test.fullName}`)
    }
    // A file that does not load has no tests to count.
    if (file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed')) {
      counts.failed += 1
      failures.push(`${suite}: ${file.name.slice(root.length + 1)}: ${file.message?.split('\n')[0] ?? 'the file failed'}`)
    }
  }
  if (!result.success && result.numFailedTests === 0 && result.numFailedTestSuites === 0) {
    counts.failed += 1
    failures.push(`${suite}: the runner reported a failure outside any test`)
  }
  console.log(`${suite}: ${((Date.now() - from) / 1000).toFixed(0)} s`)
}

for (const failure of failures) console.log(`FAILED ${failure}`)
console.log(`PostgreSQL ${env.PG_MAJORS}; ${((Date.now() - started) / 60_000).toFixed(1)} minutes${long ? ', full counts' : ''}`)
if (counts.skipped > 0) console.log(`${counts.skipped} skipped, each named above`)
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1)
