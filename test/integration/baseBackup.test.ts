// Base backups of every major: plain and tar with each compression, tablespaces, settings files outside; each is restored by
// hand, started and compared row by row.
import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endMajors, startCluster, type TestCluster, testMajors } from '../support/clusters'
import { hashesOf, hashesOfBackup } from '../support/physicalCopy'
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
  const cluster = await startCluster({ major, prefix: `base${major}` })
  clusters.set(major, cluster)
  await addTablespaces(cluster)
  return cluster
}

const forms = [
  { name: 'plain', format: 'plain', compress: null, since: 13 },
  { name: 'tar', format: 'tar', compress: null, since: 13 },
  { name: 'tar, gzip here', format: 'tar', compress: '1', since: 13 },
  { name: 'tar, lz4 here', format: 'tar', compress: 'client-lz4', since: 15 },
  { name: 'tar, zstd here', format: 'tar', compress: 'client-zstd:3', since: 15 },
  { name: 'tar, gzip on the server', format: 'tar', compress: 'server-gzip', since: 15 },
  { name: 'tar, lz4 on the server', format: 'tar', compress: 'server-lz4', since: 15 },
  { name: 'tar, zstd on the server', format: 'tar', compress: 'server-zstd:level=3,workers=2', since: 15 },
  { name: 'plain, zstd on the way', format: 'plain', compress: 'server-zstd', since: 15 },
  { name: 'tar, fetched WAL', format: 'tar', compress: '1', since: 13, walMethod: 'fetch' },
  { name: 'plain, fetched WAL', format: 'plain', compress: null, since: 13, walMethod: 'fetch' },
] as const

/** The versions between the oldest and the newest compress as the newest does: all of it there with the full counts. */
function formsOf(major: number): readonly (typeof forms)[number][] {
  const fitting = forms.filter(({ since }) => major >= since)
  if (endMajors().includes(major)) return fitting
  return fitting.filter(({ name }) => ['plain', 'tar, gzip here', 'tar, zstd on the server'].includes(name))
}

describe.each(testMajors())('PostgreSQL %i', (major) => {
  test.each(formsOf(major))(
    '$name restores with its tablespaces',
    async ({ format, compress, ...more }) => {
      const cluster = await clusterOf(major)
      const connectionId = await base.connect(cluster)
      const before = await hashesOf(['shop'], (db) => cluster.client(db))
      const walMethod = 'walMethod' in more ? more.walMethod : 'stream'
      const job = await base.run(
        base.request(connectionId, {
          format,
          options: { walMethod, checkpoint: 'fast', ...(compress === null ? {} : { compress }), label: 'before the "upgrade"' },
          label: 'of the test',
        }),
      )
      expect(job.error).toBeNull()
      expect(job.issues).toEqual([])
      expect(job.state).toBe('succeeded')
      const folder = folderOf(job)
      const record = recordIn(folder)
      expect(record.backupLabel).toBe('before the "upgrade"')
      expect(record.major).toBe(major)
      expect(record.tablespaces.map(({ name }) => name)).toEqual(['cold=disk', 'fast disk'])
      expect(record.verifications).toMatchObject([{ level: 'manifest', ok: true }])
      const [control] = await cluster.sql('SELECT system_identifier::text AS id FROM pg_control_system()')
      expect(record.source.systemIdentifier).toBe(control?.id)
      expect(record.startTime < record.stopTime).toBe(true)
      expect(await hashesOfBackup(folder, record, cluster, ['shop'])).toEqual(before)
      fs.rmSync(folder, { recursive: true })
    },
    180_000,
  )
})
