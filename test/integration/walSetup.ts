// What the tests of WAL archives share: a core with a connection to a test cluster, and a look into the cluster's WAL folders.
import fs from 'node:fs'
import path from 'node:path'
import { AppError } from '../../shared/rpc/appError'
import type { TestCluster } from '../support/clusters'
import type { TestCore } from '../support/core'

export async function connectTo(core: TestCore, cluster: TestCluster, label = `pg${cluster.major}`): Promise<string> {
  const saved = await core.api.connections.save({
    id: null,
    label,
    colour: 'slate',
    readOnly: false,
    settings: {
      host: '127.0.0.1',
      port: cluster.port,
      database: 'postgres',
      user: 'postgres',
      sslmode: 'disable',
      sslrootcert: '',
      sslcert: '',
      sslkey: '',
      service: '',
      passfile: '',
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  return saved.id
}

export async function refusal(promise: Promise<unknown>): Promise<{ code: string; message: string; hint: string | undefined }> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof AppError)) throw new Error(`no AppError but ${String(error)}`)
  return { code: error.code, message: error.message, hint: error.hint }
}

/** Names in pg_wal/archive_status, such as 000000010000000000000003.ready. */
export function archiveStatus(cluster: TestCluster): string[] {
  return fs.readdirSync(path.join(cluster.dataDir, 'pg_wal', 'archive_status')).toSorted()
}

/** Waits until it holds; says what was waited for otherwise. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
