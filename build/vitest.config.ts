// The four test suites: what each holds, and how many files run at once.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const long = process.env.WALKBACK_LONG === '1'
const minutes = (n: number) => n * 60_000

function suite(name: string, timeout: number, parallel: boolean) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.{ts,tsx}`],
      testTimeout: long ? timeout * 6 : timeout,
      hookTimeout: minutes(5),
      fileParallelism: parallel,
      sequence: { groupOrder: ['unit', 'transport', 'integration', 'e2e'].indexOf(name) },
    },
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    environment: 'node',
    pool: 'forks',
    // The default second is too short for a page on a busy machine; a poll that holds returns at once.
    expect: { poll: { timeout: 15_000, interval: 50 } },
    projects: [
      suite('unit', 20_000, true),
      suite('transport', 60_000, true),
      suite('integration', minutes(3), false),
      suite('e2e', minutes(4), false),
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
