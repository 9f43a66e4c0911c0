// Copies that are stopped in the middle: no half import, no half file, and what can't be taken back is named.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CopyRequest } from '../../shared/contracts/copy'
import { endMajors, startCluster, type TestCluster } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { type CopyBench, startCopyBench } from './copySetup'

const database = 'stopping'
const endless = {
  kind: 'query',
  sql: "SELECT i, repeat('x', 500), pg_sleep(CASE WHEN i % 500 = 0 THEN 0.05 ELSE 0 END) FROM generate_series(1, 300000) i",
} as const

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  let bench: CopyBench
  let folder: string
  const onServer = (name: string) => path.join(cluster.folder, 's', name)

  beforeAll(async () => {
    cluster = await startCluster({ major })
    await cluster.sql(`CREATE DATABASE ${database}`)
    await cluster.sql(
      `CREATE TABLE slow (id int, name text); INSERT INTO slow VALUES (0, 'old');
       CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END';
       CREATE TRIGGER nap BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION nap()`,
      database,
    )
    bench = await startCopyBench(cluster, database)
    folder = tempFolder('stop')
  })
  afterAll(async () => {
    await bench.core.stop()
    await cluster.remove()
  })

  const size = (file: string) => (fs.existsSync(file) ? fs.statSync(file).size : 0)
  const startWhen = async (request: CopyRequest, moving: () => boolean | Promise<boolean>) => {
    const job = await bench.core.api.copy.start(request)
    await expect.poll(moving, { timeout: 20_000 }).toBe(true)
    return job
  }
  const cancelled = async (request: CopyRequest, moving: () => boolean | Promise<boolean>) => {
    const job = await startWhen(request, moving)
    await bench.core.api.jobs.cancel(job)
    const ended = await bench.core.ended(job)
    expect(ended.state).toBe('cancelled')
    return ended
  }
  const busy = async () => {
    const rows = await cluster.sql("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY%'", database)
    return rows.length > 0
  }
  const untouched = async () => {
    expect(await cluster.sql('SELECT * FROM slow', database)).toEqual([{ id: 0, name: 'old' }])
    await expect.poll(busy, { timeout: 20_000 }).toBe(false)
  }

  test('a cancelled export to a file of the server leaves it empty, and says so', async () => {
    const file = onServer('half.csv')
    const place = { kind: 'server-file', path: file, overwrite: false } as const
    const job = await cancelled(bench.exporting('slow', '', { source: endless, place }), () => size(file) > 0)
    expect(size(file)).toBe(0)
    expect(job.leftovers).toEqual([`${file} on the server, emptied`])
    await untouched()
  }, 60_000)

  test('an export that fails before its first byte leaves the file that was there', async () => {
    const file = onServer('folder')
    fs.mkdirSync(file)
    const place = { kind: 'server-file', path: file, overwrite: true } as const
    const job = await bench.run(bench.exporting('slow', '', { place }))
    expect(job).toMatchObject({ state: 'failed', leftovers: [] })
  })

  test('a cancelled export to a program names what may be left', async () => {
    const file = onServer('program.out')
    const place = { kind: 'server-program', command: `cat > '${file}'` } as const
    const job = await cancelled(bench.exporting('slow', '', { source: endless, place }), () => size(file) > 0)
    expect(job.leftovers).toEqual(['what the program on the server has made of the rows that it got'])
    await untouched()
  }, 60_000)

  test('a cancelled import from a file or a program of the server leaves the table as it was', async () => {
    const file = onServer('in.csv')
    fs.writeFileSync(file, Array.from({ length: 200_000 }, (_, i) => `${i},name ${i}\n`).join(''))
    for (const place of [
      { kind: 'server-file', path: file } as const,
      { kind: 'server-program', command: `cat '${file}'` } as const,
    ]) {
      const job = await cancelled(bench.importing('slow', '', { place, truncate: true }), busy)
      expect(job.leftovers).toEqual([])
      await untouched()
    }
  }, 60_000)

  const transfer = (): CopyRequest => ({
    kind: 'transfer',
    connectionId: bench.connectionId,
    database,
    source: { kind: 'query', sql: 'SELECT i, i::text FROM generate_series(1, 1000000) i' },
    to: { connectionId: bench.connectionId, database, schema: 'public', name: 'slow', columns: null },
    truncate: true,
  })

  test('a cancelled copy between tables leaves the target as it was', async () => {
    await cancelled(transfer(), busy)
    await untouched()
  }, 60_000)

  test('a full disk ends an export with its reason and no file', async () => {
    const small = path.join(folder, 'small')
    fs.mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
    try {
      const source = { kind: 'query', sql: "SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i" } as const
      for (const compression of ['none', 'gzip'] as const) {
        const noise = { kind: 'query', sql: 'SELECT md5(i::text), md5((-i)::text) FROM generate_series(1, 60000) i' } as const
        const place = { kind: 'client', path: path.join(small, 'full.csv'), compression, overwrite: false } as const
        const job = await bench.run(bench.exporting('slow', '', { source: compression === 'none' ? source : noise, place }))
        expect(job).toMatchObject({
          state: 'failed',
          error: { message: `Can't write ${place.path}: the disk is full.` },
          leftovers: [],
        })
        expect(fs.readdirSync(small)).toEqual([])
      }
    } finally {
      execFileSync('umount', ['--lazy', small])
    }
  }, 60_000)

  test('a server that is killed leaves no file here and no row there', async () => {
    const file = path.join(folder, 'killed.csv')
    const out = await startWhen(bench.exporting('slow', file, { source: endless }), () => size(`${file}.partial`) > 0)
    const into = await startWhen(transfer(), async () => busy())
    await cluster.stop('kill')
    for (const job of [out, into]) expect((await bench.core.ended(job)).state).toBe('failed')
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('killed'))).toEqual([])
    await cluster.start()
    await untouched()
  }, 60_000)
})
