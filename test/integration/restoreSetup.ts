// A core with connections to the test clusters, dumps made by the real pg_dump, and restores run to their end.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { RestoreRequest, RestoreTarget } from '../../shared/contracts/restore'
import type { JobSnapshot } from '../../shared/jobs/job'
import { quoteIdentifier } from '../../shared/model/identifier'
import type { PreflightRow } from '../../shared/model/preflight'
import type { TestCluster } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { type DatabaseHashes, hashTables } from '../support/tableHashes'
import { tempFolder } from '../support/tempFolder'

export const formats = { custom: 'c', directory: 'd', tar: 't', plain: 'p' } as const
export type Format = keyof typeof formats

export interface RestoreLab {
  core: TestCore
  folder: string
  connect(cluster: TestCluster, more?: { readOnly?: boolean; user?: string; password?: string }): Promise<string>
  request(connectionId: string, source: string, target: RestoreTarget, more?: Partial<RestoreRequest>): RestoreRequest
  run(request: RestoreRequest): Promise<JobSnapshot>
  blockers(request: RestoreRequest): Promise<PreflightRow[]>
}

export async function restoreLab(): Promise<RestoreLab> {
  const core = await startCore()
  const folder = tempFolder('restore')
  let count = 0
  return {
    core,
    folder,
    async connect(cluster, { readOnly = false, user = 'postgres', password = cluster.password } = {}) {
      count += 1
      const saved = await core.api.connections.save({
        id: null,
        label: `pg${cluster.major} ${count}`,
        colour: 'slate',
        readOnly,
        settings: {
          host: '127.0.0.1',
          port: cluster.port,
          database: 'postgres',
          user,
          sslmode: 'disable',
          sslrootcert: '',
          sslcert: '',
          sslkey: '',
          service: '',
          passfile: '',
        },
        password: { kind: 'set', password, remember: false },
      })
      return saved.id
    },
    request: (connectionId, source, target, more = {}) => ({
      connectionId,
      source: { path: source },
      target,
      options: {},
      analyze: false,
      continueOnError: false,
      singleTransaction: false,
      ...more,
    }),
    run: async (request) => core.ended(await core.api.restore.start(request)),
    blockers: async (request) => (await core.api.restore.preview(request)).preflight.filter((row) => row.result === 'blocker'),
  }
}

export function newDatabase(database: string, more: Partial<Extract<RestoreTarget, { kind: 'new' }>> = {}): RestoreTarget {
  return {
    kind: 'new',
    database,
    owner: '',
    encoding: 'UTF8',
    localeProvider: '',
    collate: '',
    ctype: '',
    locale: '',
    tablespace: '',
    ...more,
  }
}

export function conninfo(database: string): string {
  return `dbname='${database.replace(/['\\]/g, '\\$&')}'`
}

/** The real pg_dump of the cluster's major; returns the path. */
export function dump(cluster: TestCluster, database: string, format: Format, file: string, more: string[] = []): string {
  fs.rmSync(file, { recursive: true, force: true })
  execFileSync(
    path.join(cluster.bin, 'pg_dump'),
    [`--dbname=${conninfo(database)}`, `--format=${formats[format]}`, `--file=${file}`, ...more],
    { env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv() }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  return file
}

export function dumpGlobals(cluster: TestCluster, file: string, more: string[] = ['--globals-only']): string {
  execFileSync(path.join(cluster.bin, 'pg_dumpall'), [...more, `--file=${file}`], {
    env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv() },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return file
}

export async function makeDatabase(cluster: TestCluster, name: string, statements: string[] = []): Promise<void> {
  await dropDatabase(cluster, name)
  await cluster.sql(`CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0`)
  for (const statement of statements) await cluster.sql(statement, name)
}

export async function dropDatabase(cluster: TestCluster, name: string): Promise<void> {
  await cluster.sql(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)
}

export async function hashes(cluster: TestCluster, database: string): Promise<DatabaseHashes> {
  const client = await cluster.client(database)
  try {
    return await hashTables(client)
  } finally {
    await client.end()
  }
}

export async function exists(cluster: TestCluster, database: string): Promise<boolean> {
  return (await cluster.sql('SELECT 1 FROM pg_database WHERE datname = $1', 'postgres', [database])).length === 1
}

/** Counted errors, without the harmless ones. */
export function errorsOf(job: JobSnapshot) {
  return job.issues.filter((issue) => issue.severity === 'error' && issue.harmless === null)
}
