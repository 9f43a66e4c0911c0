// Runs test suites with vitest and counts what its own report says, with a second try for files that failed.
//
// The second try is of the whole file in a fresh process, never of one test in the middle: tests that build upon each
// other run again from the start, on clusters, folders and pages of their own. What counts is the second try's result, of
// every test in the file; a test that only passed then is named, so that nobody takes it for steady.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.mjs'

const build = dirname(fileURLToPath(import.meta.url))

/** More failed files than this are no accident, and would take long: they are not tried again. */
const mostSecondTries = 8

/**
 * @typedef {{ status: string, message: string | null, tests: Map<string, string[]> }} FileResult
 * `tests` by full name; a list, since names may repeat.
 *
 * @typedef {object} Options
 * @property {string} root The folder that holds test/<suite>.
 * @property {string} config Vitest's configuration, relative to the root.
 * @property {string} artifacts Where the reports are written.
 * @property {readonly string[]} suites The projects; they run at the same time as far as the configuration lets them.
 * @property {readonly string[]} secondTry Which of them get one.
 * @property {NodeJS.ProcessEnv} env
 */

/** @param {Options} options */
export async function runSuites({ root, config, artifacts, suites, secondTry, env }) {
  const name = suites.join('+')
  const first = await runVitest(root, config, join(artifacts, `${name}.json`), suites, [], env)
  if (first.died) return { passed: 0, failed: 1, skipped: [], secondTries: [], failures: [`${name}: the runner wrote no report`] }
  const files = first.files
  const outside = [...first.outside]
  /** @type {string[]} */
  const secondTries = []

  const suiteOf = (/** @type {string} */ file) => file.split('/')[1] ?? name
  const again = [...files]
    .filter(([file, result]) => secondTry.includes(suiteOf(file)) && hasFailed(result))
    .map(([file]) => file)
  if (again.length > mostSecondTries) console.log(`${again.length} files failed: too many for a second try`)
  else if (again.length > 0) {
    console.log(`A second try of ${again.join(', ')}`)
    const second = await runVitest(root, config, join(artifacts, `${name}-second.json`), suites, again, env)
    outside.push(...(second.died ? ['the runner wrote no report of the second try'] : second.outside))
    for (const file of again) {
      const [before, after] = [files.get(file), second.files.get(file)]
      if (!before || !after) continue // the runner died: what the first try said stands
      files.set(file, after)
      secondTries.push(...passedOnlyNow(before, after).map((test) => `${suiteOf(file)}: ${file}: ${test}`))
    }
  }
  return { ...count(files, suiteOf, outside, name), secondTries }
}

/**
 * @param {string} root @param {string} config @param {string} report
 * @param {readonly string[]} suites @param {readonly string[]} files @param {NodeJS.ProcessEnv} env
 */
async function runVitest(root, config, report, suites, files, env) {
  const outside = report.replace(/json$/, 'outside')
  for (const file of [report, outside]) rmSync(file, { force: true })
  const vitest = join(build, '..', 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['default', 'json', join(build, 'outsideErrors.mjs')].map((reporter) => `--reporter=${reporter}`)
  const projects = suites.map((suite) => `--project=${suite}`)
  const argv = [vitest, 'run', '--config', config, ...projects, ...reporters, `--outputFile.json=${report}`, ...files]
  let error
  await run(process.execPath, argv, { cwd: root, env: { ...env, WALKBACK_OUTSIDE_ERRORS: outside } }).catch((caught) => {
    error = caught
  })
  // Each failed test gives a status other than 0; a signal ended it where there is none.
  if (error && error.exitCode !== 1) console.error(error.message)
  if (!existsSync(report) || !existsSync(outside)) return { died: true, outside: [], files: new Map() }
  const found = readFiles(root, JSON.parse(readFileSync(report, 'utf8')))
  const told = JSON.parse(readFileSync(outside, 'utf8'))
  const unexplained = error !== undefined && told.length === 0 && ![...found.values()].some(hasFailed)
  return { died: false, outside: unexplained ? [error.message] : told, files: found }
}

/** @returns {Map<string, FileResult>} by path from the root */
function readFiles(root, result) {
  return new Map(
    result.testResults.map((file) => {
      const tests = new Map()
      for (const test of file.assertionResults) tests.set(test.fullName, [...(tests.get(test.fullName) ?? []), test.status])
      return [relative(root, file.name), { status: file.status, message: file.message || null, tests }]
    }),
  )
}

/** @param {FileResult} file */
function hasFailed(file) {
  return file.status === 'failed' || [...file.tests.values()].flat().includes('failed')
}

/** @param {FileResult} before @param {FileResult} after */
function passedOnlyNow(before, after) {
  const named = [...before.tests]
    .filter(([test, statuses]) => statuses.includes('failed') && !(after.tests.get(test) ?? ['failed']).includes('failed'))
    .map(([test]) => test)
  if (named.length > 0 || hasFailed(after)) return named
  return ['the file as a whole'] // it did not load, or something outside its tests failed
}

/** @param {Map<string, FileResult>} files */
function count(files, suiteOf, outside, name) {
  const counts = { passed: 0, failed: 0 }
  /** @type {string[]} */
  const failures = []
  /** @type {string[]} */
  const skipped = []
  for (const [path, file] of files) {
    const fail = (/** @type {string} */ what) => {
      counts.failed += 1
      failures.push(`${suiteOf(path)}: ${path}: ${what}`)
    }
    for (const [test, statuses] of file.tests) {
      for (const status of statuses) {
        if (status === 'passed') counts.passed += 1
        else if (status === 'failed') fail(test)
        else skipped.push(`${suiteOf(path)}: ${path}: ${test}`)
      }
    }
    // A file that does not load, or whose beforeAll fails, may have no failed test to count.
    const statuses = [...file.tests.values()].flat()
    if (file.status === 'failed' && !statuses.includes('failed')) fail(file.message?.split('\n')[0] ?? 'the file failed')
  }
  for (const message of outside) {
    counts.failed += 1
    failures.push(`${name}: outside any test: ${message.split('\n')[0]}`)
  }
  return { ...counts, skipped, failures }
}
