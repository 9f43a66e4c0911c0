// The four test suites: what each holds, and how many files run at once. build/suites.mjs gives failed files a second try.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './longestFirst.ts'

const long = process.env.WALKBACK_LONG === '1'
const minutes = (n: number) => n * 60_000

// One more than there are cores: the tests wait for servers, disks and pages for part of their time.
const workers = Math.min(6, Math.max(3, availableParallelism() + 1))

/** Suites of one group run at the same time, their files taken from one line. */
function suite(name: string, timeout: number, group: number) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.{ts,tsx}`],
      testTimeout: long ? timeout * 6 : timeout,
      hookTimeout: minutes(5),
      maxWorkers: workers,
      sequence: { groupOrder: group },
    },
  }
}

const pure = suite('unit', 20_000, 1)

// Its files share their processes: loading the same modules anew for each took as long as the trials themselves.
const unit = { ...pure, test: { ...pure.test, isolate: false, setupFiles: ['test/support/fileEnd.ts'] } }

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    environment: 'node',
    pool: 'forks',
    // The default second is too short for a page on a busy machine; a poll that holds returns at once.
    expect: { poll: { timeout: 15_000, interval: 50 } },
    sequence: { sequencer: LongestFirst },
    projects: [
      unit,
      suite('transport', 60_000, 1),
      suite('integration', minutes(3), 2),
      suite('e2e', minutes(4), 2),
      {
        extends: true as const,
        test: {
          name: 'bench',
          include: ['test/bench/**/*.bench.ts'],
          fileParallelism: false,
          testTimeout: minutes(60),
          hookTimeout: minutes(15),
        },
      },
    ],
  },
})
