// After a script: every table that it copies rows into, with as many rows as the script has for it.
import type { RowCheck } from '../../../shared/jobs/job'
import { openServer } from '../../postgres/openServer'
import { readContent } from '../../postgres/serverState'
import { compareCounts, cut, emptyCheck } from './compareRows'
import { type CopiedTable, countCopyRows } from './countCopyRows'
import type { RunContext } from './runArchive'
import { openScript } from './scanScript'

/** Databases that a script goes into and that hold tables before it: what is in them then is not the script's alone. */
export async function filledPlaces({ plan, services, job }: RunContext): Promise<Set<string>> {
  const filled = new Set<string>()
  if (plan.archive.kind !== 'script') return filled
  for (const place of plan.places) {
    if (!plan.server.databases.has(place) || plan.archive.script.dropsDatabases.includes(place)) continue
    const client = await services.connections.open(plan.connection, place, job.signal)
    try {
      if ((await readContent(client)).tables > 0) filled.add(place)
    } finally {
      await client.end()
    }
  }
  return filled
}

/** A script is read once more; each database that it connects to is asked by itself. null for one of INSERTs, or without rows. */
export async function compareScript(context: RunContext, filled: ReadonlySet<string>): Promise<RowCheck | null> {
  const { plan, job } = context
  if (plan.archive.kind !== 'script') return null
  const { archive } = plan
  const counter = countCopyRows()
  const stream = openScript(archive.source.archive, archive.gzip)
  let bytes = 0
  let shownAt = 0
  try {
    for await (const chunk of stream) {
      job.signal.throwIfAborted()
      counter.chunk(chunk as Buffer) // a stream without an encoding gives buffers
      bytes += (chunk as Buffer).length
      if (performance.now() - shownAt < 200) continue
      shownAt = performance.now()
      job.progress({ done: bytes, total: null, unit: 'bytes', label: 'rows in the script' })
    }
  } finally {
    stream.destroy()
  }
  job.progress(null)
  const { tables, inserts } = counter.end()
  if (inserts || tables.length === 0) return null
  const check = emptyCheck('rows', 0)
  const byDatabase = new Map<string, CopiedTable[]>()
  for (const table of tables) {
    const database = table.database ?? plan.database
    byDatabase.set(database, [...(byDatabase.get(database) ?? []), table])
  }
  for (const [database, some] of byDatabase) {
    const named = (table: string) => (plan.places.length > 1 ? `${database}: ${table}` : table)
    const part = filled.has(database) ? allLeft(some) : await compareDatabase(context, database, some)
    check.tables += part.tables
    check.matched += part.matched
    check.rows += part.rows
    check.different.push(...part.different.map((each) => ({ ...each, table: named(each.table) })))
    check.left.push(...part.left.map((each) => ({ ...each, table: named(each.table) })))
  }
  return cut(check)
}

async function compareDatabase(context: RunContext, database: string, some: readonly CopiedTable[]): Promise<RowCheck> {
  const { plan, job, services } = context
  if (!(await databaseIsThere(context, database))) {
    const different = some.map(({ schema, name, rows }) => ({ table: `${schema}.${name}`, expected: rows, found: null }))
    return { ...emptyCheck('rows', some.length), different }
  }
  const client = await services.connections.open(plan.connection, database, job.signal)
  try {
    return await compareCounts(client, some, new Set(), context)
  } finally {
    await client.end()
  }
}

async function databaseIsThere({ plan, services, job }: RunContext, database: string): Promise<boolean> {
  const client = await openServer(services, plan.connection, job.signal)
  try {
    const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [database])
    return found.rowCount === 1
  } finally {
    await client.end()
  }
}

function allLeft(tables: readonly CopiedTable[]): RowCheck {
  const left = tables.map(({ schema, name }) => ({ table: `${schema}.${name}`, why: 'its database held tables before' }))
  return { ...emptyCheck('rows', tables.length), left }
}
