// How `npm test` counts: what failed twice fails, what passed at the second try is named, and a runner that dies is a failure.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { z } from 'zod'

const program = fileURLToPath(new URL('../../fixtures/suites/run.mjs', import.meta.url))

const outcome = z.object({
  passed: z.number(),
  failed: z.number(),
  skipped: z.array(z.string()),
  secondTries: z.array(z.string()),
  failures: z.array(z.string()),
})

/** In a process without the variables by which vitest knows itself. */
function runFixture(suites: string) {
  const folder = mkdtempSync(join(tmpdir(), 'walkback-suites-'))
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST') && name !== 'NODE_ENV'),
  )
  try {
    const { stdout, stderr } = spawnSync(process.execPath, [program, suites], {
      env: { ...env, TRIAL_FOLDER: folder },
      encoding: 'utf8',
      timeout: 85_000,
    })
    const told = `${stdout}${stderr}`
    const found = outcome.parse(JSON.parse(/^OUTCOME (.*)$/m.exec(stdout)?.[1] ?? 'null'))
    // Files are told in the order in which they ended.
    return { told, ...found, failures: found.failures.toSorted(), secondTries: found.secondTries.toSorted() }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('a test that fails twice fails, one that fails once is named, and tests in order run again from the first', () => {
  const { told, ...found } = runFixture('steady,second')
  expect(found, told).toEqual({
    passed: 5,
    failed: 2,
    skipped: ['second: test/second/always.test.mjs: is skipped'],
    secondTries: ['second: test/second/inOrder.test.mjs: three', 'second: test/second/setup.test.mjs: the file as a whole'],
    failures: ['second: test/second/always.test.mjs: never holds', 'steady: test/steady/once.test.mjs: fails once'],
  })
}, 90_000)

test.each([
  ['stray', 1, 'stray: outside any test: nobody waits for this'],
  ['killed', 0, 'killed: outside any test: [vitest-pool]: Worker forks emitted error. Worker exited unexpectedly'],
  ['dead', 0, 'dead: the runner wrote no report'],
])(
  'an error outside any test, a killed process of tests and a runner that died are failures: %s',
  (suite, passed, failure) => {
    const { told, passed: counted, failed, failures, secondTries } = runFixture(suite)
    expect({ counted, failed, failures, secondTries }, told).toEqual({
      counted: passed,
      failed: 1,
      failures: [failure],
      secondTries: [],
    })
  },
  90_000,
)
