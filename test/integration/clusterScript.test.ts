// Scripts of pg_dumpall before they run: what of them is there already, and what becomes of the role that restores.
import fs from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PreflightRow } from '../../shared/model/preflight'
import { endMajors, startCluster, type TestCluster } from '../support/clusters'
import { tablespaceFolder } from './clusterSetup'
import { dumpGlobals, errorsOf, type RestoreLab, restoreLab } from './restoreSetup'

let lab: RestoreLab

beforeAll(async () => {
  lab = await restoreLab()
})

describe.each(endMajors())('a script of pg_dumpall %i', (major) => {
  let source: TestCluster
  let target: TestCluster
  let place: string
  let script: string
  let globals: string
  const into = { kind: 'existing', database: 'postgres' } as const

  beforeAll(async () => {
    source = await startCluster({ major, prefix: 'source' })
    target = await startCluster({ major, prefix: 'target' })
    place = tablespaceFolder(source, 'fast')
    for (const statement of [
      `CREATE ROLE app LOGIN PASSWORD 'app secret'`,
      `CREATE TABLESPACE fast LOCATION '${place}'`,
      `CREATE DATABASE shop OWNER app`,
      `CREATE DATABASE spare`,
    ]) {
      await source.sql(statement)
    }
    await source.sql('CREATE TABLE things AS SELECT generate_series(1, 10) AS id', 'shop')
    await source.sql('CREATE TABLE notes AS SELECT 1 AS id')
    script = dumpGlobals(source, path.join(lab.folder, `cluster-${major}.sql`), [])
    globals = dumpGlobals(source, path.join(lab.folder, `globals-${major}.sql`))
    // Its own folder is in use by the source: the tests begin with the tablespace given up there.
    await source.sql('DROP TABLESPACE fast')
  })

  afterAll(async () => {
    await source?.remove()
    await target?.remove()
  })

  async function rowsOf(id: string, file: string, more = {}): Promise<Record<string, PreflightRow>> {
    const { preflight } = await lab.core.api.restore.preview(lab.request(id, file, into, more))
    return Object.fromEntries(preflight.map((row) => [row.id, row]))
  }

  /** The target, by the password that the script gives its superuser. */
  async function asSource(text: string, database = 'postgres') {
    const { port } = target
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password: source.password, database })
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }

  const another = 'The script gives postgres, whom this connection uses, another password: the one from where it was made.'

  it('says that the role that restores gets another password, and what to do', async () => {
    const id = await lab.connect(target)
    expect((await rowsOf(id, script, { continueOnError: true }))['own-role']).toMatchObject({
      result: 'warning',
      check: 'Your role postgres',
      found: `${another} At its first \\connect psql is then refused and stops halfway, unless pg_hba.conf lets it in without a password. Connect as a superuser that the script does not name, or dump again without passwords of roles.`,
    })
    expect((await rowsOf(id, globals, { continueOnError: true }))['own-role']?.found).toBe(
      `${another} Put that one into this connection afterwards, or dump again without passwords of roles.`,
    )
    const without = dumpGlobals(source, path.join(lab.folder, `without-${major}.sql`), ['--no-role-passwords', '--globals-only'])
    expect((await rowsOf(id, without, { continueOnError: true }))['own-role']).toMatchObject({
      result: 'pass',
      found: 'The script leaves the password of postgres as it is.',
    })
    // A role of the script that is none of a superuser there would lose its rights halfway.
    await target.sql(`CREATE ROLE app SUPERUSER LOGIN PASSWORD 'here'`)
    const asApp = await lab.connect(target, { user: 'app', password: 'here' })
    expect((await rowsOf(asApp, script, { continueOnError: true }))['own-role']).toMatchObject({
      result: 'blocker',
      found:
        'The script takes SUPERUSER from app, whom this connection uses: what comes after fails. Connect as a superuser that the script does not name.',
    })
    await target.sql('DROP ROLE app')
  })

  it('is stopped by CREATE ROLE unless it may go on, and by a folder that is missing', async () => {
    const id = await lab.connect(target)
    const strict = await rowsOf(id, script)
    expect(strict['script-roles']).toMatchObject({
      result: 'blocker',
      found: 'postgres: the script’s CREATE ROLE fails there and would end it. That error does no harm.',
      fixes: [{ label: 'Go on after errors', action: { kind: 'set-option', key: 'continueOnError', value: true } }],
    })
    const lenient = await rowsOf(id, script, { continueOnError: true })
    expect(lenient['script-roles']).toBeUndefined()
    expect(lenient['place:fast']).toMatchObject({ result: 'pass', found: `Created in ${place}.` })
    expect(lenient['script-databases']).toBeUndefined()
    fs.renameSync(place, `${place} away`)
    try {
      expect((await rowsOf(id, script, { continueOnError: true }))['place:fast']).toMatchObject({
        result: 'blocker',
        found: `There is no folder ${place} on the server’s machine: make it, owned by the server’s account. The script creates fast there and nowhere else; the tablespaces of a parallel set can go elsewhere.`,
      })
    } finally {
      fs.renameSync(`${place} away`, place)
    }
  })

  it('names the roles, tablespaces and databases that are there, and does not add rows to a database that holds some', async () => {
    const id = await lab.connect(target)
    await target.sql('CREATE ROLE app')
    await target.sql(`CREATE TABLESPACE fast LOCATION '${tablespaceFolder(target, 'its own')}'`)
    await target.sql('CREATE DATABASE shop')
    await target.sql('CREATE DATABASE spare')
    await target.sql('CREATE TABLE mine AS SELECT 7 AS id')
    try {
      const empty = await rowsOf(id, script, { continueOnError: true })
      expect(empty['script-roles']).toMatchObject({
        result: 'warning',
        found: 'app: on this server already. They get the attributes, passwords, settings and memberships of the script.',
      })
      expect(empty['script-tablespaces']).toMatchObject({
        result: 'warning',
        found: 'fast: on this server already. CREATE TABLESPACE fails there, and the one here is used.',
      })
      expect(empty['script-databases']).toMatchObject({
        result: 'warning',
        found: 'shop, spare: on this server already, empty. CREATE DATABASE fails there, and the script fills them.',
      })
      expect(empty['script-added']?.found).toBe('postgres (1 table): what the script has for it is added to what is there.')
      await target.sql('CREATE TABLE things AS SELECT 99 AS id', 'shop')
      const held = await rowsOf(id, script, { continueOnError: true })
      expect(held['script-databases']).toMatchObject({
        result: 'blocker',
        found:
          'shop (1 table): on this server already. CREATE DATABASE fails there, and the script would go on inside, adding objects and rows to what is there. Rename or drop it first.',
      })
      await expect(lab.core.api.restore.start(lab.request(id, script, into, { continueOnError: true }))).rejects.toMatchObject({
        code: 'preflight',
      })
      expect(await target.sql('SELECT id FROM things', 'shop')).toEqual([{ id: 99 }])
    } finally {
      await target.sql('DROP TABLE mine')
      for (const name of ['shop', 'spare']) await target.sql(`DROP DATABASE ${name}`)
      await target.sql('DROP TABLESPACE fast')
      await target.sql('DROP ROLE app')
    }
  })

  it('stops halfway where that was said, runs through without a \\connect, and is whole once the password is the same', async () => {
    const id = await lab.connect(target)
    const halfway = await lab.run(lab.request(id, script, into, { continueOnError: true }))
    expect(halfway.state).toBe('failed')
    expect(halfway.error?.message).toContain('password authentication failed for user "postgres"')
    expect(halfway.error?.hint).toMatch(
      /^The script had given this role another password by then\. Put that one into the connection/,
    )
    await expect(lab.core.api.restore.preview(lab.request(id, globals, into))).rejects.toMatchObject({
      message: 'The server does not accept the password for postgres.',
    })
    const emptied = async () => {
      for (const name of ['TABLESPACE fast', 'ROLE app']) await asSource(`DROP ${name}`)
    }
    await emptied()
    await asSource(`ALTER ROLE postgres PASSWORD '${target.password}'`)
    const through = await lab.run(lab.request(id, globals, into, { continueOnError: true }))
    expect(through.error).toBeNull()
    expect(through.state).toBe('succeeded')
    expect(through.result?.facts.find(({ label }) => label === 'Not counted')?.value).toBe(
      'The script gave postgres another password: put it into the connection to look inside.',
    )

    await emptied()
    const now = await lab.connect(target, { password: source.password })
    expect((await rowsOf(now, script, { continueOnError: true }))['own-role']).toMatchObject({
      result: 'pass',
      found: 'The script gives postgres the password that this connection uses.',
    })
    const whole = await lab.run(lab.request(now, script, into, { continueOnError: true }))
    expect(errorsOf(whole)).toEqual([])
    expect(whole.state).toBe('succeeded')
    expect(await asSource('SELECT count(*)::int FROM things', 'shop')).toEqual([{ count: 10 }])
    expect(await asSource('SELECT id FROM notes')).toEqual([{ id: 1 }])
  })
})
