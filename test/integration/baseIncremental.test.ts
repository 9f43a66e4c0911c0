// Incremental chains on 17 and 18: three backups combine by PostgreSQL's own program, start, and hold every row; what nothing
// can build on is refused with its reason.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BaseBackupRecord } from '../../shared/model/backupRecord'
import { startCluster, type TestCluster, testMajors } from '../support/clusters'
import { hashesOf, hashesOfBackup } from '../support/physicalCopy'
import { tempFolder } from '../support/tempFolder'
import { addTablespaces, type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'

let base: BaseCore
const clusters: TestCluster[] = []

beforeAll(async () => {
  base = await baseCore()
})

afterAll(async () => {
  for (const cluster of clusters) await cluster.remove()
})

async function newCluster(major: number, conf: Record<string, string> = {}): Promise<TestCluster> {
  const cluster = await startCluster({ major, prefix: `chain${major}`, conf })
  clusters.push(cluster)
  return cluster
}

/** By pg_combinebackup, into a plain data directory with its tablespaces beside it. */
function combine(cluster: TestCluster, chain: readonly string[], record: BaseBackupRecord): string {
  const folder = tempFolder('combined')
  // It wants absolute links in its input; a copy of the chain gets them, as a person would do it.
  const inputs = chain.map((backup, at) => {
    const copy = path.join(folder, `in-${at}`)
    execFileSync('cp', ['-a', backup, copy])
    for (const { oid } of record.tablespaces) {
      const link = path.join(copy, 'data', 'pg_tblspc', oid)
      fs.rmSync(link)
      fs.symlinkSync(path.join(copy, 'tablespaces', oid), link)
    }
    return path.join(copy, 'data')
  })
  const last = path.join(folder, `in-${chain.length - 1}`)
  const mappings = record.tablespaces.map(({ oid }) => `${last}/tablespaces/${oid}=${folder}/out/tablespaces/${oid}`)
  fs.mkdirSync(path.join(folder, 'out'))
  execFileSync(path.join(cluster.bin, 'pg_combinebackup'), [
    ...mappings.map((mapping) => `--tablespace-mapping=${mapping}`),
    `--output=${folder}/out/data`,
    ...inputs,
  ])
  return path.join(folder, 'out')
}

describe.each(testMajors().filter((major) => major >= 17))('PostgreSQL %i', (major) => {
  test('a chain of three combines and starts', async () => {
    const cluster = await newCluster(major, { summarize_wal: 'on' })
    await addTablespaces(cluster, 1000)
    const connectionId = await base.connect(cluster)
    const chain: string[] = []
    const records: BaseBackupRecord[] = []
    for (const round of [1, 2, 3]) {
      await cluster.sql(
        `INSERT INTO plain SELECT ${round} * 100000 + i, 'round ${round}' FROM generate_series(1, 500) i;
         UPDATE quick SET note = 'changed ${round}' WHERE id % ${round + 3} = 0;
         DELETE FROM old WHERE id % ${round + 5} = 0;
         CREATE TABLE "of round ${round}" AS SELECT ${round} AS n`,
        'shop',
      )
      const job = await base.run(base.request(connectionId, { parent: chain.at(-1) ?? null, label: `round ${round}` }))
      expect(job.error).toBeNull()
      expect(job.state).toBe('succeeded')
      chain.push(folderOf(job))
      records.push(recordIn(folderOf(job)))
    }
    const before = await hashesOf(['shop'], (db) => cluster.client(db))
    expect(records.map(({ incremental }) => incremental?.parent ?? null)).toEqual([null, records[0]?.id, records[1]?.id])
    expect(records[2]?.incremental?.from).toEqual(records[1]?.start)
    const last = records[2]
    if (!last) throw new Error('no third backup')
    const combined = combine(cluster, chain, last)
    expect(await hashesOfBackup(combined, last, cluster, ['shop'])).toEqual(before)
    // In the form they are offered again, the newest first.
    const { parents } = await base.core.api.baseBackup.prepare({ connectionId })
    expect(parents.map(({ path: folder, problem }) => [folder, problem])).toEqual(
      chain.toReversed().map((folder) => [folder, '']),
    )
  }, 240_000)

  test('what nothing can build on is refused, and summarize_wal is turned on from here', async () => {
    const cluster = await newCluster(major)
    const other = clusters[0]
    if (!other || other === cluster) throw new Error('the chain runs first')
    const connectionId = await base.connect(cluster)
    const full = folderOf(await base.run(base.request(connectionId, { label: 'alone' })))
    const incremental = base.request(connectionId, { parent: full })
    const off = await base.core.api.baseBackup.preview(incremental)
    expect(off.blocked).toBe('1 blocker: Builds on')
    expect(off.preflight[0]).toMatchObject({
      id: 'parent',
      result: 'blocker',
      found:
        'The server does not summarize its WAL (summarize_wal = off): ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf(); An older backup can be built on only as far as the server still has the WAL since it.',
    })
    await expect(base.core.api.baseBackup.start(incremental)).rejects.toMatchObject({ code: 'preflight' })

    expect(await base.core.api.baseBackup.summarize({ connectionId })).toEqual({
      statements: ['ALTER SYSTEM SET summarize_wal = on;', 'SELECT pg_reload_conf();'],
    })
    expect(await cluster.sql('SHOW summarize_wal')).toEqual([{ summarize_wal: 'on' }])
    const job = await base.run(incremental)
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')

    const otherId = await base.connect(other)
    const [own] = await other.sql('SELECT system_identifier::text AS id FROM pg_control_system()')
    const wrong = await base.core.api.baseBackup.preview(base.request(otherId, { parent: full }))
    expect(wrong.preflight[0]?.found).toBe(
      `That backup is of another cluster: system identifier ${recordIn(full).source.systemIdentifier}, this server's is ${String(own?.id)}.`,
    )
    fs.rmSync(path.join(full, 'data', 'backup_manifest'))
    const gone = await base.core.api.baseBackup.preview(incremental)
    expect(gone.preflight[0]?.found).toBe('The manifest data/backup_manifest of that backup is missing: nothing can build on it.')
    const { parents } = await base.core.api.baseBackup.prepare({ connectionId })
    expect(parents.map(({ problem }) => problem)).toEqual(['', 'Its manifest is missing.'])
  }, 180_000)
})

test('before 17 there are none', async () => {
  const [oldest] = testMajors().filter((major) => major < 17)
  if (oldest === undefined) throw new Error('no version before 17 is installed for the tests')
  const cluster = await newCluster(oldest)
  const connectionId = await base.connect(cluster)
  const full = folderOf(await base.run(base.request(connectionId)))
  const preview = await base.core.api.baseBackup.preview(base.request(connectionId, { parent: full }))
  expect(
    preview.preflight.filter(({ result }) => result === 'blocker').map(({ found }) => found.replace(/\d+\.\d+/g, 'N')),
  ).toEqual([
    'pg_basebackup N has no --incremental; it came with pg_basebackup 17.',
    'Incremental backups came with PostgreSQL 17; this server is N.',
  ])
}, 120_000)
