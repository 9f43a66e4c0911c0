// Standalone recovery of every major: each kind and form of backup to a new folder with its tablespaces elsewhere, started by
// Walkback, compared row by row, with the source untouched and both servers going their own ways.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StandaloneRequest } from '../../shared/contracts/recovery'
import type { JobSnapshot } from '../../shared/jobs/job'
import { testAccount } from '../support/clusterTemplate'
import { freePort, startCluster, type TestCluster, testMajors } from '../support/clusters'
import { hashesOf } from '../support/physicalCopy'
import { tempFolder } from '../support/tempFolder'
import { addTablespaces, type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'

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

/** A folder that the account postgres may enter. */
function place(): string {
  return path.join(tempFolder('recovered'), 'copy of it')
}

async function requestOf(source: string, more: Partial<StandaloneRequest> = {}): Promise<StandaloneRequest> {
  return {
    source: { path: source },
    destination: { kind: 'new', folder: place(), port: await freePort() },
    tablespaces: {},
    verify: true,
    login: null,
    confirm: null,
    ...more,
  }
}

const run = async (request: StandaloneRequest): Promise<JobSnapshot> =>
  base.core.ended(await base.core.api.recovery.startStandalone(request))

function newPlace(request: StandaloneRequest): { folder: string; port: number } {
  if (request.destination.kind !== 'new') throw new Error('it takes the place of a cluster')
  return request.destination
}

/** Every file below, with its contents and times: what must be the same afterwards. */
function print(folder: string): string {
  return execFileSync('bash', ['-c', 'find . -printf "%y %m %u %s %T@ %p %l\\n" | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
}

function stop(folder: string, cluster: TestCluster): void {
  execFileSync(path.join(cluster.bin, 'pg_ctl'), ['stop', '-w', '-m', 'fast', '-D', folder], {
    ...testAccount().spawn,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  })
}

const client = (cluster: TestCluster, port: number) => async (database: string) => {
  const made = new Client({ host: '127.0.0.1', port, user: 'postgres', password: cluster.password, database })
  await made.connect()
  return made
}

/** Both servers work on by themselves; what one does is not on the other. */
async function liveApart(cluster: TestCluster, port: number): Promise<void> {
  const table = `later_${port}`
  await cluster.sql(`CREATE TABLE ${table} (n int)`, 'shop')
  const copy = await client(cluster, port)('shop')
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
    const originals = await cluster.sql(`SELECT pg_tablespace_location(oid) AS folder FROM pg_tablespace WHERE spcname LIKE '%disk'`)
    for (const { folder } of originals) expect(rows[0]?.folders).not.toContain(folder)
  } finally {
    await copy.end()
  }
  await cluster.sql(`DROP TABLE ${table}`, 'shop')
}

const forms = [
  { name: 'plain', format: 'plain', compress: null, since: 13 },
  { name: 'tar', format: 'tar', compress: null, since: 13 },
  { name: 'tar, gzip', format: 'tar', compress: '1', since: 13 },
  { name: 'tar, lz4', format: 'tar', compress: 'server-lz4', since: 15 },
  { name: 'tar, zstd', format: 'tar', compress: 'server-zstd:3', since: 15 },
  { name: 'tar, fetched WAL', format: 'tar', compress: '1', since: 13, walMethod: 'fetch' },
] as const

describe.each(testMajors())('PostgreSQL %i', (major) => {
  test.each(forms.filter(({ since }) => major >= since))(
    'a base backup, $name',
    async ({ format, compress, ...more }) => {
      const cluster = await clusterOf(major)
      const login = await base.connect(cluster)
      const before = await hashesOf(['shop'], (db) => cluster.client(db))
      const walMethod = 'walMethod' in more ? more.walMethod : 'stream'
      const options = { walMethod, checkpoint: 'fast', ...(compress === null ? {} : { compress }) }
      const backup = folderOf(await base.run(base.request(login, { format, options })))
      const record = recordIn(backup)
      const untouched = print(backup)
      const request = await requestOf(backup, { login })
      const { folder, port } = newPlace(request)
      const preview = await base.core.api.recovery.previewStandalone(request)
      expect(preview.blocked).toBe('')
      expect(preview.files[0]?.path).toBe(path.join(folder, 'postgresql.auto.conf'))
      const job = await run(request)
      expect(job.error).toBeNull()
      expect(job.issues).toEqual([])
      expect(job.state).toBe('succeeded')
      const facts = new Map((job.result?.facts ?? []).map(({ label, value }) => [label, value]))
      expect(facts.get('System identifier')).toBe(record.source.systemIdentifier)
      expect(facts.get('End of the backup')).toBe(record.stop.lsn)
      expect(facts.get('Timeline')).toBe('1')
      expect(facts.get('Connection')).toMatch(/^pg\d+ \d+ of 2\d{3}-\d\d-\d\d \d\d:\d\d UTC/)
      expect(print(backup)).toBe(untouched)
      expect(await hashesOf(['shop'], client(cluster, port))).toEqual(before)
      await liveApart(cluster, port)
      const owner = fs.statSync(folder)
      expect([owner.uid, owner.mode & 0o777]).toEqual([testAccount().uid, 0o700])
      expect(fs.readFileSync(path.join(folder, 'postgresql.auto.conf'), 'utf8')).toContain(preview.files[0]?.text ?? '?')
      // Stopped and started by hand, as the job's page says.
      stop(folder, cluster)
      execFileSync('bash', ['-c', `cd / && ${facts.get('Start it later')?.replace(/^sudo -u postgres /, 'runuser -u postgres -- ')} -w`])
      await (await client(cluster, port)('shop')).end()
      stop(folder, cluster)
      fs.rmSync(backup, { recursive: true })
      fs.rmSync(path.dirname(folder), { recursive: true })
    },
    180_000,
  )
})
