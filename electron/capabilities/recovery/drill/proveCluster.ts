// Looks at a recovered scratch cluster: pg_amcheck where there is one, every row counted, everything dumped to nowhere.

import { existsSync } from 'node:fs'
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

const libpq = ({ socketFolder, port, user }: Scratch) => ({ PGHOST: socketFolder, PGPORT: String(port), PGUSER: user })

/** In words what was checked. Throws AppError with the first findings. */
export async function checkWithAmcheck(
  job: JobContext,
  services: RecoveryServices,
  scratch: Scratch,
  databases: readonly string[],
): Promise<{ proved: string; notProved: string }> {
  const program = join(scratch.bin, fileName('pg_amcheck'))
  if (scratch.major >= 14 && existsSync(program)) return runAmcheck(job, scratch, program)
  let indexes = 0
  for (const database of databases) {
    const found = await withScratch(services, scratch, database, job.signal, checkIndexes)
    if (found === null) {
      const why = scratch.major < 14 ? 'PostgreSQL 13 has no pg_amcheck' : 'pg_amcheck is not installed'
      return {
        proved: '',
        notProved: `${why}, and the extension amcheck is not installed here either: indexes were not compared with their tables.`,
      }
    }
    indexes += found
  }
  return {
    proved: `amcheck: the structure of ${count(indexes, 'btree index', 'btree indexes')} is sound.`,
    notProved: 'PostgreSQL 13 has no pg_amcheck: the tuples of tables were read by counting and dumping alone.',
  }
}

async function runAmcheck(job: JobContext, scratch: Scratch, program: string): Promise<{ proved: string; notProved: string }> {
  const findings: string[] = []
  let last = ''
  const exit = await job.run({
    file: program,
    argv: [
      '--all',
      '--install-missing',
      '--no-strict-names',
      '--progress',
      '--jobs=2',
      '--maintenance-db=postgres',
      '--no-password',
    ],
    env: libpq(scratch),
    logStderr: false,
    onStdout: (line) => {
      if (findings.length < 200) findings.push(line)
      job.log(line, 'error')
    },
    onStderr: (line) => {
      const progress = /\d+\/\d+ relations \(\s*(\d+)%\),\s+(\d+)\/(\d+) pages/.exec(line)
      if (progress) {
        last = line.trim()
        job.progress({ done: Number(progress[2]), total: Number(progress[3]), unit: 'objects', label: 'pages' })
      } else if (line.trim() !== '') job.log(line, /error|warning/i.test(line) ? 'warning' : 'info')
    },
  })
  job.progress(null)
  job.signal.throwIfAborted()
  if (findings.length > 0) throw damage(`pg_amcheck found damage: ${findings.slice(0, 4).join(' ').replaceAll(/\s+/g, ' ')}`)
  if (exit.code !== 0)
    throw damage(
      `pg_amcheck failed: ${exit.stderrTail
        .filter((line) => !line.includes('relations ('))
        .slice(-3)
        .join(' ')}`,
    )
  const [, done, all, pages] = /(\d+)\/(\d+) relations .*?(\d+)\/\d+ pages/.exec(last) ?? []
  if (done === undefined || done !== all || done === '0')
    throw damage(`pg_amcheck did not say that it checked everything: ${last}`)
  return {
    proved: `pg_amcheck: ${count(Number(done), 'table and index', 'tables and indexes')}, ${count(Number(pages), 'page')}, without a finding.`,
    notProved: '',
  }
}

/** How many; null where the extension can't be had. */
async function checkIndexes(client: Client): Promise<number | null> {
  const { rows } = await client.query(`SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = 'amcheck'`)
  if (rows.length === 0) return null
  await client.query('CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA pg_catalog')
  const indexes = await client.query<{ oid: string; name: string }>(
    `SELECT c.oid::text AS oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
       FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_am a ON a.oid = c.relam
      WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisvalid AND i.indisready`,
  )
  for (const { oid, name } of indexes.rows) {
    await client.query('SELECT pg_catalog.bt_index_check($1::oid::regclass)', [oid]).catch((error: unknown) => {
      throw damage(`The index ${name} in ${client.database} is damaged: ${messageOf(error)}.`)
    })
  }
  return indexes.rows.length
}

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
