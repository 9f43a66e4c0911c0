// A job that says a million lines: memory stays small, and any page of its log is there at once.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openJobManager } from '../../../electron/jobs/jobManager'
import { createSpawnTool } from '../../../electron/process/spawnTool'
import { program } from '../../fixtures/programs'
import { tempFolder } from '../../support/tempFolder'

const count = 1_000_000
const megabytes = (bytes: number) => bytes / 1024 / 1024

async function timed<T>(action: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now()
  return [await action(), performance.now() - start]
}

it('a job that says a million lines stays small in memory, and any page of its log is there at once', async () => {
  const folder = join(tempFolder('longlog'), 'jobs')
  const spawn = createSpawnTool({ instanceId: 'longlog' })
  const options = { folder, instanceId: 'longlog', spawn, concurrentJobs: () => 1 }
  const manager = await openJobManager(options)
  const before = process.memoryUsage.rss()
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 20)
  const { id } = manager.start({
    capability: 'dump',
    title: 'Long',
    input: {},
    connectionId: null,
    serverLabel: '',
    steps: [],
    onCancel: '',
    locks: [],
    run: async (context) => {
      await context.run(program('flood', String(count)))
      return { headline: '', facts: [], backupPath: null, database: null }
    },
  })
  const job = await manager.ended(id)
  expect(job).toMatchObject({ state: 'succeeded', logLines: count + 1 })

  // Once for warming up the code; then what a person waits for.
  await manager.readLog(id, 1000, 200, 'info')
  const [page, pageMs] = await timed(() => manager.readLog(id, count - 199, 200, 'info'))
  expect(page.total).toBe(count + 1)
  expect(page.lines).toHaveLength(200)
  expect(page.lines.at(-2)).toMatchObject({ line: count - 1, text: `pg_dump: dumping contents of table "public.t${count - 1}"` })
  expect(pageMs).toBeLessThan(50)
  const [middle, middleMs] = await timed(() => manager.readLog(id, 543_210, 200, 'info'))
  expect(middle.lines[0]).toMatchObject({ line: 543_210, text: 'pg_dump: dumping contents of table "public.t543210"' })
  expect(middleMs).toBeLessThan(50)

  const [found, searchMs] = await timed(() => manager.searchLog(id, 'PUBLIC.T777777"'))
  expect(found).toEqual({ lines: [777_777], total: 1 })
  expect(searchMs).toBeLessThan(3000)
  expect(await manager.searchLog(id, 'not there')).toEqual({ lines: [], total: 0 })
  expect(await manager.searchLog(id, 'dumping')).toMatchObject({ total: count, lines: { length: 10_000 } })
  clearInterval(watch)
  expect(megabytes(peak - before)).toBeLessThan(200)
  await manager.shutdown()

  const again = await openJobManager(options)
  const late = await again.readLog(id, count - 1, 10, 'info')
  expect(late.lines.map(({ line }) => line)).toEqual([count - 1, count])
  const [, againMs] = await timed(() => again.readLog(id, 10, 200, 'info'))
  expect(againMs).toBeLessThan(50)
  await again.shutdown()
})
