// Reads a scratch cluster whole: every row counted, everything dumped to nowhere.

import { join } from 'node:path'
import type { Client } from 'pg'
import { emptyConnectionSettings } from '../../../../shared/model/connection'
import { qualifiedName } from '../../../../shared/model/identifier'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { withClient } from '../../../postgres/withClient'
import { fileName } from '../../../process/findTools'
import { messageOf } from '../../../process/systemError'
import type { RecoveryServices } from '../parts'

export interface Scratch {
  bin: string
  major: number
  /** Of the server and its programs. */
  version: number
  socketFolder: string
  port: number
  user: string
}

export interface CountedTable {
  database: string
  table: string
  rows: number
}

/** A problem of the data themselves: it names what is damaged. */
export function damage(message: string): AppError {
  return new AppError('postgres', message, {
    hint: 'The backup can’t be relied on: take a new one, and keep this one to look at.',
  })
}

export async function withScratch<T>(
  services: RecoveryServices,
  { socketFolder, port, user }: Scratch,
  database: string,
  signal: AbortSignal,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const settings = { ...emptyConnectionSettings, host: socketFolder, port, user, database, sslmode: 'disable' as const }
  const connection = await services.connections.resolveDraft({ id: null, settings, password: { kind: 'none' } })
  return withClient({ connections: services.connections, connection, database, signal }, work)
}

export async function listDatabases(services: RecoveryServices, scratch: Scratch, signal: AbortSignal): Promise<string[]> {
  return withScratch(services, scratch, 'postgres', signal, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT datname::text AS name FROM pg_catalog.pg_database WHERE datallowconn ORDER BY datname',
    )
    return rows.map(({ name }) => name)
  })
}

export const libpq = ({ socketFolder, port, user }: Scratch) => ({ PGHOST: socketFolder, PGPORT: String(port), PGUSER: user })

/** Exact, table by table; the first that can't be read is named. */
export async function countRows(
  job: JobContext,
  services: RecoveryServices,
  scratch: Scratch,
  database: string,
): Promise<CountedTable[]> {
  return withScratch(services, scratch, database, job.signal, async (client) => {
    const { rows } = await client.query<{ schema: string; name: string }>(
      `SELECT n.nspname::text AS schema, c.relname::text AS name
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated) AND c.relpersistence <> 't'
          AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2`,
    )
    const counted: CountedTable[] = []
    for (const { schema, name } of rows) {
      const table = `${schema}.${name}`
      job.progress({ done: counted.length, total: rows.length, unit: 'objects', label: `${table} in ${database}` })
      try {
        const found = await client.query<{ count: string }>(
          `SELECT pg_catalog.count(*)::text AS count FROM ${qualifiedName(schema, name)}`,
        )
        counted.push({ database, table, rows: Number(found.rows[0]?.count) })
      } catch (error) {
        job.signal.throwIfAborted()
        throw damage(`${table} in ${database} can’t be read: ${messageOf(error)}.`)
      }
    }
    job.progress(null)
    return counted
  })
}

const dumpEnd = '-- PostgreSQL database dump complete'
const clusterDumpEnd = '-- PostgreSQL database cluster dump complete'

/** Every row goes through pg_dump into nothing; the bytes are counted, and its last words must be there. */
export async function dumpToNowhere(job: JobContext, scratch: Scratch, database: string | null): Promise<number> {
  const name = database === null ? 'pg_dumpall' : 'pg_dump'
  let [bytes, tail] = [0, '']
  const exit = await job.run({
    file: join(scratch.bin, fileName(name)),
    argv: [...(database === null ? ['--globals-only'] : []), '--no-password'],
    env: { ...libpq(scratch), PGDATABASE: database ?? 'postgres' },
    onStdoutChunk: (chunk) => {
      bytes += chunk.length
      tail = (tail + chunk.toString('latin1')).slice(-400)
      job.progress({ done: bytes, total: null, unit: 'bytes', label: database ?? 'globals' })
    },
  })
  job.progress(null)
  job.signal.throwIfAborted()
  const what = database === null ? 'Roles and tablespaces' : `The database ${database}`
  if (exit.code !== 0) throw damage(`${what} can’t be dumped: ${exit.stderrTail.slice(-3).join(' ')}`)
  if (!tail.includes(database === null ? clusterDumpEnd : dumpEnd))
    throw damage(`${what} was dumped without ${name}’s last line.`)
  return bytes
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`
}
