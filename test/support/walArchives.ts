// Real WAL archives for tests: a server that archives into a folder, some work on it, and what the server itself says of it.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { type ClusterOptions, startCluster, type TestCluster } from './clusters'
import { testAccount } from './clusterTemplate'

const run = promisify(execFile)

export interface ArchivingCluster {
  cluster: TestCluster
  /** Owned by the server's account. */
  archive: string
}

export interface ArchivingOptions extends ClusterOptions {
  /** MB; 16 when absent. Set with pg_resetwal, as initdb --wal-segsize would have. */
  segmentSize?: number
}

/** Autovacuum is off and commit times are kept, so that the server can be asked for every commit. */
export async function startArchiving(options: ArchivingOptions): Promise<ArchivingCluster> {
  const { segmentSize = 16, ...rest } = options
  const cluster = await startCluster({
    ...rest,
    conf: {
      archive_mode: 'on',
      archive_command: "'true'",
      autovacuum: 'off',
      track_commit_timestamp: 'on',
      max_prepared_transactions: '4',
      ...options.conf,
    },
  })
  const archive = path.join(cluster.folder, 'archive')
  fs.mkdirSync(archive, { mode: 0o755 })
  fs.chownSync(archive, testAccount().uid, testAccount().gid)
  if (segmentSize !== 16) await resizeSegments(cluster, segmentSize)
  // What the cluster did before is not in the archive.
  await cluster.sql('SELECT pg_switch_wal()')
  await archived(cluster)
  await cluster.sql(`ALTER SYSTEM SET archive_command = 'cp %p "${archive}/%f.tmp" && mv "${archive}/%f.tmp" "${archive}/%f"'`)
  await cluster.sql('SELECT pg_reload_conf()')
  const end = Date.now() + 30_000
  while (!fs.readdirSync(archive).some((name) => /^[0-9A-F]{24}$/.test(name))) {
    if (Date.now() > end) throw new Error(`nothing was archived:\n${cluster.log().slice(-2000)}`)
    // A reload takes its time, and a segment may still have gone to the command before.
    await cluster.sql('SELECT txid_current()')
    await cluster.sql('SELECT pg_switch_wal()')
    await archived(cluster)
  }
  return { cluster, archive }
}

async function resizeSegments(cluster: TestCluster, megabytes: number): Promise<void> {
  await cluster.stop()
  fs.appendFileSync(path.join(cluster.dataDir, 'postgresql.conf'), `min_wal_size = '${megabytes * 2}MB'\nmax_wal_size = '1GB'\n`)
  await run(path.join(cluster.bin, 'pg_resetwal'), [`--wal-segsize=${megabytes}`, '-D', cluster.dataDir], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
    ...testAccount().spawn,
  })
  await cluster.start()
}

/** Ends the segment that is being written, and waits until it is in the archive. Returns its name. */
export async function switchWal(cluster: TestCluster): Promise<string> {
  const [row] = await cluster.sql('SELECT pg_walfile_name(pg_switch_wal()) AS name')
  await archived(cluster)
  return String(row?.name)
}

/** Waits until nothing is left for the archiver. */
export async function archived(cluster: TestCluster): Promise<void> {
  const end = Date.now() + 30_000
  const status = path.join(cluster.dataDir, 'pg_wal/archive_status')
  for (;;) {
    if (!fs.readdirSync(status).some((name) => name.endsWith('.ready'))) return
    if (Date.now() > end) throw new Error(`the archiver did not finish:\n${cluster.log().slice(-2000)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Commits and one abort, in several sessions' order; about `megabytes` of WAL in all. */
export async function work(cluster: TestCluster, megabytes: number): Promise<void> {
  await cluster.sql('CREATE TABLE IF NOT EXISTS work (id bigserial PRIMARY KEY, filler text)')
  const client = await cluster.client()
  try {
    const before = String((await client.query<{ at: string }>('SELECT pg_current_wal_lsn()::text AS at')).rows[0]?.at)
    for (;;) {
      for (let n = 0; n < 20; n += 1) {
        await client.query(
          `INSERT INTO work (filler) SELECT repeat(md5(random()::text), ${1 + n}) FROM generate_series(1, ${1 + n * 4})`,
        )
      }
      await client.query('BEGIN; INSERT INTO work (filler) VALUES (1); ROLLBACK')
      const { rows } = await client.query<{ bytes: string }>('SELECT pg_current_wal_lsn() - $1::pg_lsn AS bytes', [before])
      if (Number(rows[0]?.bytes) >= megabytes * 1024 * 1024) return
    }
  } finally {
    await client.end()
  }
}

export interface ServerCommit {
  xid: number
  /** Microseconds since 1970. */
  time: number
}

/** Every transaction from `first` on that committed, by the server's own account. */
export async function serverCommits(cluster: TestCluster, first: number): Promise<ServerCommit[]> {
  const rows = await cluster.sql(
    `SELECT x::text AS xid, round(extract(epoch FROM pg_xact_commit_timestamp(x::text::xid)) * 1000000)::bigint::text AS time
       FROM generate_series($1::bigint, txid_snapshot_xmax(txid_current_snapshot()) - 1) x
      WHERE pg_xact_commit_timestamp(x::text::xid) IS NOT NULL ORDER BY x`,
    'postgres',
    [first],
  )
  return rows.map((row) => ({ xid: Number(row.xid), time: Number(row.time) }))
}

/** The first transaction that is not begun yet. */
export async function nextXid(cluster: TestCluster): Promise<number> {
  const [row] = await cluster.sql('SELECT txid_snapshot_xmax(txid_current_snapshot())::text AS xid')
  return Number(row?.xid)
}

/** The cluster goes on as a new timeline: a recovery that ends at once, with the end of its own WAL. */
export async function newTimeline(cluster: TestCluster): Promise<void> {
  await cluster.stop()
  const signal = path.join(cluster.dataDir, 'recovery.signal')
  fs.writeFileSync(signal, '')
  fs.chownSync(signal, testAccount().uid, testAccount().gid)
  fs.appendFileSync(path.join(cluster.dataDir, 'postgresql.conf'), "restore_command = 'false'\n")
  await cluster.start()
  const end = Date.now() + 30_000
  while ((await cluster.sql('SELECT pg_is_in_recovery() AS on'))[0]?.on) {
    if (Date.now() > end) throw new Error(`the recovery did not end:\n${cluster.log().slice(-2000)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
