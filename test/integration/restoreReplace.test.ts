// A restored database takes the place of another: whatever goes wrong, the old one is whole and keeps its name.
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { swapDatabases } from '../../electron/capabilities/restore/replaceDatabase'
import type { RestoreRequest, RestoreTarget } from '../../shared/contracts/restore'
import { newestMajor, sharedCluster, type TestCluster, testMajors } from '../support/clusters'
import { dropDatabase, dump, errorsOf, exists, makeDatabase, type RestoreLab, restoreLab } from './restoreSetup'

let lab: RestoreLab
let cluster: TestCluster
let connection: string
let file: string

const newest = newestMajor()

beforeAll(async () => {
  lab = await restoreLab()
  cluster = await sharedCluster(newest)
  connection = await lab.connect(cluster)
  await makeDatabase(cluster, 'src', ['CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i'])
  file = dump(cluster, 'src', 'custom', path.join(lab.folder, 'src'))
}, 60_000)

function replace(database: string, endSessions = false): RestoreTarget {
  const empty = { owner: '', localeProvider: '', collate: '', ctype: '', locale: '', tablespace: '' } as const
  return { kind: 'replace', database, encoding: 'UTF8', endSessions, ...empty }
}

/** With the name typed, as the window does it from what the preview says. */
async function confirmed(request: RestoreRequest): Promise<RestoreRequest> {
  const { danger } = await lab.core.api.restore.preview(request)
  return { ...request, confirm: { name: danger?.database ?? '', systemIdentifier: danger?.systemIdentifier ?? null } }
}

const oidOf = async (name: string, at = cluster) =>
  (await at.sql('SELECT oid::text AS oid FROM pg_database WHERE datname = $1', 'postgres', [name]))[0]?.oid
const namesLike = async (start: string, at = cluster) =>
  (
    await at.sql('SELECT datname::text AS name FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1', 'postgres', [start])
  ).map(({ name }) => String(name))

async function dropAll(start: string, at = cluster): Promise<void> {
  for (const name of await namesLike(start, at)) await dropDatabase(at, name)
}

describe('refused', () => {
  test('without the name typed, for another server, or when there is nothing to replace', async () => {
    await makeDatabase(cluster, 'shop', ['CREATE TABLE mine AS SELECT 7 AS x'])
    const oid = await oidOf('shop')
    const request = lab.request(connection, file, replace('shop'))
    expect((await lab.blockers(request)).map(({ check, found }) => [check, found])).toEqual([
      ['Replacing shop is not confirmed', 'Type the database’s name, shop, to go on.'],
    ])
    await expect(lab.run(request)).rejects.toThrow('1 blocker: Replacing shop is not confirmed.')
    const wrong = { ...request, confirm: { name: 'shop', systemIdentifier: '1' } }
    await expect(lab.run(wrong)).rejects.toThrow('1 blocker: Replacing shop is not confirmed.')
    const nothing = await lab.blockers(lab.request(connection, file, replace('nowhere')))
    expect(nothing.map(({ check }) => check)).toEqual(['Nothing to replace'])
    const own = await lab.blockers(lab.request(connection, file, replace('postgres')))
    expect(own.map(({ found }) => found)).toContain('postgres belongs to the server itself and is not replaced.')
    const readOnly = await lab.connect(cluster, { readOnly: true })
    await expect(lab.run({ ...wrong, connectionId: readOnly })).rejects.toThrow(/read-only/)
    expect(await oidOf('shop')).toBe(oid)
    expect(await namesLike('shop')).toEqual(['shop'])
    await dropAll('shop')
  })

  test('while sessions use it: named; ended only when the person agreed', async () => {
    await makeDatabase(cluster, 'busy', ['CREATE TABLE mine AS SELECT 7 AS x'])
    const session = await cluster.client('busy')
    let ended = ''
    session.on('error', (error) => {
      ended = error.message
    })
    await session.query(`SET application_name = 'till 3'`)
    const refused = await lab.blockers(await confirmed(lab.request(connection, file, replace('busy'))))
    expect(refused.map(({ found }) => found)).toEqual([
      'Connected to busy: till 3 as postgres from 127.0.0.1. A database in use can’t be renamed.',
    ])
    expect((await session.query('SELECT x FROM mine')).rows).toEqual([{ x: 7 }])
    const request = await confirmed(lab.request(connection, file, replace('busy', true)))
    const job = await lab.run(request)
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(await lab.core.log({ jobId: job.id })).toContain('Ending the sessions on busy: till 3 as postgres from 127.0.0.1.')
    await expect.poll(() => ended).toMatch(/terminat/)
    await dropAll('busy')
  })
})

describe.each([...new Set([testMajors()[0] ?? newest, newest])])('PostgreSQL %i', (major) => {
  test('replaced: the old one is kept under its new name with its rows, and the page says how to drop it', async () => {
    const at = await sharedCluster(major)
    const id = await lab.connect(at)
    await makeDatabase(at, 'src', ['CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i'])
    const archive = dump(at, 'src', 'custom', path.join(lab.folder, `src${major}`))
    await makeDatabase(at, 'shop', ['CREATE TABLE mine AS SELECT 7 AS x', `ALTER DATABASE shop SET work_mem = '8MB'`])
    const oid = await oidOf('shop', at)
    const request = await confirmed(lab.request(id, archive, replace('shop'), { checkRows: true, analyze: true }))
    const preview = await lab.core.api.restore.preview(request)
    expect(preview.blocked).toBe('')
    expect(preview.preflight.find((row) => row.id === 'own')?.found).toBe(
      'The restored database gets what shop has: owner postgres, tablespace pg_default, 1 setting (work_mem).',
    )
    const job = await lab.run(request)
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(job.title).toBe('Replace shop')
    const [, kept = ''] = await namesLike('shop', at)
    expect(kept).toMatch(/^shop_before_\d{8}_\d{6}$/)
    expect(await namesLike('shop', at)).toEqual(['shop', kept])
    expect(await oidOf(kept, at)).toBe(oid)
    expect(await at.sql('SELECT x FROM mine', kept)).toEqual([{ x: 7 }])
    expect(await at.sql('SELECT count(*)::int AS n FROM t', 'shop')).toEqual([{ n: 100 }])
    expect(job.result?.headline).toBe(`All 2 entries are in shop. The old shop is kept as ${kept} until you drop it.`)
    expect(job.result?.facts.find(({ label }) => label === 'To drop the old one')?.value).toBe(`DROP DATABASE "${kept}";`)
    expect(job.steps.map(({ id: step }) => step)).toEqual([
      'checks',
      'create',
      'before',
      'data',
      'after',
      'analyze',
      'rows',
      'replace',
      'result',
    ])
    await dropAll('shop', at)
  })

  test('a session on the restored one when the names change: neither changes', async () => {
    const at = await sharedCluster(major)
    const id = await lab.connect(at)
    for (const name of ['first', 'first_restoring']) await makeDatabase(at, name)
    const [old, restored] = [await oidOf('first', at), await oidOf('first_restoring', at)]
    const { services } = lab.core.app
    const resolved = await services.connections.resolve(id)
    const swap = {
      database: 'first',
      oldOid: String(old),
      restored: 'first_restoring',
      kept: 'first_before',
      endSessions: false,
      carryTo: null,
    }
    const holder = await at.client('first_restoring')
    // The first name has changed by then; the second can't: both are as before.
    await expect(swapDatabases(services, resolved, swap, () => undefined)).rejects.toThrow(
      'first was not replaced: database "first_restoring" is being accessed by other users.',
    )
    await holder.end()
    expect([await oidOf('first', at), await oidOf('first_restoring', at)]).toEqual([old, restored])
    expect(await exists(at, 'first_before')).toBe(false)
    // Another database of the same name is not the one that was confirmed.
    await expect(swapDatabases(services, resolved, { ...swap, oldOid: '1' }, () => undefined)).rejects.toThrow(
      'first was not replaced: another database has taken its name since the start.',
    )
    await dropAll('first', at)
  }, 30_000)
})

describe('what fails on the way', () => {
  test('errors in the restore: the old one stays; agreed to beforehand: it is replaced', async () => {
    await makeDatabase(cluster, 'errs', ['CREATE TABLE t AS SELECT 1 AS i'])
    // No check beforehand can see this one: the rows break a rule that was changed after they came.
    await makeDatabase(cluster, 'broken', [
      `CREATE FUNCTION public.fits(x int) RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
      'CREATE TABLE c (x int, CONSTRAINT small CHECK (public.fits(x)))',
      'INSERT INTO c VALUES (1)',
      `CREATE OR REPLACE FUNCTION public.fits(x int) RETURNS boolean LANGUAGE sql AS 'SELECT x > 1'`,
    ])
    const archive = dump(cluster, 'broken', 'custom', path.join(lab.folder, 'broken'))
    const oid = await oidOf('errs')
    const job = await lab.run(await confirmed(lab.request(connection, archive, replace('errs'))))
    expect(job.state).toBe('failed')
    expect(job.error?.message).toBe('errs was not replaced: the restore had 1 error.')
    const restored = (await namesLike('errs')).find((name) => name !== 'errs') ?? ''
    expect(restored).toMatch(/^errs_restoring_/)
    expect(job.error?.hint).toContain(`What was restored is in ${restored}`)
    expect(await oidOf('errs')).toBe(oid)
    expect(await cluster.sql('SELECT i FROM t', 'errs')).toEqual([{ i: 1 }])
    await dropDatabase(cluster, restored)

    const agreed = await lab.run(await confirmed(lab.request(connection, archive, replace('errs'), { continueOnError: true })))
    expect(agreed.state).toBe('succeeded_with_warnings')
    expect(errorsOf(agreed)).toHaveLength(1)
    expect(await oidOf('errs')).not.toBe(oid)
    for (const start of ['errs', 'broken']) await dropAll(start)
  })

  test('cancelled while restoring: the one beside it is dropped, the old one never changed', async () => {
    await makeDatabase(cluster, 'large', ['CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 400000) i'])
    const archive = dump(cluster, 'large', 'custom', path.join(lab.folder, 'large'))
    await makeDatabase(cluster, 'calm', ['CREATE TABLE t AS SELECT 1 AS i'])
    const oid = await oidOf('calm')
    const started = await lab.core.api.restore.start(await confirmed(lab.request(connection, archive, replace('calm'))))
    await expect
      .poll(() => lab.core.api.jobs.get(started).then((job) => job.steps.find(({ id }) => id === 'data')?.state))
      .toBe('running')
    await lab.core.api.jobs.cancel(started)
    const job = await lab.core.ended(started)
    expect(job.state).toBe('cancelled')
    expect(job.leftovers).toEqual([])
    expect(await namesLike('calm')).toEqual(['calm'])
    expect(await oidOf('calm')).toBe(oid)
    for (const start of ['calm', 'large']) await dropAll(start)
  })

  test('a role that does not own it can not rename it: said before the start', async () => {
    await cluster.sql('DROP ROLE IF EXISTS maker')
    await cluster.sql(`CREATE ROLE maker LOGIN CREATEDB PASSWORD 'maker''s own'`)
    await makeDatabase(cluster, 'theirs')
    const id = await lab.connect(cluster, { user: 'maker', password: `maker's own` })
    const rows = await lab.blockers(await confirmed(lab.request(id, file, replace('theirs'), { options: { noOwner: true } })))
    expect(rows.map(({ found }) => found)).toEqual(['Only its owner, postgres, or a superuser can rename theirs.'])
    await dropAll('theirs')
    await cluster.sql('DROP ROLE maker')
  })
})
