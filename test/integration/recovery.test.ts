// Standalone recovery of every major: each kind and form of backup to a new folder with its tablespaces elsewhere, started by
// Walkback, compared row by row, with the backup untouched and both servers going their own ways.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endMajors, startCluster, type TestCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { hashesOf } from '../support/physicalCopy'
import { tempFolder } from '../support/tempFolder'
import { addTablespaces, type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'
import { addSettingsFiles, clientOf, factsOf, newPlace, printOf, recover, recoveryRequest, stopServer } from './recoverySetup'

let base: BaseCore
const clusters = new Map<number, TestCluster>()

beforeAll(async () => {
  base = await baseCore()
})

afterAll(async () => {
  for (const cluster of clusters.values()) await cluster.remove()
})

async function clusterOf(major: number): Promise<TestCluster> {
  const known = clusters.get(major)
  if (known) return known
  const cluster = await startCluster({ major, prefix: `rec${major}` })
  clusters.set(major, cluster)
  await addTablespaces(cluster, 2000)
  return cluster
}

/** Both servers work on by themselves; what one does is not on the other. */
async function liveApart(cluster: TestCluster, port: number): Promise<void> {
  const table = `later_${port}`
  await cluster.sql(`CREATE TABLE ${table} (n int)`, 'shop')
  const copy = await clientOf(cluster, port)('shop')
  try {
    const seen = await copy.query(`SELECT to_regclass('public.${table}') AS it`)
    expect(seen.rows[0]).toEqual({ it: null })
    await copy.query(`CREATE TABLE only_here_${port} TABLESPACE "fast disk" AS SELECT 1 AS n`)
    const [mine] = await cluster.sql(`SELECT to_regclass('public.only_here_${port}') AS it`, 'shop')
    expect(mine).toEqual({ it: null })
    const { rows } = await copy.query(
      `SELECT (SELECT setting FROM pg_settings WHERE name = 'archive_mode') AS archiving, pg_is_in_recovery() AS recovering,
              (SELECT array_agg(pg_tablespace_location(oid)) FROM pg_tablespace WHERE spcname LIKE '%disk') AS folders`,
    )
    expect(rows[0]).toMatchObject({ archiving: 'off', recovering: false })
    const originals = await cluster.sql(
      `SELECT pg_tablespace_location(oid) AS folder FROM pg_tablespace WHERE spcname LIKE '%disk'`,
    )
    for (const { folder } of originals) expect(rows[0]?.folders).not.toContain(folder)
  } finally {
    await copy.end()
  }
  await cluster.sql(`DROP TABLE ${table}`, 'shop')
}

/** Plain everywhere; the tars where a compression came, and on the newest. */
const forms: { name: string; format: 'plain' | 'tar'; compress: string | null; walMethod: string; majors: number[] }[] = [
  { name: 'plain', format: 'plain', compress: null, walMethod: 'stream', majors: [13, 14, 15, 16, 17, 18] },
  { name: 'tar', format: 'tar', compress: null, walMethod: 'stream', majors: [13, 18] },
  { name: 'tar, gzip, fetched WAL', format: 'tar', compress: '1', walMethod: 'fetch', majors: [13, 17] },
  { name: 'tar, gzip', format: 'tar', compress: '1', walMethod: 'stream', majors: [15, 17] },
  { name: 'tar, lz4', format: 'tar', compress: 'server-lz4', walMethod: 'stream', majors: [15, 17, 18] },
  { name: 'tar, zstd', format: 'tar', compress: 'server-zstd:3', walMethod: 'stream', majors: [15, 17, 18] },
]

describe.each(endMajors())('PostgreSQL %i', (major) => {
  test.each(forms.filter(({ majors }) => majors.includes(major)))(
    'a base backup, $name',
    async ({ format, compress, walMethod }) => {
      const cluster = await clusterOf(major)
      const login = await base.connect(cluster)
      const before = await hashesOf(['shop'], (db) => cluster.client(db))
      const options = { walMethod, checkpoint: 'fast', ...(compress === null ? {} : { compress }) }
      const backup = folderOf(await base.run(base.request(login, { format, options })))
      const record = recordIn(backup)
      const untouched = printOf(backup)
      const request = await recoveryRequest(backup, { login })
      const { folder, port } = newPlace(request)
      const preview = await base.core.api.recovery.previewStandalone(request)
      expect(preview.blocked).toBe('')
      expect(preview.files[0]?.path).toBe(path.join(folder, 'postgresql.auto.conf'))
      const job = await recover(base.core, request)
      expect(job.error).toBeNull()
      expect(job.issues).toEqual([])
      expect(job.state).toBe('succeeded')
      const facts = factsOf(job)
      expect(facts.get('System identifier')).toBe(record.source.systemIdentifier)
      expect(facts.get('End of the backup')).toBe(record.stop.lsn)
      expect(facts.get('Timeline')).toBe('1')
      expect(facts.get('Connection')).toMatch(/^pg\d+ \d+ of 2\d{3}-\d\d-\d\d \d\d:\d\dZ/)
      expect(printOf(backup)).toBe(untouched)
      expect(await hashesOf(['shop'], clientOf(cluster, port))).toEqual(before)
      await liveApart(cluster, port)
      const owner = fs.statSync(folder)
      expect([owner.uid, owner.mode & 0o777]).toEqual([testAccount().uid, 0o700])
      expect(fs.readFileSync(path.join(folder, 'postgresql.auto.conf'), 'utf8')).toContain(preview.files[0]?.text ?? '?')
      // Stopped and started by hand, as the job's page says.
      stopServer(cluster, folder)
      execFileSync('bash', [
        '-c',
        `cd / && ${facts.get('Start it later')?.replace(/^sudo -u postgres /, 'runuser -u postgres -- ')} -w`,
      ])
      await (await clientOf(cluster, port)('shop')).end()
      stopServer(cluster, folder)
      fs.rmSync(backup, { recursive: true })
      fs.rmSync(path.dirname(folder), { recursive: true })
    },
    180_000,
  )

  test('a cold backup, with settings files that lay outside', async () => {
    const cluster = await startCluster({ major, prefix: `reccold${major}` })
    try {
      await addTablespaces(cluster, 1000)
      const login = await base.connect(cluster)
      const before = await hashesOf(['shop'], (db) => cluster.client(db))
      // As Debian has it: settings apart, with an include, other folders, and a port of their own.
      const outside = tempFolder('etc')
      const { uid, gid } = testAccount()
      const put = (name: string, text: string) => {
        const file = path.join(outside, name)
        fs.mkdirSync(path.dirname(file), { recursive: true })
        fs.writeFileSync(file, text)
        execFileSync('chown', ['-R', `${uid}:${gid}`, outside])
      }
      const settings = fs.readFileSync(path.join(cluster.dataDir, 'postgresql.conf'), 'utf8')
      put('pg_hba.conf', fs.readFileSync(path.join(cluster.dataDir, 'pg_hba.conf'), 'utf8'))
      put('pg_ident.conf', '')
      put('conf.d/own.conf', 'work_mem = 7MB\n')
      const places = `data_directory = '${cluster.dataDir}'\nhba_file = '${outside}/pg_hba.conf'\nident_file = '${outside}/pg_ident.conf'`
      put('postgresql.conf', `${settings}\n${places}\nexternal_pid_file = '${outside}/pid'\ninclude_dir 'conf.d'\n`)
      await cluster.stop('fast')
      const cold = await base.core.ended(
        await base.core.api.coldBackup.start({
          ...{ dataDirectory: cluster.dataDir, configuration: true, pageChecksums: false, library: base.library, label: '' },
        }),
      )
      const backup = folderOf(cold)
      addSettingsFiles(backup, outside, ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf', 'conf.d/own.conf'])
      const untouched = printOf(backup)
      const request = await recoveryRequest(backup, { login })
      const { folder, port } = newPlace(request)
      const job = await recover(base.core, request)
      expect(job.error).toBeNull()
      expect(job.state).toBe('succeeded')
      expect(job.steps.find(({ id }) => id === 'consistent')?.detail).toBe('it had been shut down cleanly')
      expect(printOf(backup)).toBe(untouched)
      expect(await hashesOf(['shop'], clientOf(cluster, port))).toEqual(before)
      const copy = await clientOf(cluster, port)('postgres')
      const { rows } = await copy.query(
        `SELECT name, setting FROM pg_settings WHERE name IN ('hba_file', 'ident_file', 'external_pid_file', 'data_directory', 'work_mem')`,
      )
      await copy.end()
      expect(Object.fromEntries(rows.map((row) => [row.name, row.setting]))).toEqual({
        data_directory: folder,
        external_pid_file: '',
        hba_file: path.join(folder, 'pg_hba.conf'),
        ident_file: path.join(folder, 'pg_ident.conf'),
        work_mem: '7168',
      })
      stopServer(cluster, folder)
    } finally {
      await cluster.remove()
    }
  }, 240_000)

  test.skipIf(major < 17)(
    'a chain of incrementals, combined by pg_combinebackup into a plain folder',
    async () => {
      const cluster = await clusterOf(major)
      const login = await base.connect(cluster)
      const work = tempFolder('chain')
      await cluster.sql('ALTER SYSTEM SET summarize_wal = on')
      await cluster.sql('SELECT pg_reload_conf()')
      const folders = await cluster.sql(
        `SELECT oid::text AS oid, pg_tablespace_location(oid) AS location FROM pg_tablespace WHERE spcname LIKE '%disk'`,
      )
      const take = (name: string, parent: string | null) => {
        const spaces = folders.map(
          ({ oid, location }) => `--tablespace-mapping=${String(location).replaceAll('=', '\\=')}=${work}/${name}-${String(oid)}`,
        )
        const argv = [
          `--pgdata=${work}/${name}`,
          '--checkpoint=fast',
          `--host=${cluster.socketDir}`,
          `--port=${cluster.port}`,
          '--username=postgres',
          '--no-password',
          ...spaces,
        ]
        execFileSync(
          path.join(cluster.bin, 'pg_basebackup'),
          [...argv, ...(parent ? [`--incremental=${work}/${parent}/backup_manifest`] : [])],
          { cwd: '/', env: { ...cluster.toolEnv(), PATH: '/usr/bin:/bin' }, stdio: 'pipe', timeout: 60_000 },
        )
      }
      take('full', null)
      await cluster.sql('CREATE TABLE first_later AS SELECT 1 AS n', 'shop')
      take('one', 'full')
      await cluster.sql(`INSERT INTO quick SELECT 100000 + i, 'more' FROM generate_series(1, 10) i`, 'shop')
      take('two', 'one')
      const before = await hashesOf(['shop'], (db) => cluster.client(db))
      const maps = folders.map(({ oid }) => `--tablespace-mapping=${work}/two-${String(oid)}=${work}/whole-${String(oid)}`)
      const chain = ['full', 'one', 'two'].map((name) => path.join(work, name))
      execFileSync(path.join(cluster.bin, 'pg_combinebackup'), [...chain, '-o', `${work}/whole`, ...maps], { stdio: 'pipe' })
      await expect(base.core.api.recovery.inspect({ path: `${work}/two` })).rejects.toMatchObject({
        code: 'bad_input',
        message: expect.stringMatching(
          /^This is an incremental backup: it holds only what changed since [0-9A-F]+\/[0-9A-F]+, and nothing tells which backups it builds on\.$/,
        ),
        hint: 'Put it and those into a library and add a record to each, on the page Backups, the full one first.',
      })
      const request = await recoveryRequest(`${work}/whole`, { login })
      const { folder, port } = newPlace(request)
      const job = await recover(base.core, request)
      expect(job.error).toBeNull()
      expect(job.state).toBe('succeeded')
      expect(await hashesOf(['shop'], clientOf(cluster, port))).toEqual(before)
      stopServer(cluster, folder)
    },
    240_000,
  )
})
