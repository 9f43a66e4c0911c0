// A restored database that takes the place of another gets what that one has of its own, name for name and byte for byte.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { splitGucList } from '../../electron/capabilities/restore/ownProperties'
import type { RestoreRequest, RestoreTarget } from '../../shared/contracts/restore'
import { quoteIdentifier } from '../../shared/model/identifier'
import { endMajors, sharedCluster, type TestCluster } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { dropDatabase, dump, makeDatabase, type RestoreLab, restoreLab } from './restoreSetup'

let lab: RestoreLab

beforeAll(async () => {
  lab = await restoreLab()
}, 60_000)

const like = { owner: '', localeProvider: '', collate: '', ctype: '', locale: '', tablespace: '' } as const

function replace(database: string, more: { leaveOwn?: boolean; owner?: string } = {}): RestoreTarget {
  return { kind: 'replace', database, encoding: 'UTF8', endSessions: false, ...like, ...more }
}

async function confirmed(request: RestoreRequest): Promise<RestoreRequest> {
  const { danger } = await lab.core.api.restore.preview(request)
  return { ...request, confirm: { name: danger?.database ?? '', systemIdentifier: danger?.systemIdentifier ?? null } }
}

/** Everything of the database itself as the catalogs have it, without its name and OID. */
async function propertiesOf(at: TestCluster, name: string) {
  const rows = await at.sql(
    `SELECT pg_get_userbyid(d.datdba)::text AS owner, t.spcname::text AS tablespace, d.datconnlimit AS limit,
            shobj_description(d.oid, 'pg_database') AS comment,
            (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(d.datacl) a) AS acl,
            (SELECT array_agg(format('%s %s', s.setrole, s.setconfig) ORDER BY s.setrole) FROM pg_db_role_setting s
              WHERE s.setdatabase = d.oid) AS settings
     FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = $1`,
    'postgres',
    [name],
  )
  return rows[0]
}

const oidOf = async (at: TestCluster, name: string) =>
  (await at.sql('SELECT oid::text AS oid FROM pg_database WHERE datname = $1', 'postgres', [name]))[0]?.oid
const namesLike = async (at: TestCluster, start: string) =>
  (
    await at.sql('SELECT datname::text AS name FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1', 'postgres', [start])
  ).map(({ name }) => String(name))

async function source(at: TestCluster, name: string): Promise<string> {
  await makeDatabase(at, name, ['CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i'])
  const file = dump(at, name, 'custom', path.join(lab.folder, `${name}${at.major}`))
  await dropDatabase(at, name)
  return file
}

async function dropAll(at: TestCluster, start: string, roles: readonly string[] = []): Promise<void> {
  for (const name of await namesLike(at, start)) {
    await at.sql(`ALTER DATABASE ${quoteIdentifier(name)} OWNER TO postgres`)
    await dropDatabase(at, name)
  }
  for (const role of roles) await at.sql(`DROP ROLE IF EXISTS ${quoteIdentifier(role)}`)
}

const hostile = `sh"o'p\\ $1; --`
const owner = `o"wn'er\\ x`
const bob = `b"ob's\\ role`
const carol = 'carol; DROP'

/** Names and values that break wherever a quote is forgotten; lists with empty, quoted and comma'd elements. */
async function decorate(at: TestCluster): Promise<void> {
  const q = quoteIdentifier
  for (const role of [owner, bob, carol]) await at.sql(`CREATE ROLE ${q(role)}`)
  const folder = path.join(tempFolder('space'), `ta "ble`)
  fs.mkdirSync(folder)
  const { uid, gid } = fs.statSync(at.dataDir)
  fs.chownSync(folder, uid, gid)
  fs.chmodSync(path.dirname(folder), 0o755)
  await at.sql(`CREATE TABLESPACE ${q('fa"st')} LOCATION '${folder}'`)
  await dropDatabase(at, hostile)
  await at.sql(`CREATE DATABASE ${q(hostile)} TEMPLATE template0 OWNER ${q(owner)} TABLESPACE ${q('fa"st')}`)
  await at.sql('CREATE TABLE mine AS SELECT 7 AS x', hostile)
  for (const statement of [
    `ALTER DATABASE ${q(hostile)} SET search_path TO 'a,b', '$user', 'Wi"th', '', public`,
    `ALTER DATABASE ${q(hostile)} SET work_mem TO '8MB'`,
    `ALTER DATABASE ${q(hostile)} SET my.setting TO E'it''s \\\\ "all", $$here$$'`,
    `ALTER DATABASE ${q(hostile)} SET "DateStyle" TO 'ISO, DMY'`,
    `ALTER DATABASE ${q(hostile)} SET default_transaction_read_only TO on`,
    `ALTER ROLE ${q(bob)} IN DATABASE ${q(hostile)} SET statement_timeout TO '90s'`,
    `ALTER ROLE ${q(bob)} IN DATABASE ${q(hostile)} SET temp_tablespaces TO 'fa"st', ''`,
    `REVOKE ALL ON DATABASE ${q(hostile)} FROM PUBLIC`,
    `REVOKE TEMPORARY ON DATABASE ${q(hostile)} FROM ${q(owner)}`,
    `GRANT CONNECT, CREATE ON DATABASE ${q(hostile)} TO ${q(bob)} WITH GRANT OPTION`,
    `GRANT TEMPORARY ON DATABASE ${q(hostile)} TO ${q(bob)}`,
  ])
    await at.sql(statement)
  const client = await at.client()
  await client.query(`SET ROLE ${q(bob)}`)
  await client.query(`GRANT CONNECT ON DATABASE ${q(hostile)} TO ${q(carol)}`)
  await client.end()
  await at.sql(`ALTER DATABASE ${q(hostile)} CONNECTION LIMIT 0`)
  await at.sql(`COMMENT ON DATABASE ${q(hostile)} IS E'it''s \\\\ the "shop"\\nof two lines'`)
}

describe.each(endMajors())('PostgreSQL %i', (major) => {
  test('hostile names and values: all of it is carried over, and the old one keeps the same', async () => {
    const at = await sharedCluster(major)
    const id = await lab.connect(at)
    const archive = await source(at, 'src')
    await decorate(at)
    const [before, oid] = [await propertiesOf(at, hostile), await oidOf(at, hostile)]
    const request = await confirmed(lab.request(id, archive, replace(hostile), { checkRows: true, analyze: true }))
    const preview = await lab.core.api.restore.preview(request)
    expect(preview.preflight.find((row) => row.id === 'own')).toMatchObject({
      result: 'pass',
      found:
        `The restored database gets what ${hostile} has: owner ${owner}, tablespace fa"st, 7 settings (search_path, work_mem, ` +
        `my.setting, DateStyle, default_transaction_read_only; for ${bob}: statement_timeout, ` +
        'temp_tablespaces), its grants, connection limit 0, its comment.',
    })
    expect(preview.commands.at(-1)?.words[0]).toContain(`SET "search_path" TO 'a,b', '$user', 'Wi"th', '', 'public';`)
    const job = await lab.run(request)
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    const [, kept = ''] = await namesLike(at, hostile)
    expect(kept.startsWith(`${hostile}_before_`)).toBe(true)
    expect(await oidOf(at, kept)).toBe(oid)
    expect(await oidOf(at, hostile)).not.toBe(oid)
    expect(await propertiesOf(at, kept)).toEqual(before)
    expect(await propertiesOf(at, hostile)).toEqual(before)
    expect(before?.acl).not.toBeNull()
    expect(await at.sql('SELECT x FROM mine', kept)).toEqual([{ x: 7 }])
    expect(await at.sql('SELECT count(*)::int AS n FROM public.t', hostile)).toEqual([{ n: 100 }])
    await dropAll(at, hostile, [bob, carol, owner])
    await at.sql('DROP TABLESPACE "fa""st"')
  }, 60_000)

  test('another owner takes the old one’s part in the grants; left with the old one on request', async () => {
    const at = await sharedCluster(major)
    const id = await lab.connect(at)
    const archive = await source(at, 'src')
    for (const role of ['first', 'second', 'reader']) await at.sql(`CREATE ROLE ${role}`)
    await makeDatabase(at, 'given')
    for (const statement of [
      'ALTER DATABASE given OWNER TO first',
      'REVOKE CONNECT ON DATABASE given FROM PUBLIC',
      'GRANT CONNECT ON DATABASE given TO reader',
      `ALTER DATABASE given SET work_mem TO '9MB'`,
    ])
      await at.sql(statement)
    const job = await lab.run(await confirmed(lab.request(id, archive, replace('given', { owner: 'second' }))))
    expect(job.error).toBeNull()
    const now = await propertiesOf(at, 'given')
    expect(now?.owner).toBe('second')
    expect(now?.acl).toEqual(['=T/second', 'reader=c/second', 'second=CTc/second'])
    expect(now?.settings).toEqual([expect.stringContaining('work_mem=9MB')])

    const left = await confirmed(lab.request(id, archive, replace('given', { leaveOwn: true })))
    expect((await lab.core.api.restore.preview(left)).preflight.find((row) => row.id === 'own')).toMatchObject({
      result: 'warning',
      found:
        'given has owner second, tablespace pg_default, 1 setting (work_mem), its grants. It stays with the old one and is not ' +
        'given to the restored one.',
      fixes: [{ label: 'Carry it over', action: { kind: 'set-option', key: 'target.leaveOwn', value: false } }],
    })
    expect((await lab.run(left)).state).toBe('succeeded')
    expect(await propertiesOf(at, 'given')).toEqual({
      owner: 'postgres',
      tablespace: 'pg_default',
      limit: -1,
      comment: null,
      acl: null,
      settings: null,
    })
    await dropAll(at, 'given', ['first', 'second', 'reader'])
  }, 60_000)

  test('what can not be given shows before anything is restored: the old one is in use as before, nothing is left', async () => {
    const at = await sharedCluster(major)
    const id = await lab.connect(at)
    const archive = await source(at, 'src')
    await makeDatabase(at, 'labelled', ['CREATE TABLE mine AS SELECT 7 AS x'])
    const oid = await oidOf(at, 'labelled')
    // A label whose provider is not loaded any more, as after its library went.
    const client = await at.client()
    await client.query('SET allow_system_table_mods = on')
    await client.query(
      `INSERT INTO pg_shseclabel (objoid, classoid, provider, label) VALUES (${String(oid)}, 'pg_database'::regclass, 'gone', 'top')`,
    )
    await client.end()
    const before = await propertiesOf(at, 'labelled')
    const request = await confirmed(lab.request(id, archive, replace('labelled')))
    expect((await lab.core.api.restore.preview(request)).preflight.find((row) => row.id === 'own')?.found).toBe(
      'The restored database gets what labelled has: owner postgres, tablespace pg_default, its security label of gone.',
    )
    const session = await at.client('labelled')
    await session.query('SELECT 1')
    await session.end()
    const job = await lab.run(request)
    expect(job.state).toBe('failed')
    expect(job.error?.message).toBe(
      'What labelled has of its own can’t be given to another database: security label provider "gone" is not loaded.',
    )
    expect(job.error?.hint).toBe(
      'Nothing was restored, and labelled is as it was. Connect as a role that may, or leave its properties with the old one.',
    )
    expect(job.leftovers).toEqual([])
    expect(await namesLike(at, 'labelled')).toEqual(['labelled'])
    expect(await oidOf(at, 'labelled')).toBe(oid)
    expect(await propertiesOf(at, 'labelled')).toEqual(before)
    expect(await at.sql('SELECT x FROM mine', 'labelled')).toEqual([{ x: 7 }])
    await at.sql(`SET allow_system_table_mods = on; DELETE FROM pg_shseclabel`)
    await dropAll(at, 'labelled')
  }, 60_000)
})

test('a value list is taken apart as pg_dump does it', () => {
  expect(splitGucList(`"$user", public`)).toEqual(['$user', 'public'])
  expect(splitGucList(`"a,b", "Wi""th", "", x`)).toEqual(['a,b', 'Wi"th', '', 'x'])
  expect(splitGucList('""')).toEqual([''])
  // What is no list in these rules is left to the server as it is.
  for (const text of ['', 'a,', ',a', 'a b', '"a']) expect(splitGucList(text)).toBeNull()
})
