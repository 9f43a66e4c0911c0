// After a restore: every table with what the archive holds of it. Either all rows are counted on both sides, or, where
// nobody asked for that, only whether each table is there; what was done is said.
import type { Client } from 'pg'
import type { RowCheck } from '../../../shared/jobs/job'
import { qualifiedName } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import { buildCommand } from '../../../shared/tools/buildCommand'
import { pgRestore } from '../../../shared/tools/pgRestore'
import { shownWords } from '../../../shared/tools/showCommand'
import { hidePasswords } from '../../library/sqlText'
import { writeUseList } from './chooseEntries'
import { type CopiedTable, countCopyRows } from './countCopyRows'
import type { TocEntry } from './readToc'
import type { RunContext } from './runArchive'

const shownAtMost = 100

/** What is known before the restore, so that rows that were there already are not taken for restored ones. */
export async function filledTables(client: Client, entries: readonly TocEntry[]): Promise<Set<string>> {
  const filled = new Set<string>()
  const there = await relations(client)
  for (const { kind, schema, tag } of entries) {
    if (kind !== 'TABLE DATA' || schema === null || !there.has(keyOf(schema, tag))) continue
    try {
      const { rowCount } = await client.query(`SELECT FROM ${qualifiedName(schema, tag)} LIMIT 1`)
      if ((rowCount ?? 0) > 0) filled.add(keyOf(schema, tag))
    } catch (error) {
      if (codeOf(error) !== '42501') throw error
      filled.add(keyOf(schema, tag)) // what this role can't read can't be compared either
    }
  }
  return filled
}

/** null where there is nothing to compare: an SQL script, or an archive without tables. */
export async function compareRows(context: RunContext, filled: ReadonlySet<string>): Promise<RowCheck | null> {
  const { plan, job, services } = context
  if (plan.archive.kind !== 'archive' || !plan.selected) return null
  const { selected } = plan
  const entries = plan.archive.toc.entries.filter(({ id }) => selected.has(id))
  const counted = plan.request.checkRows === true ? await countArchive(context, entries) : null
  const client = await services.connections.open(plan.connection, plan.database, job.signal)
  try {
    return counted === null ? await compareTables(client, entries) : await compareCounts(client, counted, filled, context)
  } finally {
    await client.end()
  }
}

/** null when the archive's rows are INSERTs, which can't be told from what they insert. */
async function countArchive({ plan, job, services }: RunContext, entries: readonly TocEntry[]): Promise<CopiedTable[] | null> {
  const { archive, restore } = plan
  if (archive.kind !== 'archive') return null
  const data = new Set(entries.flatMap(({ id, kind }) => (kind === 'TABLE DATA' ? [id] : [])))
  if (data.size === 0) return []
  const useList = await writeUseList(services.paths.scratch, archive.toc, data)
  const values = { dataOnly: true, useList, file: '-' }
  const { argv } = buildCommand(pgRestore, values, { tool: restore.tool.version, server: null }, [archive.source.archive])
  job.command({
    title: 'Rows in the archive',
    program: 'pg_restore',
    version: restore.tool.version,
    words: shownWords(argv),
    kind: 'program',
  })
  const counter = countCopyRows()
  let bytes = 0
  let shownAt = 0
  const exit = await job.run({
    file: restore.tool.path,
    argv,
    onStdoutChunk: (chunk) => {
      counter.chunk(chunk)
      bytes += chunk.length
      if (performance.now() - shownAt < 200) return
      shownAt = performance.now()
      job.progress({ done: bytes, total: null, unit: 'bytes', label: 'rows in the archive' })
    },
  })
  job.signal.throwIfAborted()
  job.progress(null)
  const { tables, inserts, whole } = counter.end()
  if (exit.code !== 0 || !whole) {
    const said = hidePasswords(exit.stderrTail.at(-1) ?? 'it said nothing')
    throw new AppError('tool_failed', `The rows of the archive could not be counted: ${said}`, {
      hint: 'What was restored is there. Whether it is whole is not known: the archive may be damaged.',
    })
  }
  return inserts ? null : tables
}

/** `client` is in the database that the tables are of. */
export async function compareCounts(
  client: Client,
  counted: readonly CopiedTable[],
  filled: ReadonlySet<string>,
  { job }: RunContext,
): Promise<RowCheck> {
  const check = emptyCheck('rows', counted.length)
  const there = await relations(client)
  // Without it, row security would hide rows silently; with it, counting them is refused by name.
  await client.query('SET row_security = off')
  let done = 0
  for (const { schema, name, rows } of counted) {
    job.signal.throwIfAborted()
    const table = `${schema}.${name}`
    const kind = there.get(keyOf(schema, name))
    // A script in another encoding is counted without being understood.
    if (table.includes('\uFFFD')) check.left.push({ table, why: 'its name is not in UTF-8' })
    else if (kind === undefined) check.different.push({ table, expected: rows, found: null })
    else if (filled.has(keyOf(schema, name))) check.left.push({ table, why: 'it held rows before' })
    else {
      const found = await countTable(client, `${kind === 'p' ? '' : 'ONLY '}${qualifiedName(schema, name)}`)
      if (typeof found === 'string') check.left.push({ table, why: found })
      else if (found === rows) {
        check.matched += 1
        check.rows += rows
      } else check.different.push({ table, expected: rows, found })
    }
    done += 1
    if (done % 20 === 0) job.progress({ done, total: counted.length, unit: 'objects', label: `rows of ${table}` })
  }
  job.progress(null)
  return cut(check)
}

/** The reason in words when this role can't count it. */
async function countTable(client: Client, table: string): Promise<number | string> {
  try {
    const { rows } = await client.query<{ count: string }>(`SELECT count(*)::text AS count FROM ${table}`)
    return Number(rows[0]?.count)
  } catch (error) {
    if (codeOf(error) !== '42501') throw error
    return error instanceof Error ? error.message : String(error)
  }
}

async function compareTables(client: Client, entries: readonly TocEntry[]): Promise<RowCheck | null> {
  const wanted = new Map<string, string>()
  for (const { kind, schema, tag } of entries) {
    if ((kind === 'TABLE' || kind === 'TABLE DATA') && schema !== null) wanted.set(keyOf(schema, tag), `${schema}.${tag}`)
  }
  if (wanted.size === 0) return null
  const check = emptyCheck('presence', wanted.size)
  const there = await relations(client)
  for (const [key, table] of wanted) {
    if (there.has(key)) check.matched += 1
    else check.different.push({ table, expected: null, found: null })
  }
  return cut(check)
}

/** Kind by name. */
async function relations(client: Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ schema: string; name: string; kind: string }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f')`,
  )
  return new Map(rows.map((row) => [keyOf(row.schema, row.name), row.kind]))
}

export function emptyCheck(by: RowCheck['by'], tables: number): RowCheck {
  return { by, tables, matched: 0, rows: 0, different: [], left: [] }
}

export function cut(check: RowCheck): RowCheck {
  return { ...check, different: check.different.slice(0, shownAtMost), left: check.left.slice(0, shownAtMost) }
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name])
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
