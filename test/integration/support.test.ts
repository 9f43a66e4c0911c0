// The test support itself: clusters of every major start, differ from each other, and leave nothing behind.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { build } from 'vite'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { binFolder, startCluster, testMajors } from '../support/clusters'
import { hashTables } from '../support/tableHashes'
import { processesIn, readPostmasterPid, removeTempFolder } from '../support/tempFolder'

const majors = testMajors()
const systemIdentifier = 'SELECT system_identifier::text AS id FROM pg_control_system()'

it('has a PostgreSQL to test with', () => {
  expect(majors.length).toBeGreaterThan(0)
})

describe.each(majors)('PostgreSQL %i', (major) => {
  it('starts two clusters with identities of their own, and removes them', async () => {
    const first = await startCluster({ major, conf: { wal_level: 'logical' } })
    const second = await startCluster({ major })
    const [id] = await first.sql(systemIdentifier)
    const [other] = await second.sql(systemIdentifier)
    expect(id?.id).not.toEqual(other?.id)
    expect(first.port).not.toBe(second.port)
    const [row] = await first.sql(
      "SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('data_checksums') AS sums, current_setting('wal_level') AS wal, current_setting('lc_collate', true) AS collate",
    )
    expect(row).toMatchObject({ major, sums: 'on', wal: 'logical' })
    const control = execFileSync(path.join(first.bin, 'pg_controldata'), [first.dataDir], {
      encoding: 'utf8',
      env: { LC_ALL: 'C' },
    })
    expect(control).toContain(String(id?.id))
    expect(control).not.toMatch(/WARNING|CRC/)
    await first.sql('CREATE EXTENSION pgcrypto; CREATE EXTENSION pg_trgm')
    // The identifier in the WAL's pages has to fit too, or a base backup's WAL would be refused.
    execFileSync(
      path.join(first.bin, 'pg_basebackup'),
      ['--pgdata', path.join(first.folder, 'backup'), '--wal-method=stream', '--checkpoint=fast', '--no-sync'],
      {
        env: first.toolEnv(),
        stdio: 'pipe',
      },
    )
    await first.remove()
    await second.remove()
    expect(fs.existsSync(first.folder)).toBe(false)
    expect(processesIn(first.dataDir)).toEqual([])
  })

  it('recovers after a kill, and refuses a wrong password', async () => {
    const cluster = await startCluster({ major })
    await cluster.sql('CREATE TABLE kept AS SELECT 1 AS n')
    await cluster.stop('kill')
    await cluster.start()
    expect(await cluster.sql('SELECT n FROM kept')).toEqual([{ n: 1 }])
    expect(cluster.log()).toContain('automatic recovery in progress')
    expect(() =>
      execFileSync(path.join(cluster.bin, 'psql'), ['-c', 'SELECT 1', 'postgres'], {
        env: { ...cluster.toolEnv(), PGPASSFILE: '/dev/null', PGPASSWORD: 'wrong' },
        stdio: 'pipe',
      }),
    ).toThrow(/password authentication failed/)
    await cluster.remove()
  })

  it('hashes show a changed row, a lost row and a moved sequence, and only those', async () => {
    const cluster = await startCluster({ major })
    await cluster.sql(
      'CREATE TABLE t(id numeric, s text); INSERT INTO t VALUES (1, $$Hello!$$), (2, $$$$), (3, NULL); CREATE SEQUENCE q',
    )
    await cluster.sql("SELECT lo_from_bytea(0, 'page')")
    const client = await cluster.client()
    const before = await hashTables(client)
    expect(before.tables['public.t']?.rows).toBe('3')
    expect(before.largeObjects.count).toBe(1)
    await cluster.sql(
      'BEGIN; CREATE TABLE o AS SELECT * FROM t; DELETE FROM t; INSERT INTO t SELECT * FROM o ORDER BY id DESC; DROP TABLE o; COMMIT',
    )
    expect(await hashTables(client)).toEqual(before)
    await cluster.sql('UPDATE t SET s = NULL WHERE id = 2')
    expect((await hashTables(client)).tables['public.t']?.hash).not.toBe(before.tables['public.t']?.hash)
    await cluster.sql("SELECT nextval('q')")
    expect((await hashTables(client)).sequences['public.q']).toEqual({ lastValue: '1', isCalled: true })
    await cluster.remove()
  })
})

it('a killed test process leaves neither server nor folder', async () => {
  let victim: ChildProcess | undefined
  const outDir = fs.mkdtempSync(path.resolve('node_modules/.walkback-test-'))
  try {
    const entry = path.join(outDir, 'victim.ts')
    const clusters = JSON.stringify(path.resolve('test/support/clusters.ts'))
    fs.writeFileSync(
      entry,
      `import { startCluster } from ${clusters}
      const cluster = await startCluster({ major: ${majors[0]} })
      process.stdout.write(JSON.stringify({ folder: cluster.folder, pid: cluster.pid() }) + '\\n')
      setInterval(() => {}, 1000)`,
    )
    await build({ configFile: false, logLevel: 'silent', build: { ssr: entry, outDir, emptyOutDir: false } })
    const { VITEST: _, ...env } = process.env
    const started = spawn(process.execPath, [path.join(outDir, 'victim.js')], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    victim = started
    const line = await new Promise<string>((resolve, reject) => {
      started.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString('utf8')))
      started.once('exit', () => reject(new Error('the process ended before its server was up')))
    })
    const { folder, pid } = z.object({ folder: z.string(), pid: z.int() }).parse(JSON.parse(line))
    expect(processesIn(path.join(folder, 'data'))).toContain(pid)
    started.kill('SIGKILL')
    await expect.poll(() => fs.existsSync(folder), { timeout: 15_000 }).toBe(false)
    // A zombie counts as gone: who adopts it collects it when it likes.
    const state = () =>
      fs.existsSync(`/proc/${pid}/stat`) ? fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] : 'gone'
    await expect.poll(state, { timeout: 5_000 }).toMatch(/^(gone|Z)$/)
  } finally {
    victim?.kill('SIGKILL')
    fs.rmSync(outDir, { recursive: true, force: true })
  }
})

it('refuses to remove a folder it did not make', async () => {
  await expect(removeTempFolder('/tmp')).rejects.toThrow('/tmp was not made by tempFolder')
  expect(readPostmasterPid('/tmp')).toBeUndefined()
  expect(binFolder(majors[0] ?? 0)).toContain('/bin')
})
