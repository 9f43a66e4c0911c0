// The checks before rows go into a table, as rows with what was found and how to put it right.
import path from 'node:path'
import type { Client } from 'pg'
import type { ImportRequest } from '../../../shared/contracts/copy'
import { formatBytes } from '../../../shared/model/byteCount'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { isAsked } from '../../../shared/tools/defineTool'
import { isServerPath, programRow, serverFile } from './checkExport'
import { openInput } from './clientInput'
import type { CopyServices } from './copySession'
import { optionsOf } from './copySql'
import { fileSample } from './fileStart'
import { goTo, row } from './preflightRow'
import { type CopyServer, copiedColumns, serverTexts, type TableFacts } from './readFacts'

export async function checkImport(
  services: Pick<CopyServices, 'connections'>,
  client: Client,
  request: ImportRequest,
  server: CopyServer,
  table: TableFacts | null,
): Promise<PreflightRow[]> {
  const { target, place } = request
  const rows = [writableRow(services, request.connectionId)]
  if (server.recovery) rows.push(recoveryRow())
  if (target.create !== null) rows.push(...(await checkNewTable(client, target, table, target.create)))
  else if (table) rows.push(...checkTable({ ...target, truncate: request.truncate }, table))
  rows.push(...checkColumns(request, table), ...checkRowOptions(request, table))
  if (place.kind === 'client') rows.push(...(await checkClientFile(request, place.path, table, server)))
  else if (place.kind === 'server-program') rows.push(programRow(server, place.command))
  else rows.push(...(await checkServerFile(client, place.path, server)))
  return rows
}

export function checkTarget(
  services: Pick<CopyServices, 'connections'>,
  to: { connectionId: string; schema: string; name: string; truncate: boolean },
  server: CopyServer,
  table: TableFacts,
): PreflightRow[] {
  return [writableRow(services, to.connectionId), ...(server.recovery ? [recoveryRow()] : []), ...checkTable(to, table)]
}

function writableRow(services: Pick<CopyServices, 'connections'>, id: string): PreflightRow {
  try {
    services.connections.requireWritable(id, 'Importing')
    return row('connection', 'pass', 'Connection', 'It is not marked read-only.')
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'permission') throw error
    return row('connection', 'blocker', 'Connection', [error.message, error.hint].filter(Boolean).join(' '))
  }
}

function recoveryRow(): PreflightRow {
  return row(
    'recovery',
    'blocker',
    'Server takes no writes',
    'It is a standby, or still being recovered. Import into its primary.',
  )
}

function checkTable(to: { schema: string; name: string; truncate: boolean }, table: TableFacts): PreflightRow[] {
  const name = `${to.schema}.${to.name}`
  if (table.kind === 'materialized view') {
    return [
      row('table', 'blocker', 'Table', `${name} is a materialized view: it takes no rows.`, [
        goTo('Choose another table', 'destination'),
      ]),
    ]
  }
  if (table.kind === 'view' && !table.triggers) {
    return [
      row('table', 'blocker', 'Table', `${name} is a view: it takes rows only by an INSTEAD OF INSERT trigger.`, [
        goTo('Choose another table', 'destination'),
      ]),
    ]
  }
  if (!table.canInsert)
    return [row('table', 'blocker', 'Privileges', `The role may not write to ${name}. Its owner can GRANT INSERT on it.`)]
  const rows: PreflightRow[] = []
  if (table.rowSecurity) {
    rows.push(
      row(
        'rls',
        'blocker',
        'Row security',
        `COPY can’t import into ${name} while policies apply to the role. Use its owner, or a role with BYPASSRLS.`,
      ),
    )
  }
  if (to.truncate && !table.canTruncate) rows.push(row('truncate', 'blocker', 'TRUNCATE', `The role may not empty ${name}.`))
  else if (to.truncate && table.kind === 'view')
    rows.push(row('truncate', 'blocker', 'TRUNCATE', `${name} is a view: it can’t be emptied.`))
  else if (to.truncate)
    rows.push(
      row(
        'truncate',
        'warning',
        'Rows that are there',
        `All rows of ${name} are removed first, in the same transaction: if the import fails they are still there.`,
      ),
    )
  else rows.push(row('append', 'pass', 'Rows that are there', `They stay: the new ones are added to ${name}.`))
  return rows
}

async function checkNewTable(
  client: Client,
  target: ImportRequest['target'],
  table: TableFacts | null,
  create: NonNullable<ImportRequest['target']['create']>,
): Promise<PreflightRow[]> {
  const name = `${target.schema}.${target.name}`
  if (table)
    return [row('table', 'blocker', 'New table', `${name} exists already.`, [goTo('Choose another name', 'destination')])]
  const long = [target.name, ...create.map((column) => column.name)].find((text) => Buffer.byteLength(text) > 63)
  if (long !== undefined)
    return [row('table', 'blocker', 'New table', `A name has more than the 63 bytes that PostgreSQL keeps: ${long}.`)]
  const names = create.map((column) => column.name)
  const twice = names.find((column, index) => names.indexOf(column) !== index)
  if (twice !== undefined) return [row('table', 'blocker', 'New table', `There are two columns named ${twice}.`)]
  const { rows } = await client.query<{ may: boolean }>(
    "SELECT has_schema_privilege(oid, 'CREATE') AS may FROM pg_namespace WHERE nspname = $1::text",
    [target.schema],
  )
  if (!rows[0]) return [row('table', 'blocker', 'New table', `There is no schema ${target.schema}.`)]
  if (!rows[0].may) return [row('table', 'blocker', 'New table', `The role may not create tables in ${target.schema}.`)]
  return [row('table', 'pass', 'New table', `${name} is created in the same transaction: if the import fails there is none.`)]
}

/** The columns of the import exist, take values, and are named once; the forced ones are among them. */
function checkColumns(request: ImportRequest, table: TableFacts | null): PreflightRow[] {
  const { create } = request.target
  const there = create ?? table?.columns ?? []
  const mapped = request.mapping?.filter((column) => column !== null) ?? null
  const rows: PreflightRow[] = []
  const say = (found: string) => rows.push(row('columns', 'blocker', 'Columns', found, [goTo('Change the columns', 'columns')]))
  if (mapped?.length === 0) say('No column of the file goes into the table.')
  if (mapped?.length !== request.mapping?.length && request.place.kind !== 'client')
    say('Columns can be left out only of files on this machine.')
  if (mapped?.length !== request.mapping?.length && request.format === 'binary')
    say('Columns of a binary file can’t be left out.')
  const unknown = mapped?.filter((name) => !there.some((column) => column.name === name)) ?? []
  if (unknown.length > 0) say(`The table has no column ${unknown.join(', ')}.`)
  const twice = mapped?.find((name, index) => mapped.indexOf(name) !== index)
  if (twice !== undefined) say(`Two columns of the file go into ${twice}.`)
  const generated = table?.columns.filter((column) => column.generated && mapped?.includes(column.name)) ?? []
  if (generated.length > 0) say(`Generated columns take no values: ${generated.map(({ name }) => name).join(', ')}.`)
  const copied = mapped ?? (create ? create.map(({ name }) => name) : table ? copiedColumns(table) : [])
  for (const key of ['forceNotNull', 'forceNull'] as const) {
    const value = request.options[key]
    const strange = Array.isArray(value) ? value.filter((name) => !copied.includes(name)) : []
    if (strange.length > 0) say(`Not among the columns of this import: ${strange.join(', ')}.`)
  }
  if (!create && table && mapped) {
    const missing = table.columns.filter(
      (column) => column.notNull && !column.hasDefault && !column.generated && !mapped.includes(column.name),
    )
    if (missing.length > 0) say(`These need a value and get none: ${missing.map(({ name }) => name).join(', ')}.`)
  }
  return rows
}

function checkRowOptions(request: ImportRequest, table: TableFacts | null): PreflightRow[] {
  const rows: PreflightRow[] = []
  const say = (check: string, found: string) =>
    rows.push(row('rows', 'blocker', check, found, [goTo('Change the options', 'options')]))
  const { options, skipBadRows } = request
  if (isAsked(options.freeze) && !request.truncate && request.target.create === null) {
    say('FREEZE', 'The table must be created or emptied by this import.')
  }
  if (isAsked(options.freeze) && table?.kind === 'partitioned table') say('FREEZE', 'Not possible for a partitioned table.')
  if (isAsked(options.freeze) && skipBadRows)
    say('FREEZE', 'Bad rows can’t be kept out together with FREEZE: the server freezes only in one piece.')
  if (skipBadRows && request.place.kind !== 'client')
    say('Bad rows', 'They can be kept out of files on this machine; on the server use ON_ERROR (17).')
  if (skipBadRows && request.format === 'binary') say('Bad rows', 'A binary file has no rows that could be left out.')
  if (skipBadRows && (isAsked(options.onError) || isAsked(options.logVerbosity))) {
    say('ON_ERROR', 'Walkback sets ON_ERROR and LOG_VERBOSITY itself while it keeps bad rows out.')
  }
  if (request.where.includes('\0')) say('WHERE', 'The condition holds a NUL byte.')
  return rows
}

async function checkClientFile(
  request: ImportRequest,
  file: string,
  table: TableFacts | null,
  server: CopyServer,
): Promise<PreflightRow[]> {
  const change = [goTo('Choose another file', 'source')]
  if (!path.isAbsolute(file) || file.includes('\0'))
    return [row('file', 'blocker', 'File', 'Give the whole path of the file, from the root on.', change)]
  try {
    const input = await openInput(file)
    await input.close()
    const packed = input.compression === 'none' ? '' : `, packed with ${input.compression}`
    const rows = [row('file', input.size === 0 ? 'warning' : 'pass', 'File', `${file}: ${formatBytes(input.size)}${packed}.`)]
    if (request.format === 'binary') return rows
    const sample = await fileSample(file, optionsOf(request, 'from'), 20, server.version)
    const wanted = request.mapping?.length ?? request.target.create?.length ?? (table ? copiedColumns(table).length : 0)
    const width = sample.columns.length
    if (sample.rows.length > 0 && width !== wanted) {
      const found = `The file’s rows have ${width} columns, ${wanted} are expected. Check the delimiter and the mapping.`
      rows.push(row('width', 'blocker', 'Columns of the file', found, [goTo('Change the columns', 'columns')]))
    }
    const [problem] = sample.problems
    if (problem) rows.push(row('sample', 'warning', 'First rows', `Line ${problem.line}: ${problem.message}`))
    return rows
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return [row('file', 'blocker', 'File', [error.message, error.hint].filter(Boolean).join(' '), change)]
  }
}

async function checkServerFile(client: Client, file: string, server: CopyServer): Promise<PreflightRow[]> {
  const rows = [row('server', server.readFiles ? 'pass' : 'blocker', 'Role on the server', serverTexts(server).readText)]
  if (!isServerPath(file))
    return [...rows, row('file', 'blocker', 'File on the server', 'Give the whole path of the file on the server.')]
  if (!server.readFiles) return rows
  const found = await serverFile(client, file, server)
  if (found === 'absent')
    rows.push(
      row('file', 'blocker', 'File on the server', `There is no ${file} on the server.`, [goTo('Choose another file', 'source')]),
    )
  return rows
}
