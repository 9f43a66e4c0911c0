// The calls of the connections contract on real servers: test, the server's page, dropping a database.
import { afterAll, describe, expect, test } from 'vitest'
import { connectionsHandlers } from '../../electron/capabilities/connections/handlers'
import { connections as contract } from '../../shared/contracts/connections'
import type { ConnectionSettings } from '../../shared/model/connection'
import { sharedCluster, startCluster, type TestCluster, testMajors } from '../support/clusters'
import { draft, newStore, noVault } from './connectionsSetup'

const signal = new AbortController().signal

async function setUp(cluster: TestCluster, settings: Partial<ConnectionSettings> = {}, readOnly = false) {
  const { store } = newStore()
  const handlers = connectionsHandlers({ connections: store, vault: noVault })
  const { id } = await handlers.save({ ...draft(cluster, settings), label: 'one', colour: 'slate', readOnly }, { signal })
  const page = async () => contract.methods.server.output.parse(await handlers.server({ connectionId: id }, { signal }))
  return { store, handlers, id, page }
}

describe.each(testMajors())('PostgreSQL %i', (major) => {
  afterAll(async () => (await sharedCluster(major)).remove())

  test('a test that succeeds tells of server and role; one that fails is an answer, not an error', async () => {
    const cluster = await sharedCluster(major)
    const { handlers } = await setUp(cluster)
    const good = contract.methods.test.output.parse(await handlers.test(draft(cluster), { signal }))
    const [control] = await cluster.sql('SELECT system_identifier::text AS id FROM pg_control_system()')
    expect(good).toMatchObject({
      ok: true,
      facts: {
        systemIdentifier: control?.id,
        dataDirectory: cluster.dataDir,
        encrypted: false,
        inRecovery: false,
        role: { name: 'postgres', superuser: true, replication: true, readServerFiles: true },
      },
    })
    expect(good.ok && Math.floor(good.facts.version / 10000)).toBe(major)
    const bad = contract.methods.test.output.parse(await handlers.test(draft(cluster, { database: 'nosuch' }), { signal }))
    expect(bad).toMatchObject({ ok: false, failure: 'database', original: 'database "nosuch" does not exist' })
    const list = await handlers.test(draft(cluster, { host: 'a,b' }), { signal })
    expect(list).toMatchObject({ ok: false, failure: 'other', hint: 'Make one connection for each server.' })
  })

  test('the page of a server, as superuser', async () => {
    const cluster = await sharedCluster(major)
    await cluster.sql('CREATE DATABASE "Sales & co"')
    const { page } = await setUp(cluster)
    const read = await page()
    const named = Object.fromEntries(read.databases.map((database) => [database.name, database]))
    expect(Object.keys(named)).toEqual(['Sales & co', 'postgres', 'template0', 'template1'])
    expect(named['Sales & co']).toMatchObject({ owner: 'postgres', encoding: 'UTF8', isTemplate: false, sessions: 0 })
    const [size] = await cluster.sql(`SELECT pg_database_size('Sales & co')::text AS size`)
    expect(named['Sales & co']?.size).toBe(size?.size)
    expect(named.template0).toMatchObject({ isTemplate: true, allowsConnections: false })
    expect(read.archiving).toEqual({ mode: 'off', command: '(disabled)', lastArchivedAt: null, lastFailedAt: null })
    expect(Math.abs(Date.parse(read.startedAt) - Date.now())).toBeLessThan(600_000)
    const rows = Object.fromEntries(read.readiness.map(({ id, state }) => [id, state]))
    expect(rows).toEqual({
      role: 'ready',
      hba: 'ready',
      wal_level: 'ready',
      max_wal_senders: 'ready',
      max_replication_slots: 'ready',
      max_slot_wal_keep_size: 'check',
      wal_keep_size: 'ready',
      archive_mode: 'check',
      ...(major >= 17 ? { summarize_wal: 'check' } : {}),
    })
    for (const row of read.readiness) expect(row.howToChange === '').toBe(row.state === 'ready')
    expect(read.readiness.find(({ id }) => id === 'hba')?.now).toMatch(
      /^Opened just now; let in by line \d+ of pg_hba\.conf: host replication all 127\.0\.0\.1 255\.255\.255\.255 scram-sha-256$/,
    )
  })

  test('for an ordinary role: what it may not read is null, and readiness says what it lacks', async () => {
    const cluster = await sharedCluster(major)
    await cluster.sql(`CREATE ROLE ordinary LOGIN PASSWORD '${cluster.password}'`)
    await cluster.sql('CREATE DATABASE private')
    await cluster.sql('REVOKE CONNECT ON DATABASE private FROM PUBLIC')
    const { page } = await setUp(cluster, { user: 'ordinary' })
    const read = await page()
    expect(read.facts).toMatchObject({ dataDirectory: null, role: { name: 'ordinary', superuser: false, replication: false } })
    expect(read.databases.find(({ name }) => name === 'private')?.size).toBeNull()
    expect(read.databases.find(({ name }) => name === 'postgres')?.size).toMatch(/^\d+$/)
    const [role, hba] = read.readiness
    expect(role).toMatchObject({ state: 'blocked', howToChange: 'As a superuser: ALTER ROLE "ordinary" REPLICATION;' })
    expect(hba).toMatchObject({
      state: 'unknown',
      now: expect.stringContaining('ordinary may not open replication connections.'),
    })
    await cluster.sql('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC')
    expect((await page()).facts.systemIdentifier).toBeNull()
    await cluster.sql('GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC')
  })

  test('a server that is not ready says what blocks and how to change it', async () => {
    const cluster = await startCluster({
      major,
      prefix: `bare${major}`,
      conf: { wal_level: 'minimal', max_wal_senders: '0', max_replication_slots: '0', max_slot_wal_keep_size: "'1GB'" },
    })
    try {
      const { page } = await setUp(cluster)
      const rows = Object.fromEntries((await page()).readiness.map((row) => [row.id, row]))
      expect(rows.wal_level).toMatchObject({ state: 'blocked', now: 'minimal', howToChange: expect.stringContaining('restart') })
      expect(rows.max_wal_senders).toMatchObject({ state: 'blocked', now: '0 of 0 used' })
      expect(rows.max_replication_slots).toMatchObject({ state: 'blocked', now: '0 of 0 used' })
      expect(rows.max_slot_wal_keep_size).toMatchObject({ state: 'ready', now: '1GB' })
      expect(rows.wal_keep_size).toMatchObject({
        state: 'check',
        now: 'wal_keep_size 0',
        howToChange: "For example: ALTER SYSTEM SET wal_keep_size = '1GB'; SELECT pg_reload_conf();",
      })
      expect(rows.hba?.state).not.toBe('ready')
    } finally {
      await cluster.remove()
    }
  })

  test('used slots and senders, an archive without a command and one that fails: each is named with the way out', async () => {
    const cluster = await startCluster({
      major,
      prefix: `used${major}`,
      conf: { max_wal_senders: '1', max_replication_slots: '1', archive_mode: 'on', archive_command: "''" },
    })
    try {
      const { page } = await setUp(cluster)
      const read = async () => Object.fromEntries((await page()).readiness.map((row) => [row.id, row]))
      await cluster.sql(`SELECT pg_create_physical_replication_slot('forgotten', true)`)
      await cluster.sql(`SELECT pg_logical_emit_message(false, 'fill', repeat('x', 3000000))`)
      const rows = await read()
      expect(rows.max_wal_senders).toMatchObject({
        state: 'check',
        now: '0 of 1 used',
        howToChange: 'ALTER SYSTEM SET max_wal_senders = 10; then restart the server',
      })
      expect(rows.max_replication_slots).toMatchObject({
        state: 'blocked',
        now: expect.stringMatching(/^1 of 1 used; idle: forgotten \(keeps \d+(\.\d+)? MB of WAL\)$/),
        howToChange:
          "Drop a slot nobody reads (SELECT pg_drop_replication_slot('forgotten');), or ALTER SYSTEM SET max_replication_slots = 11; then restart the server",
      })
      expect(rows.archive_mode).toMatchObject({ state: 'blocked', now: 'archive_mode on, no archive_command: WAL piles up' })
      await cluster.sql(`ALTER SYSTEM SET archive_command = 'false'`)
      await cluster.sql('SELECT pg_reload_conf()')
      await cluster.sql('SELECT pg_switch_wal()')
      for (const end = Date.now() + 30_000; (await read()).archive_mode?.now !== 'archive_mode on, but the last try failed'; ) {
        if (Date.now() > end) throw new Error('the failing archive is not told')
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      await cluster.sql(`ALTER SYSTEM SET archive_command = 'true'`)
      await cluster.sql('SELECT pg_reload_conf()')
      for (const end = Date.now() + 90_000; (await read()).archive_mode?.state !== 'ready'; ) {
        if (Date.now() > end) throw new Error('the archive that works again is not told')
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    } finally {
      await cluster.remove()
    }
  })

  test('pg_hba without a rule for replication: blocked, with the line to add; adding it makes it ready', async () => {
    const cluster = await startCluster({ major, prefix: `norepl${major}`, hba: ['host replication repl,postgres all reject'] })
    try {
      await cluster.sql(`CREATE ROLE repl LOGIN REPLICATION PASSWORD '${cluster.password}'`)
      const { page } = await setUp(cluster, { user: 'repl' })
      const hba = (await page()).readiness.find(({ id }) => id === 'hba')
      expect(hba).toMatchObject({
        state: 'blocked',
        now: expect.stringMatching(/does not let in repl for replication from 127\.0\.0\.1.*$/),
        howToChange: expect.stringContaining('host  replication  repl  127.0.0.1/32  scram-sha-256'),
      })
      const superuser = await setUp(cluster)
      const refused = (await superuser.page()).readiness.find(({ id }) => id === 'hba')
      expect(refused).toMatchObject({
        state: 'blocked',
        now: expect.stringMatching(/; refused by line 1 of pg_hba\.conf: host replication repl,postgres all reject$/),
      })
    } finally {
      await cluster.remove()
    }
  })

  test('dropping: read-only, wrong confirmation, template, missing and busy are refused; then it goes', async () => {
    const cluster = await sharedCluster(major)
    await cluster.sql('CREATE DATABASE doomed')
    const exists = async () => (await cluster.sql("SELECT 1 FROM pg_database WHERE datname = 'doomed'")).length === 1
    const { handlers, id } = await setUp(cluster, { database: 'doomed' })
    const drop = (database: string, confirm = database, connectionId = id, by = handlers) =>
      by.dropDatabase({ connectionId, database, confirm }, { signal })
    const locked = await setUp(cluster, {}, true)
    await expect(drop('doomed', 'doomed', locked.id, locked.handlers)).rejects.toThrow(
      'Dropping the database doomed is blocked: one is marked read-only.',
    )
    await expect(drop('doomed', 'Doomed')).rejects.toThrow('The name typed is not the name of the database.')
    await expect(drop('template1')).rejects.toThrow('is a template database and is not dropped')
    const [control] = await cluster.sql('SELECT system_identifier::text AS id FROM pg_control_system()')
    const where = `127.0.0.1, port ${cluster.port} (system identifier ${String(control?.id)})`
    await expect(drop('nosuch')).rejects.toThrow(`There is no database nosuch on ${where}.`)
    expect(await exists()).toBe(true)
    const long = 'x'.repeat(63)
    await cluster.sql(`CREATE DATABASE ${long}`)
    await expect(drop(`${long}y`)).rejects.toThrow(`There is no database ${long}y on ${where}.`)
    expect(await cluster.sql(`SELECT 1 FROM pg_database WHERE datname = '${long}'`)).toHaveLength(1)
    const users = [await cluster.client('doomed'), await cluster.client('doomed')]
    await users[0]?.query("SET application_name = 'payroll'")
    await expect(drop('doomed')).rejects.toMatchObject({
      code: 'conflict',
      message: `doomed on ${where} was not dropped: 2 sessions use it: payroll, walkback tests.`,
    })
    expect(await exists()).toBe(true)
    for (const user of users) await user.end()
    await drop('doomed')
    expect(await exists()).toBe(false)
  })

  test('dropping needs the right, and another database to stand in', async () => {
    const cluster = await sharedCluster(major)
    await cluster.sql('CREATE DATABASE kept')
    await cluster.sql(`CREATE ROLE visitor LOGIN PASSWORD '${cluster.password}'`)
    const { handlers, id } = await setUp(cluster, { user: 'visitor', database: 'kept' })
    const drop = () => handlers.dropDatabase({ connectionId: id, database: 'kept', confirm: 'kept' }, { signal })
    await expect(drop()).rejects.toMatchObject({
      code: 'permission',
      message: expect.stringContaining('must be owner of database kept'),
    })
    for (const name of ['postgres', 'template1']) await cluster.sql(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`)
    await expect(drop()).rejects.toThrow(
      `kept can't be dropped: no other database of 127.0.0.1, port ${cluster.port} can be entered.`,
    )
    for (const name of ['postgres', 'template1']) await cluster.sql(`GRANT CONNECT ON DATABASE ${name} TO PUBLIC`)
    expect(await cluster.sql("SELECT 1 FROM pg_database WHERE datname = 'kept'")).toHaveLength(1)
  })
})
