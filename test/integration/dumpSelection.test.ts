// A dump job with a selection: the filter file of a long one, the comparison with the archive, and what it says of differences.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { differencesOf, expectedOf } from '../../electron/library/compareContents'
import { readToc } from '../../electron/library/readToc'
import { readTree } from '../../electron/postgres/readTree'
import { quoteIdentifier } from '../../shared/model/identifier'
import { collectTree, type ObjectTree } from '../../shared/model/objectTree'
import { hostileNames, makeManyKinds } from '../fixtures/manyKinds'
import { newestMajor, sharedCluster, type TestCluster } from '../support/clusters'
import { context, type DumpApp, dumpApp } from './dumpSetup'

const database = 'many kinds'

let app: DumpApp
let cluster: TestCluster
let id: string

beforeAll(async () => {
  cluster = await sharedCluster(newestMajor())
  await makeManyKinds(cluster, database)
  app = await dumpApp([newestMajor()])
  id = await app.connect(cluster)
}, 120_000)

afterAll(() => app?.close())

async function treeNow(): Promise<ObjectTree> {
  const client = await cluster.client(database)
  await client.query("SET search_path TO ''")
  const made = collectTree()
  for (const part of await readTree(client)) made.add(part)
  await client.end()
  return made.finish()
}

const inHostile = (name: string) => `"Ho""st.ile*".${quoteIdentifier(name)}`

describe('a selection of many names', () => {
  // Twice each: definition and rows are apart, and it must be more than a screen.
  const options = {
    excludeTable: hostileNames.map(inHostile),
    excludeTableData: ['"app"."orders"', '"other"."identities"', ...Array.from({ length: 30 }, (_, n) => `"app"."gone ${n}"`)],
  }

  test('goes into a filter file that only this account can read, is obeyed, and is gone afterwards', async () => {
    const request = app.request(id, database, { format: 'custom', options })
    const preview = await app.dump.preview(request, context)
    const words = preview.commands.find(({ program }) => program === 'pg_dump')?.words ?? []
    const filter = words.find((word) => word.startsWith('--filter='))?.slice('--filter='.length) ?? ''
    expect(path.dirname(filter)).toBe(app.services.paths.scratch)
    expect(words.filter((word) => word.startsWith('--exclude'))).toEqual([])
    expect(preview.writes.find(({ label }) => label === 'Filter file')?.value).toBe(`${filter}, 52 rules, removed afterwards`)
    expect(fs.existsSync(filter)).toBe(false)

    let mode = 0
    const watching = setInterval(() => {
      if (fs.existsSync(filter)) mode = fs.statSync(filter).mode & 0o777
    }, 5)
    const job = await app.run(request)
    clearInterval(watching)
    expect(job.error).toBeNull()
    expect(job.issues.map(({ message }) => message)).toEqual([])
    expect(job.state).toBe('succeeded')
    expect(mode).toBe(0o600)
    expect(fs.existsSync(filter)).toBe(false)
    expect(await app.log(job.id)).toMatch(/The archive holds what was ticked: \d+ entries compared\./)
    const { entries } = await readToc(path.join(job.result?.backupPath ?? '', 'data.dump'))
    const names = entries.filter(({ kind }) => kind === 'TABLE').map(({ schema, tag }) => `${schema}.${tag}`)
    expect(names).toContain('app.orders')
    expect(names.filter((name) => name.startsWith('Ho"st'))).toEqual([])
    const filled = entries.filter(({ kind }) => kind === 'TABLE DATA').map(({ tag }) => tag)
    expect(filled).toContain('customers')
    expect(filled).not.toContain('orders')
  })
})

describe.each(['directory', 'custom', 'tar'] as const)('the archive of format %s', (format) => {
  test('is compared with what was ticked', async () => {
    const job = await app.run(
      app.request(id, database, { format, options: { schema: ['"app"'], excludeTable: ['"app"."base"'] } }),
    )
    expect(job.issues.map(({ message }) => message)).toEqual([])
    expect(job.state).toBe('succeeded')
    expect(await app.log(job.id)).toMatch(/The archive holds what was ticked: \d+ entries compared\./)
  })
})

test('every entry that is missing or too many is named', async () => {
  const job = await app.run(app.request(id, database, { format: 'custom', options: { excludeTable: ['"app"."base"'] } }))
  const { entries } = await readToc(path.join(job.result?.backupPath ?? '', 'data.dump'))
  const tree = await treeNow()
  const whole = expectedOf(tree, {}, false)
  const less = expectedOf(tree, { excludeTable: ['"app"."base"'], excludeTableData: ['"app"."ticket"'] }, false)
  if (!whole || !less) throw new Error('both can be told')
  expect(differencesOf(whole, entries)).toEqual({ missing: ['TABLE app.base', 'TABLE DATA app.base'], unexpected: [] })
  expect(differencesOf(less, entries)).toEqual({ missing: [], unexpected: ['SEQUENCE SET app.ticket'] })
})

test('a table that comes while the dump begins is an issue that names it', async () => {
  // The job reads what is there, then waits for its turn behind this lock; pg_dump sees what was made meanwhile.
  const other = await cluster.client(database)
  await other.query('BEGIN')
  await other.query('CREATE TABLE app.newcomer (x int)')
  const { jobId } = await app.dump.start(app.request(id, database, { format: 'custom' }), context)
  for (;;) {
    const job = app.services.jobs.get(jobId)
    const globals = job.steps.find((step) => step.id === 'globals')
    if (globals && globals.state !== 'pending') break
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await other.query('COMMIT')
  await other.end()
  const job = await app.services.jobs.ended(jobId)
  expect(job.state).toBe('succeeded_with_warnings')
  const issue = job.issues.find(({ message }) => message.includes('newcomer'))
  expect(issue?.message).toBe('2 objects are in the archive and were not ticked:\nTABLE app.newcomer\nTABLE DATA app.newcomer')
  expect(issue?.advice).toBe(
    'Objects that were made, renamed or dropped while the dump began differ like this. Dump again to be sure.',
  )
  await cluster.sql('DROP TABLE app.newcomer', database)
})

test('options that name no single objects are not compared, and the log says so', async () => {
  const job = await app.run(app.request(id, database, { format: 'custom', options: { section: ['pre-data'] } }))
  expect(job.state).toBe('succeeded')
  expect(await app.log(job.id)).toContain('The archive is not compared with the choice: its options do not name single objects.')
})
