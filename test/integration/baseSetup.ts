// A core with a library of its own for the tests of base backups, and a cluster with two tablespaces that hold data.
import fs from 'node:fs'
import path from 'node:path'
import type { BaseBackupRequest } from '../../shared/contracts/baseBackup'
import type { JobSnapshot } from '../../shared/jobs/job'
import { type BaseBackupRecord, backupRecord } from '../../shared/model/backupRecord'
import type { TestCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { startCore, type TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'

export interface BaseCore {
  core: TestCore
  library: string
  connect(cluster: TestCluster, login?: { user: string; password: string }): Promise<string>
  request(connectionId: string, more?: Partial<BaseBackupRequest>): BaseBackupRequest
  /** Starts the backup and waits for its end. */
  run(request: BaseBackupRequest): Promise<JobSnapshot>
}

export async function baseCore(library?: string): Promise<BaseCore> {
  const core = await startCore()
  const place = library ?? path.join(tempFolder('base'), 'my library')
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, libraries: [place], concurrentJobs: 4 })
  let count = 0
  return {
    core,
    library: place,
    async connect(cluster, login = { user: 'postgres', password: cluster.password }) {
      count += 1
      const { id } = await core.api.connections.save({
        id: null,
        label: `pg${cluster.major} ${count}`,
        colour: 'slate',
        readOnly: false,
        settings: {
          ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: login.user },
          ...{ sslmode: 'disable', sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
        },
        password: { kind: 'set', password: login.password, remember: false },
      })
      return id
    },
    request: (connectionId, more = {}) => ({
      connectionId,
      format: 'plain',
      options: { walMethod: 'stream', checkpoint: 'fast' },
      parent: null,
      configuration: true,
      verify: true,
      keepSlot: false,
      library: place,
      label: '',
      ...more,
    }),
    run: async (request) => core.ended(await core.api.baseBackup.start(request)),
  }
}

/** Two tablespaces outside the data directory, and a database with tables in both and in none. */
export async function addTablespaces(cluster: TestCluster, rows = 3000): Promise<void> {
  const { uid, gid } = testAccount()
  for (const name of ['fast disk', 'cold=disk']) {
    const folder = path.join(cluster.folder, name)
    fs.mkdirSync(folder, { mode: 0o700 })
    fs.chownSync(folder, uid, gid)
    await cluster.sql(`CREATE TABLESPACE "${name}" LOCATION '${folder}'`)
  }
  await cluster.sql('CREATE DATABASE shop')
  await cluster.sql(
    `CREATE TABLE plain AS SELECT i AS id, md5(i::text) AS note FROM generate_series(1, ${rows}) i;
     CREATE TABLE quick TABLESPACE "fast disk" AS SELECT i AS id, repeat(md5(i::text), 4) AS note FROM generate_series(1, ${rows}) i;
     CREATE TABLE old TABLESPACE "cold=disk" AS SELECT i AS id, 'old ' || i AS note FROM generate_series(1, ${rows}) i;
     CREATE INDEX ON plain (note) TABLESPACE "fast disk";
     SELECT lo_from_bytea(0, 'large object')`,
    'shop',
  )
}

export function recordIn(folder: string): BaseBackupRecord {
  const record = backupRecord.parse(JSON.parse(fs.readFileSync(path.join(folder, 'walkback.json'), 'utf8')))
  if (record.kind !== 'base-backup') throw new Error(`${folder} is a ${record.kind}`)
  return record
}

export function folderOf(job: JobSnapshot): string {
  const folder = job.result?.backupPath
  if (folder == null) throw new Error(`the job left no backup: ${job.state} ${JSON.stringify(job.error)}`)
  return folder
}

/** What lies in the library, two levels down, finished and unfinished. */
export function left(library: string): string[] {
  if (!fs.existsSync(library)) return []
  return fs.readdirSync(library).flatMap((server) => fs.readdirSync(path.join(library, server)))
}
