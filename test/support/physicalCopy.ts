// Restores a base backup by hand, as a person would without Walkback: copy or untar, point the tablespaces elsewhere, start.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import type { BaseBackupRecord } from '../../shared/model/backupRecord'
import { freePort, type TestCluster } from './clusters'
import { testAccount } from './clusterTemplate'
import { type DatabaseHashes, hashTables } from './tableHashes'
import { tempFolder, waitUntilNoProcessIn } from './tempFolder'

export interface RestoredCopy {
  dataDir: string
  port: number
  client(db?: string): Promise<Client>
  log(): string
  stop(): Promise<void>
}

/** Lays the backup out in a folder of the postgres account: data directory, and a folder for each tablespace. */
export function layOut(backup: string, record: Pick<BaseBackupRecord, 'format' | 'artifact' | 'tablespaces'>): string {
  const folder = tempFolder('copy')
  const dataDir = path.join(folder, 'data')
  const artifact = path.join(backup, record.artifact)
  if (record.format === 'plain') execFileSync('cp', ['-a', artifact, dataDir])
  else untar(artifact, dataDir)
  for (const { oid, path: inner } of record.tablespaces) {
    const target = path.join(folder, `space-${oid}`)
    if (record.format === 'plain') execFileSync('cp', ['-a', path.join(backup, inner), target])
    else unpack(path.join(backup, inner), target)
    const link = path.join(dataDir, 'pg_tblspc', oid)
    fs.rmSync(link, { force: true })
    fs.symlinkSync(target, link)
    // Of tars alone; its paths are those of the server.
    if (record.format === 'tar') rewriteMap(dataDir, oid, target)
  }
  const { name } = testAccount()
  execFileSync('chown', ['-R', `${name}:`, folder])
  fs.chmodSync(dataDir, 0o700)
  return dataDir
}

function rewriteMap(dataDir: string, oid: string, target: string): void {
  const map = path.join(dataDir, 'tablespace_map')
  const lines = fs.readFileSync(map, 'utf8').split('\n')
  fs.writeFileSync(map, lines.map((line) => (line.startsWith(`${oid} `) ? `${oid} ${target}` : line)).join('\n'))
}

function untar(artifact: string, dataDir: string): void {
  const tars = fs.readdirSync(artifact).filter((name) => name.includes('.tar'))
  const base = tars.find((name) => name.startsWith('base.tar'))
  if (base === undefined) throw new Error(`no base.tar in ${artifact}`)
  unpack(path.join(artifact, base), dataDir)
  const wal = tars.find((name) => name.startsWith('pg_wal.tar'))
  if (wal !== undefined) unpack(path.join(artifact, wal), path.join(dataDir, 'pg_wal'))
}

function unpack(tar: string, folder: string): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const by = tar.endsWith('.gz') ? ['--gzip'] : tar.endsWith('.lz4') ? ['-I', 'lz4'] : tar.endsWith('.zst') ? ['-I', 'zstd'] : []
  execFileSync('tar', [...by, '-xf', tar, '-C', folder])
}

/** Starts what layOut made, on a free port, archiving nothing. `like` gives the programs, the socket folder and the password. */
export async function startCopy(dataDir: string, like: TestCluster): Promise<RestoredCopy> {
  const port = await freePort()
  const logFile = path.join(path.dirname(dataDir), 'copy.log')
  const log = fs.openSync(logFile, 'a')
  const settings = [`port=${port}`, `unix_socket_directories=${like.socketDir}`, 'archive_mode=off', 'listen_addresses=127.0.0.1']
  const outside = [
    `config_file=${dataDir}/postgresql.conf`,
    `hba_file=${dataDir}/pg_hba.conf`,
    `ident_file=${dataDir}/pg_ident.conf`,
  ]
  for (const name of ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf']) {
    if (!fs.existsSync(path.join(dataDir, name))) throw new Error(`${name} is not in ${dataDir}: put it there first`)
  }
  const child: ChildProcess = spawn(
    path.join(like.bin, 'postgres'),
    ['-D', dataDir, ...[...settings, ...outside].flatMap((setting) => ['-c', setting])],
    { cwd: '/', env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' }, stdio: ['ignore', log, log], ...testAccount().spawn },
  )
  fs.closeSync(log)
  const clients = new Set<Client>()
  const copy: RestoredCopy = {
    dataDir,
    port,
    log: () => fs.readFileSync(logFile, 'utf8'),
    async client(db = 'postgres') {
      const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password: like.password, database: db })
      client.on('error', () => clients.delete(client))
      await client.connect()
      clients.add(client)
      client.once('end', () => clients.delete(client))
      return client
    },
    async stop() {
      await Promise.allSettled([...clients].map((client) => client.end()))
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGINT')
        await ended
      }
      await waitUntilNoProcessIn(dataDir, 20_000)
      fs.rmSync(path.dirname(dataDir), { recursive: true, force: true })
    },
  }
  const until = Date.now() + 60_000
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) {
      throw new Error(`the copy did not start:\n${copy.log()}`)
    }
    try {
      await (await copy.client()).end()
      return copy
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code !== 'ECONNREFUSED' && code !== 'ECONNRESET' && code !== '57P03') throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Lays out, starts, hashes the databases and stops again. */
export async function hashesOfBackup(
  backup: string,
  record: Pick<BaseBackupRecord, 'format' | 'artifact' | 'tablespaces'>,
  like: TestCluster,
  databases: readonly string[],
): Promise<Record<string, DatabaseHashes>> {
  const copy = await startCopy(layOut(backup, record), like)
  try {
    return await hashesOf(databases, (db) => copy.client(db))
  } finally {
    await copy.stop()
  }
}

export async function hashesOf(
  databases: readonly string[],
  connect: (db: string) => Promise<Client>,
): Promise<Record<string, DatabaseHashes>> {
  const hashes: Record<string, DatabaseHashes> = {}
  for (const db of databases) {
    const client = await connect(db)
    hashes[db] = await hashTables(client)
    await client.end()
  }
  return hashes
}
