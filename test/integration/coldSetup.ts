// Shared by the cold backup tests: a cluster with tablespaces and rows, and a server started from its copy.
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import type { ColdBackupRecord } from '../../shared/model/backupRecord'
import { backupRecord } from '../../shared/model/backupRecord'
import { freePort, type TestCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import type { TestCore } from '../support/core'
import { type DatabaseHashes, hashTables } from '../support/tableHashes'
import { tempFolder, waitUntilNoProcessIn } from '../support/tempFolder'

export function ownedFolder(parent: string, name: string): string {
  const folder = path.join(parent, name)
  const { uid, gid } = testAccount()
  fs.mkdirSync(folder, { mode: 0o700 })
  fs.chownSync(folder, uid, gid)
  return folder
}

/** Database shop with a table in each of two tablespaces, an unlogged one, a sequence and a large object. */
export async function fillShop(cluster: TestCluster): Promise<void> {
  for (const name of ['fast', 'slow']) {
    await cluster.sql(`CREATE TABLESPACE ${name} LOCATION '${ownedFolder(cluster.folder, `space ${name}`)}'`)
  }
  await cluster.sql('CREATE DATABASE shop')
  const rows = `AS SELECT i AS id, md5(i::text) AS reference FROM generate_series(1, 5000) i`
  await cluster.sql(`CREATE TABLE orders ${rows}; CREATE INDEX ON orders (reference);`, 'shop')
  await cluster.sql(`CREATE TABLE quick TABLESPACE fast ${rows}`, 'shop')
  await cluster.sql(`CREATE TABLE "Old $tuff" TABLESPACE slow ${rows}`, 'shop')
  await cluster.sql(`CREATE UNLOGGED TABLE scratch ${rows}`, 'shop')
  await cluster.sql(`CREATE SEQUENCE numbers; SELECT nextval('numbers'); SELECT lo_from_bytea(0, '\\xcafe')`, 'shop')
}

export async function hashesOf(cluster: Pick<TestCluster, 'client'>, database = 'shop'): Promise<DatabaseHashes> {
  const client = await cluster.client(database)
  try {
    return await hashTables(client)
  } finally {
    await client.end()
  }
}

export interface ColdRequestPart {
  library?: string
  configuration?: boolean
  pageChecksums?: boolean
  label?: string
}

export function requestFor(dataDirectory: string, library: string, part: ColdRequestPart = {}) {
  return { dataDirectory, library, configuration: true, pageChecksums: true, label: '', ...part }
}

/** Throws unless the job ended well; the backup's folder and its record. */
export async function finished(core: TestCore, job: { jobId: string }) {
  const ended = await core.ended(job)
  if (ended.state !== 'succeeded')
    throw new Error(`${ended.state}: ${ended.error?.message} ${ended.error?.hint}\n${await core.log(job)}`)
  const folder = ended.result?.backupPath ?? ''
  return { job: ended, folder, record: readCold(folder) }
}

export function readCold(folder: string): ColdBackupRecord {
  const record = backupRecord.parse(JSON.parse(fs.readFileSync(path.join(folder, 'walkback.json'), 'utf8')))
  if (record.kind !== 'cold-backup') throw new Error(`a record of kind ${record.kind}`)
  return record
}

export interface CopyServer {
  dataDirectory: string
  client(database?: string): Promise<Client>
  log(): string
  stop(): Promise<void>
}

/** Puts the files of a backup where a server can start from them, by nothing but its record, and starts it on a free port. */
export async function startFromCopy(folder: string, bin: string, password: string, user = 'postgres'): Promise<CopyServer> {
  const record = readCold(folder)
  const account = testAccount()
  const place = tempFolder('copy')
  const dataDirectory = path.join(place, 'data')
  const copy = (from: string, to: string) => execFileSync('cp', ['--archive', '--reflink=auto', from, to])
  copy(path.join(folder, record.artifact), dataDirectory)
  for (const { oid, path: inner } of record.tablespaces) {
    copy(path.join(folder, inner), path.join(place, `space-${oid}`))
    fs.symlinkSync(path.join(place, `space-${oid}`), path.join(dataDirectory, 'pg_tblspc', oid))
  }
  for (const { original, path: inner } of record.configuration) {
    fs.mkdirSync(path.join(place, 'etc', path.dirname(original)), { recursive: true })
    copy(path.join(folder, inner), path.join(place, 'etc', original))
  }
  for (const folder of record.configurationFolders) fs.mkdirSync(path.join(place, 'etc', folder), { recursive: true })
  execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, place])
  fs.chmodSync(dataDirectory, Number.parseInt(record.ownership.mode, 8))
  const port = await freePort()
  const etc = (name: string) => {
    const found = record.configuration.find(({ original }) => path.basename(original) === name)
    return found ? path.join(place, 'etc', found.original) : null
  }
  const [config, hba, ident] = ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf'].map(etc)
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: place,
    logging_collector: 'off',
    ...(config ? { config_file: config, data_directory: dataDirectory, external_pid_file: '', ssl: 'off' } : {}),
    ...(hba ? { hba_file: hba } : {}),
    ...(ident ? { ident_file: ident } : {}),
  }
  let log = ''
  const argv = ['-D', dataDirectory, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const child = spawn(path.join(bin, 'postgres'), argv, {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...account.spawn,
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()))
  const clients: Client[] = []
  const client = async (database = 'postgres') => {
    const made = new Client({ host: '127.0.0.1', port, user, password, database })
    made.on('error', () => undefined) // the server is stopped before some are closed
    await made.connect()
    clients.push(made)
    return made
  }
  for (const end = Date.now() + 30_000; ; ) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`the copy did not start:\n${log}`)
    try {
      await (await client()).end()
      break
    } catch (error) {
      // Not yet; anything else would fail again.
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code !== 'ECONNREFUSED' && code !== 'ECONNRESET' && code !== '57P03') throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return {
    dataDirectory,
    client,
    log: () => log,
    async stop() {
      await Promise.allSettled(clients.map((each) => each.end()))
      child.kill('SIGINT')
      await waitUntilNoProcessIn(dataDirectory, 20_000)
    },
  }
}

/** Everything below the library that has a backup's name or an unfinished one's. */
export function backupFolders(library: string): string[] {
  if (!fs.existsSync(library)) return []
  return fs
    .readdirSync(library)
    .flatMap((server) => fs.readdirSync(path.join(library, server)).map((name) => path.join(library, server, name)))
}
