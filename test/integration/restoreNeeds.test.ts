// What an archive needs and a server may lack: tablespaces, extensions, locales, encodings. On every major.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { endMajors, sharedCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { dropDatabase, dump, dumpGlobals, exists, makeDatabase, newDatabase, type RestoreLab, restoreLab } from './restoreSetup'

let lab: RestoreLab

beforeAll(async () => {
  lab = await restoreLab()
})

describe.each(endMajors())('PostgreSQL %i', (major) => {
  test('a missing tablespace: left out by an option, or created from the saved globals', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    const place = path.join(cluster.folder, 'table space')
    const account = testAccount()
    fs.mkdirSync(place, { mode: 0o700 })
    fs.chownSync(place, account.uid, account.gid)
    await cluster.sql(`CREATE TABLESPACE "fa st" LOCATION '${place}'`)
    await makeDatabase(cluster, 'spaced', [
      'CREATE TABLE a (x int) TABLESPACE "fa st"',
      'CREATE TABLE b (x int PRIMARY KEY)',
      'CREATE INDEX i ON b (x) TABLESPACE "fa st"',
    ])
    const folder = path.join(lab.folder, `spaces${major}`)
    fs.mkdirSync(folder)
    dumpGlobals(cluster, path.join(folder, 'globals.sql'))
    const file = dump(cluster, 'spaced', 'directory', path.join(folder, 'dir'))
    expect((await lab.core.api.restore.inspect({ path: file })).tablespaces).toEqual(['fa st'])
    await dropDatabase(cluster, 'spaced')
    await cluster.sql('DROP TABLESPACE "fa st"')

    const request = lab.request(id, file, newDatabase('spaced'))
    const apply = { kind: 'apply-globals' as const, roles: [], tablespaces: ['fa st'] }
    expect(await lab.blockers(request)).toEqual([
      {
        id: 'tablespace:fa st',
        result: 'blocker',
        check: 'Tablespace fa st is missing',
        found: '2 objects there.',
        fixes: [
          { label: 'Create from saved globals', action: apply },
          { label: 'Use pg_default', action: { kind: 'set-option', key: 'noTablespaces', value: true } },
          { label: 'Restore with errors', action: { kind: 'set-option', key: 'continueOnError', value: true } },
        ],
      },
    ])
    const without = await lab.run({ ...request, options: { noTablespaces: true } })
    expect(without).toMatchObject({ state: 'succeeded', issues: [], error: null })
    await dropDatabase(cluster, 'spaced')
    const outcome = await lab.core.api.restore.applyGlobals({
      connectionId: id,
      source: { path: file },
      roles: [],
      tablespaces: ['fa st'],
    })
    expect(outcome).toEqual({ created: ['fa st'], failed: [] })
    expect(await lab.run(request)).toMatchObject({ state: 'succeeded', issues: [] })
    expect(await cluster.sql(`SELECT tablespace FROM pg_tables WHERE tablename = 'a'`, 'spaced')).toEqual([
      { tablespace: 'fa st' },
    ])
    await dropDatabase(cluster, 'spaced')
    await cluster.sql('DROP TABLESPACE "fa st"')
  })

  test('a missing extension is named, and its error too when restored anyway', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    const script = path.join(lab.folder, `ext${major}.sql`)
    fs.writeFileSync(script, 'CREATE EXTENSION IF NOT EXISTS no_such_thing WITH SCHEMA public;\nCREATE TABLE t (x int);\n')
    const request = lab.request(id, script, newDatabase('ext'))
    const blocked = await lab.blockers(request)
    expect(blocked.map((row) => [row.id, row.check, row.found])).toEqual([
      [
        'extension:no_such_thing',
        'Extension no_such_thing is missing',
        `This server can’t create it: its package for PostgreSQL ${major} is not installed there.`,
      ],
    ])
    const job = await lab.run({ ...request, continueOnError: true })
    expect(job).toMatchObject({ state: 'succeeded_with_warnings', errorCount: 1 })
    expect(job.issues[0]).toMatchObject({ object: 'no_such_thing', objectKind: 'EXTENSION' })
    expect(await cluster.sql(`SELECT to_regclass('public.t')::text AS t`, 'ext')).toEqual([{ t: 't' }])
    await dropDatabase(cluster, 'ext')
  })

  test('a locale that the server lacks is a blocker; one it has is created as asked', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    const script = path.join(lab.folder, `loc${major}.sql`)
    fs.writeFileSync(script, 'CREATE TABLE t (x int);\n')
    const wrong = newDatabase('loc', { localeProvider: 'libc', collate: 'xx_YY.UTF-8', ctype: 'xx_YY.UTF-8' })
    const blocked = await lab.blockers(lab.request(id, script, wrong))
    expect(blocked.map((row) => row.id)).toEqual(['locale'])
    expect(blocked[0]?.found).toMatch(/lacks this locale\. could not create locale "xx_YY\.UTF-8": No such file or directory\.$/)

    // What can't be tried in another encoding shows when the database is created: nothing is left of it.
    const untried = newDatabase('loc', { encoding: 'LATIN1', localeProvider: 'libc', collate: 'xx_YY', ctype: 'xx_YY' })
    const { preflight } = await lab.core.api.restore.preview(lab.request(id, script, untried))
    expect(preflight.find((row) => row.id === 'locale')?.result).toBe('warning')
    const failed = await lab.run(lab.request(id, script, untried))
    expect(failed).toMatchObject({ state: 'failed', leftovers: [], error: { code: 'postgres' } })
    expect(failed.error?.message).toMatch(/^The database loc could not be created: invalid (LC_COLLATE )?locale name/)
    expect(await exists(cluster, 'loc')).toBe(false)

    const icu = newDatabase('loc', { localeProvider: 'icu', locale: 'de', collate: 'C', ctype: 'C' })
    if (major < 15) {
      expect((await lab.blockers(lab.request(id, script, icu))).map((row) => row.found)).toEqual([
        expect.stringMatching(/^PostgreSQL 13\.\d+ has no databases with ICU locales; they came with 15\.$/),
      ])
    } else {
      expect(await lab.run(lab.request(id, script, icu))).toMatchObject({ state: 'succeeded', error: null })
      const file = dump(cluster, 'loc', 'custom', path.join(lab.folder, `icu${major}`))
      await dropDatabase(cluster, 'loc')
      // Read back from the archive itself, without a record.
      const { suggestedTarget } = await lab.core.api.restore.prepare({ connectionId: id, source: { path: file } })
      expect(suggestedTarget).toMatchObject({ localeProvider: 'icu', locale: 'de', collate: 'C', ctype: 'C', encoding: 'UTF8' })
      expect(await lab.run(lab.request(id, file, suggestedTarget))).toMatchObject({ state: 'succeeded', error: null })
      const [made] = await cluster.sql(`SELECT datlocprovider FROM pg_database WHERE datname = 'loc'`)
      expect(made).toEqual({ datlocprovider: 'i' })
      await dropDatabase(cluster, 'loc')
    }
    const builtin = newDatabase('loc', { localeProvider: 'builtin', locale: 'C.UTF-8', collate: 'C', ctype: 'C' })
    if (major < 17) {
      expect((await lab.blockers(lab.request(id, script, builtin))).map((row) => row.found)).toEqual([
        expect.stringMatching(/ has no builtin locale provider; it came with 17\.$/),
      ])
    } else {
      expect(await lab.run(lab.request(id, script, builtin))).toMatchObject({ state: 'succeeded', error: null })
      const [made] = await cluster.sql(`SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'loc'`)
      expect(made).toEqual({ datlocprovider: 'b', datlocale: 'C.UTF-8' })
      await dropDatabase(cluster, 'loc')
    }
  })

  test('a name longer than 63 bytes would be cut by the server: a blocker', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    const script = path.join(lab.folder, `name${major}.sql`)
    fs.writeFileSync(script, 'SELECT 1;\n')
    const blocked = await lab.blockers(lab.request(id, script, newDatabase('ü'.repeat(32))))
    expect(blocked.map((row) => row.found)).toEqual(['The name has 64 bytes; PostgreSQL keeps 63.'])
  })
})
