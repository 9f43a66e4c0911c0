// What an opened session is like, what the tools' environment holds, and names made to hurt.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { Secret } from '../../electron/process/secret'
import { quoteIdentifier, quoteLiteral } from '../../shared/model/identifier'
import { sharedCluster, testMajors } from '../support/clusters'
import { draft, newStore } from './connectionsSetup'

const run = promisify(execFile)
const marker = path.join('/tmp', `wb-touched-${process.pid}`)

const hostile = [
  'a"b',
  "it's; DROP DATABASE postgres; --",
  `$(touch ${marker})`,
  `\`touch ${marker}\``,
  'new\nline',
  '-dash',
  '--help',
  ' spaces ',
  'back\\slash',
  'co:lon@at/slash?x=y&z',
  'host=elsewhere dbname=x',
  'postgresql://evil.invalid/x',
  `é${'ü'.repeat(30)}x`,
]

describe.each(testMajors())('PostgreSQL %i', (major) => {
  afterAll(async () => (await sharedCluster(major)).remove())

  test('a session: no search path, messages in C for a superuser, ISO dates, read-only where marked', async () => {
    const cluster = await sharedCluster(major)
    const { store } = newStore()
    await cluster.sql("ALTER ROLE postgres SET DateStyle = 'SQL, DMY'")
    await cluster.sql("ALTER ROLE postgres SET search_path = 'evil'")
    const input = { ...draft(cluster), label: 'one', colour: 'slate' as const, readOnly: true }
    const { id } = await store.save(input)
    const client = await store.open(await store.resolve(id))
    const { rows } = await client.query(`
      SELECT current_setting('application_name') AS app, current_setting('search_path') AS path,
             current_setting('lc_messages') AS messages, current_setting('DateStyle') AS dates`)
    expect(rows).toEqual([{ app: 'walkback', path: '', messages: 'C', dates: 'ISO, YMD' }])
    await expect(client.query('CREATE TABLE public.t ()')).rejects.toThrow('read-only transaction')
    await client.end()
    await store.save({ ...input, id, readOnly: false })
    const writable = await store.open(await store.resolve(id))
    await writable.query('CREATE TABLE public.t (); DROP TABLE public.t')
    await writable.end()
    for (const name of ['DateStyle', 'search_path']) await cluster.sql(`ALTER ROLE postgres RESET ${name}`)
  })

  test('lc_messages is asked of tools only for a role seen to be superuser', async () => {
    const cluster = await sharedCluster(major)
    const { store } = newStore()
    await cluster.sql(`CREATE ROLE ordinary LOGIN PASSWORD '${cluster.password}'`)
    for (const [user, options] of [
      ['postgres', '-c lc_messages=C'],
      ['ordinary', undefined],
    ] as const) {
      const connection = await store.resolveDraft(draft(cluster, { user }))
      await (await store.open(connection)).end()
      const tools = await store.toolEnvironment(connection)
      expect(tools.env.PGOPTIONS).toBe(options)
      const { stdout } = await run(
        path.join(cluster.bin, 'psql'),
        ['--no-psqlrc', '--no-password', '-Atc', 'SELECT current_user', 'postgres'],
        {
          env: { PATH: process.env.PATH, ...tools.env },
        },
      )
      expect(stdout.trim()).toBe(user)
      await tools.remove()
    }
  })

  test.each(hostile)('role, password and database named %j: opened, by the tools too, and dropped', async (name) => {
    const cluster = await sharedCluster(major)
    const { store, folder } = newStore()
    const password = `${name}pw`
    await cluster.sql(`CREATE ROLE ${quoteIdentifier(name)} LOGIN PASSWORD ${quoteLiteral(password)}`)
    await cluster.sql(`CREATE DATABASE ${quoteIdentifier(name)} OWNER ${quoteIdentifier(name)}`)
    const given = { kind: 'set', password, remember: true } as const
    const input = {
      ...draft(cluster, { user: name, database: name }, given),
      label: name,
      colour: 'red' as const,
      readOnly: false,
    }
    const { id } = await store.save(input)
    const connection = await store.resolve(id)
    const client = await store.open(connection)
    expect((await client.query('SELECT current_user::text AS role, current_database()::text AS db')).rows).toEqual([
      { role: name, db: name },
    ])
    await client.end()
    expect(fs.readFileSync(path.join(folder, 'data', 'connections.json'), 'utf8')).not.toContain(
      JSON.stringify(password).slice(1, -1),
    )
    // A passfile line can't hold a line break; every other password goes through it.
    const toTools = name.includes('\n') ? { ...connection, password: new Secret(cluster.password) } : connection
    const lineBreak = store.toolEnvironment({ ...connection, password: new Secret(`${name}\n`) })
    await expect(lineBreak).rejects.toThrow('holds a line break')
    if (toTools !== connection) await cluster.sql(`ALTER ROLE ${quoteIdentifier(name)} PASSWORD '${cluster.password}'`)
    const tools = await store.toolEnvironment(toTools)
    const { stdout } = await run(
      path.join(cluster.bin, 'psql'),
      ['--no-psqlrc', '--no-password', '-Atc', 'SELECT current_database()'],
      {
        env: { PATH: process.env.PATH, ...tools.env, PGDATABASE: name },
      },
    )
    expect(stdout).toBe(`${name}\n`)
    await tools.remove()
    if (toTools !== connection) await cluster.sql(`ALTER ROLE ${quoteIdentifier(name)} PASSWORD ${quoteLiteral(password)}`)
    await expect(store.open(connection, `${name}?`)).rejects.toMatchObject({ words: { failure: 'database' } })
    await cluster.sql(`DROP DATABASE ${quoteIdentifier(name)}`)
    expect(fs.existsSync(marker)).toBe(false)
  })
})
