// Dumps of real servers of every major: each format, its record, its checksums, what it shows and what it hides.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRecord } from '../../electron/library/recordFile'
import { dumpFormats } from '../../shared/model/backupRecord'
import { majorOf } from '../../shared/model/pgVersion'
import { binFolder, newestMajor, sharedCluster, testMajors } from '../support/clusters'
import { context, type DumpApp, dumpApp, filesBelow, foldersIn, makeShop, only, watchProcesses } from './dumpSetup'

let app: DumpApp

beforeAll(async () => {
  app = await dumpApp()
})

afterAll(() => app.close())

function backupOf(job: { result: { backupPath: string | null } | null }): string {
  const folder = job.result?.backupPath
  if (!folder) throw new Error(`the job made no backup: ${JSON.stringify(job)}`)
  return folder
}

describe.each(testMajors())('a server of %i', (major) => {
  it.each(dumpFormats)('is dumped in the %s format, with a true record', async (format) => {
    const cluster = await sharedCluster(major)
    const database = `shop_${format}`
    await makeShop(cluster, database)
    const id = await app.connect(cluster)
    const job = await app.run(app.request(id, database, { format, label: 'before the move' }))
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(job.steps.map((step) => [step.id, step.state])).toEqual(
      ['checks', 'globals', 'dump', 'read', 'checksums', 'record'].map((step) => [step, 'done']),
    )
    const folder = backupOf(job)
    expect(path.basename(folder)).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d{6}Z-dump-${database}-before-the-move$`))
    expect(path.dirname(path.dirname(folder))).toBe(app.library)
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700)

    const record = await readRecord(folder)
    const known = only(
      await cluster.sql(
        `SELECT system_identifier::text AS id, pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, pg_get_userbyid(datdba) AS owner
           FROM pg_control_system(), pg_database WHERE datname = '${database}'`,
      ),
    )
    expect(record).toMatchObject({ kind: 'dump', format, label: 'before the move', warnings: [] })
    expect(record.source).toMatchObject({
      database,
      systemIdentifier: known.id,
      encoding: known.encoding,
      collate: known.collate,
      owner: known.owner,
    })
    expect(majorOf(record.source.serverVersion)).toBe(major)
    expect(record.source.localeProvider).toBe('libc')
    expect(record.globals).toEqual({ path: 'globals.sql', rolePasswords: true })
    expect(record.tools.map((tool) => [tool.program, majorOf(tool.version)])).toEqual(
      ['pg_dump', 'pg_dumpall', ...(format === 'plain' ? [] : ['pg_restore'])].map((program) => [program, major]),
    )
    expect(record.verifications).toMatchObject([{ level: 'read', ok: true }])

    const files = filesBelow(folder).filter((file) => path.basename(file) !== 'walkback.json')
    expect(record.files.map((file) => path.join(folder, file.path)).toSorted()).toEqual(files.toSorted())
    for (const file of record.files) {
      const content = fs.readFileSync(path.join(folder, file.path))
      expect(file).toMatchObject({ size: String(content.length), sha256: createHash('sha256').update(content).digest('hex') })
    }
    const archive = path.join(folder, record.artifact)
    expect(fs.readFileSync(path.join(folder, 'globals.sql'), 'utf8')).toContain('CREATE ROLE postgres')
    if (format === 'plain') {
      expect(fs.readFileSync(archive, 'utf8')).toContain('COPY sales.orders')
      return
    }
    const list = execFileSync(path.join(binFolder(major), 'pg_restore'), ['--list', archive], { encoding: 'utf8' })
    for (const entry of [
      'TABLE DATA sales orders',
      'TABLE DATA public events_2026',
      'MATERIALIZED VIEW sales totals',
      'FUNCTION public twice',
      'FK CONSTRAINT sales orders',
    ]) {
      expect(list).toContain(entry)
    }
    expect(job.steps.find((step) => step.id === 'read')?.detail).toBe('4 tables')
    expect(list).toMatch(new RegExp(`Format: ${format.toUpperCase()}`))
  })

  it('writes what its preview shows, and nothing else is left behind', async () => {
    const cluster = await sharedCluster(major)
    await makeShop(cluster, 'previewed')
    const id = await app.connect(cluster, undefined, `Preview ${major}`)
    const prepared = await app.dump.prepare({ connectionId: id, database: 'previewed' }, context)
    expect(majorOf(prepared.tool?.version ?? 0)).toBe(major)
    expect(prepared.defaults).toEqual({
      format: 'directory',
      options: { jobs: 2, lockWaitTimeout: '60s', compress: major >= 16 ? 'zstd:3' : '6' },
    })
    const request = app.request(id, 'previewed', { options: prepared.defaults.options })
    const preview = await app.dump.preview(request, context)
    expect(preview.blocked).toBe('')
    expect(preview.preflight.filter((row) => row.result !== 'pass')).toEqual([])
    expect(foldersIn(app.library).filter((name) => name.includes(`Preview-${major}`))).toEqual([])
    const job = await app.run(request)
    expect(job.state).toBe('succeeded')
    const withoutTime = (words: readonly string[]) => words.map((word) => word.replace(/\d{4}-\d\d-\d\dT\d{6}Z/, 'TIME'))
    expect(job.commands.map((command) => withoutTime(command.words))).toEqual(
      preview.commands.map((command) => withoutTime(command.words)),
    )
    expect(foldersIn(app.library).filter((name) => name.includes(`Preview-${major}`))).toEqual([
      `Preview-${major}/${path.basename(backupOf(job))}`,
    ])
    expect(fs.readdirSync(app.services.paths.scratch)).toEqual([])
  })
})

describe('secrets', () => {
  it('shows the password nowhere: not in processes, logs, job records, backups or errors', async () => {
    const cluster = await sharedCluster(newestMajor())
    const password = 'Find_Me_4711$%&'
    await cluster.sql(`CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '${password}'`)
    await makeShop(cluster, 'secret_shop', 50_000)
    const id = await app.connect(cluster, { user: 'keeper', password })
    const stop = watchProcesses(password)
    const job = await app.run(app.request(id, 'secret_shop'))
    expect(job.state).toBe('succeeded')
    await cluster.sql(`ALTER ROLE keeper PASSWORD 'another'`)
    const failed = await app.dump.start(app.request(id, 'secret_shop'), context).catch((error: unknown) => error)
    expect(stop()).toEqual([])
    const shown = [JSON.stringify(job), JSON.stringify(failed), String(failed), await app.log(job.id)]
    for (const file of filesBelow(app.dataFolder)) shown.push(fs.readFileSync(file, 'latin1'))
    expect(shown.length).toBeGreaterThan(10)
    for (const text of shown) expect(text.includes(password)).toBe(false)
  })
})

describe('hostile names', () => {
  const marker = '/tmp/walkback-marker'
  const names = [
    `quote's "and" double`,
    `semi; touch ${marker}`,
    `$(touch ${marker}) \`touch ${marker}\``,
    'line\nbreak',
    '--leading=dash',
    'ünïcödé-ß-日本語-кириллица-ñandú-ŵ',
    'dbname=postgres user=nobody',
    'postgresql://nobody@nowhere:1/x',
    'back\\slash\\',
    '../../escape',
    '%n %s {}',
  ]

  it.each(names)('dumps the database %j with everything in it named so', async (name) => {
    fs.rmSync(marker, { force: true })
    const cluster = await sharedCluster(newestMajor())
    expect(Buffer.byteLength(name)).toBeLessThan(62)
    const quoted = `"${name.replaceAll('"', '""')}"`
    const role = `"r${name.replaceAll('"', '""')}"`
    await cluster.sql(`CREATE DATABASE ${quoted}`)
    await cluster.sql(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'hostile'`)
    await cluster.sql(
      `CREATE SCHEMA ${quoted}; CREATE TABLE ${quoted}.${quoted} AS SELECT generate_series(1, 10) AS ${quoted}`,
      name,
    )
    const user = role.slice(1, -1).replaceAll('""', '"')
    const id = await app.connect(cluster, { user, password: 'hostile' }, name.replaceAll('\n', ' '))
    const library = path.join(app.dataFolder, name.replaceAll('/', '_').replaceAll('\n', ' '))
    const options = { jobs: 2, schema: [quoted], table: [`${quoted}.${quoted}`] }
    const job = await app.run(app.request(id, name, { library, label: name, options }))
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    const folder = backupOf(job)
    expect(path.dirname(path.dirname(folder))).toBe(library)
    expect(path.basename(folder)).not.toMatch(/[\n'"`$;/\\]/)
    const record = await readRecord(folder)
    expect(record.source.database).toBe(name)
    expect(record.label).toBe(name)
    const list = execFileSync(path.join(binFolder(newestMajor()), 'pg_restore'), ['--list', path.join(folder, record.artifact)], {
      encoding: 'utf8',
    })
    expect(list.match(/TABLE DATA/g)).toHaveLength(1)
    const verified = await app.verify(folder)
    expect(verified.error).toBeNull()
    expect(fs.existsSync(marker)).toBe(false)
    await cluster.sql(`DROP DATABASE ${quoted}`)
  })
})

describe('a library', () => {
  it('is refused with a line break in its path, before anything is written', async () => {
    const cluster = await sharedCluster(newestMajor())
    const id = await app.connect(cluster)
    const library = path.join(app.dataFolder, 'two\nlines')
    await expect(app.dump.start(app.request(id, 'postgres', { library }), context)).rejects.toMatchObject({
      code: 'bad_input',
      message: 'The path of the library holds a line break, which PostgreSQL’s programs do not take.',
    })
    expect(fs.existsSync(library)).toBe(false)
  })

  it('is refused when it is relative or a file', async () => {
    const cluster = await sharedCluster(newestMajor())
    const id = await app.connect(cluster)
    await expect(app.dump.start(app.request(id, 'postgres', { library: 'backups' }), context)).rejects.toMatchObject({
      code: 'bad_input',
      message: 'The library "backups" is not an absolute path.',
    })
    const file = path.join(app.dataFolder, 'a file')
    fs.writeFileSync(file, 'x')
    await expect(app.dump.start(app.request(id, 'postgres', { library: file }), context)).rejects.toMatchObject({
      code: 'preflight',
      message: `Nothing can be written to ${file}: ${file} is a file, not a folder.`,
    })
  })
})

describe('options', () => {
  it('refuses those that Walkback sets itself, and unknown ones', async () => {
    const cluster = await sharedCluster(newestMajor())
    const id = await app.connect(cluster)
    for (const [options, message] of [
      [{ file: '/tmp/elsewhere' }, '--file is set by Walkback itself.'],
      [{ host: 'elsewhere' }, '--host is set by Walkback itself.'],
      [{ dbname: 'x' }, '--dbname is set by Walkback itself.'],
      [{ nonsense: true }, 'pg_dump has no option named "nonsense".'],
    ] as const) {
      await expect(app.dump.start(app.request(id, 'postgres', { options }), context)).rejects.toMatchObject({
        code: 'bad_input',
        message,
      })
    }
  })

  it('blocks start by an option that this version lacks, naming both versions', async () => {
    const oldest = testMajors()[0] ?? 13
    if (oldest >= 17) throw new Error('this test needs a version before 17')
    const cluster = await sharedCluster(oldest)
    const id = await app.connect(cluster)
    const request = app.request(id, 'postgres', { options: { excludeExtension: ['x'] } })
    const preview = await app.dump.preview(request, context)
    expect(preview.blocked).toMatch(/^pg_dump \d+\.\d+ has no --exclude-extension; it came with pg_dump 17\.$/)
    expect(preview.preflight[0]).toMatchObject({
      result: 'blocker',
      fixes: [{ action: { kind: 'set-option', key: 'excludeExtension', value: false } }],
    })
    await expect(app.dump.start(request, context)).rejects.toMatchObject({ code: 'preflight', message: preview.blocked })
  })

  it('warns of circular foreign keys in a rows-only dump, by table', async () => {
    for (const major of testMajors()) {
      const cluster = await sharedCluster(major)
      await cluster.sql('CREATE DATABASE circular')
      await cluster.sql(
        `CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
         ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b`,
        'circular',
      )
      const id = await app.connect(cluster)
      const job = await app.run(app.request(id, 'circular', { options: { jobs: 2, dataOnly: true } }))
      expect(job.state).toBe('succeeded_with_warnings')
      const issue = only(job.issues)
      expect(issue).toMatchObject({ severity: 'warning', object: 'a, b', harmless: null })
      expect(issue.message).toBe('there are circular foreign-key constraints among these tables:')
      expect(issue.advice).toContain('--disable-triggers')
      expect((await readRecord(backupOf(job))).warnings).toEqual([issue.message])
    }
  })
})

describe('a role that is no superuser', () => {
  it('dumps what it may read, without role passwords, and says so', async () => {
    for (const major of testMajors()) {
      const cluster = await sharedCluster(major)
      await cluster.sql('CREATE DATABASE modest')
      await cluster.sql(
        `CREATE ROLE modest LOGIN PASSWORD 'modest'; CREATE TABLE t AS SELECT 1; GRANT SELECT ON t TO modest`,
        'modest',
      )
      const id = await app.connect(cluster, { user: 'modest', password: 'modest' })
      const job = await app.run(app.request(id, 'modest'))
      expect(job.error).toBeNull()
      expect(job.state).toBe('succeeded_with_warnings')
      expect(only(job.issues).message).toBe('The roles were saved without their passwords, which only a superuser may read.')
      const record = await readRecord(backupOf(job))
      expect(record.globals).toEqual({ path: 'globals.sql', rolePasswords: false })
      expect(fs.readFileSync(path.join(backupOf(job), 'globals.sql'), 'utf8')).not.toContain('SCRAM-SHA-256')
    }
  })

  it('is blocked by a table that it may not read, named, and by row security', async () => {
    const cluster = await sharedCluster(newestMajor())
    await cluster.sql('CREATE DATABASE closed')
    await cluster.sql(
      `CREATE ROLE closed LOGIN PASSWORD 'closed'; CREATE SCHEMA hidden; CREATE TABLE hidden.secrets (x int);
       CREATE TABLE own_rows (x int); GRANT SELECT ON own_rows TO closed; ALTER TABLE own_rows ENABLE ROW LEVEL SECURITY`,
      'closed',
    )
    const id = await app.connect(cluster, { user: 'closed', password: 'closed' })
    const preview = await app.dump.preview(app.request(id, 'closed'), context)
    expect(preview.blocked).toBe(
      'The role may not read 1 table: hidden.secrets. pg_dump stops at the first of them. A superuser can GRANT pg_read_all_data to the role. ' +
        'Row security hides rows of 1 table from the role: public.own_rows. pg_dump stops there rather than leave rows out.',
    )
    await expect(app.dump.start(app.request(id, 'closed'), context)).rejects.toMatchObject({ code: 'preflight' })
    const allowed = app.request(id, 'closed', { options: { jobs: 2, excludeSchema: ['"hidden"'], enableRowSecurity: true } })
    expect((await app.dump.preview(allowed, context)).blocked).toBe('')
    expect((await app.run(allowed)).state).toBe('succeeded_with_warnings')
  })
})

it('two dumps of one database in the same second get folders of their own', async () => {
  const cluster = await sharedCluster(newestMajor())
  await cluster.sql('CREATE DATABASE twice')
  const id = await app.connect(cluster)
  const jobs = await Promise.all([1, 2, 3].map(() => app.run(app.request(id, 'twice'))))
  expect(jobs.map((job) => job.state)).toEqual(['succeeded', 'succeeded', 'succeeded'])
  expect(new Set(jobs.map(backupOf)).size).toBe(3)
})
