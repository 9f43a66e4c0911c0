// What a copy will do and what stands in its way, looked up before it starts: preview and start both come through here.
import { isAbsolute } from 'node:path'
import type { Client } from 'pg'
import type { CopyRequest, ExportRequest, ImportRequest, TransferRequest } from '../../../shared/contracts/copy'
import type { CommandPreview } from '../../../shared/contracts/dump'
import type { ShownCommand } from '../../../shared/jobs/job'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { copyProblems } from '../../../shared/tools/copyCommand'
import { withClient } from '../../postgres/withClient'
import { checkExport } from './checkExport'
import { checkImport, checkTarget } from './checkImport'
import type { CopyServices } from './copySession'
import { createTableSql, exportSql, importSql, optionsOf, transferInSql, transferOutSql, truncateSql } from './copySql'
import { beginReadOnly, exportColumns } from './exportSample'
import { row } from './preflightRow'
import { type CopyServer, findTable, noTable, readCopyServer, type TableFacts } from './readFacts'
import { rejectNames } from './rejectFile'

interface PlanBase {
  server: CopyServer
  serverLabel: string
  preflight: PreflightRow[]
  blocked: string
  shown: ShownCommand[]
  writes: CommandPreview['writes']
  title: string
}

export interface ExportPlan extends PlanBase {
  kind: 'export'
  request: ExportRequest
  sql: string
  /** null for a query. */
  table: TableFacts | null
}

export interface ImportPlan extends PlanBase {
  kind: 'import'
  request: ImportRequest
  table: TableFacts | null
  /** Before the rows, in the same transaction. */
  before: string[]
  /** The table's columns in the order of what is sent; null for all. */
  columns: string[] | null
}

export interface TransferPlan extends PlanBase {
  kind: 'transfer'
  request: TransferRequest
  outSql: string
  inSql: string
  before: string[]
  sourceRows: number | null
}

export type CopyPlan = ExportPlan | ImportPlan | TransferPlan

export async function planCopy(services: CopyServices, request: CopyRequest, signal: AbortSignal): Promise<CopyPlan> {
  if (request.kind === 'export') return planExport(services, request, signal)
  if (request.kind === 'import') return planImport(services, request, signal)
  return planTransfer(services, request, signal)
}

function sql(title: string, statements: readonly string[]): ShownCommand {
  return { title, program: 'SQL', version: null, words: [statements.map((statement) => `${statement};`).join('\n')], kind: 'sql' }
}

function finish<T extends { preflight: PreflightRow[] }>(plan: T): T & { blocked: string } {
  const weight = { blocker: 0, warning: 1, pass: 2 }
  const preflight = plan.preflight.toSorted((a, b) => weight[a.result] - weight[b.result])
  const blockers = preflight.filter((each) => each.result === 'blocker')
  const names = [...new Set(blockers.map((each) => each.check))].slice(0, 3).join('; ')
  const blocked = blockers.length === 0 ? '' : `${blockers.length === 1 ? '1 blocker' : `${blockers.length} blockers`}: ${names}`
  return { ...plan, preflight, blocked }
}

/** Options that this server or the other options do not allow. */
function optionRows(request: ExportRequest | ImportRequest, server: CopyServer): PreflightRow[] {
  const problems = copyProblems(optionsOf(request, request.kind === 'export' ? 'to' : 'from'), server.version)
  return problems.map(({ key, flag, message }) =>
    row(`option-${key}`, 'blocker', `Option ${flag || key}`, message, [
      { label: `Leave ${flag || key} out`, action: { kind: 'set-option', key, value: false } },
    ]),
  )
}

async function withDatabase<T>(
  services: CopyServices,
  of: { connectionId: string; database: string },
  signal: AbortSignal,
  work: (client: Client, server: CopyServer) => Promise<T>,
): Promise<T & { serverLabel: string; server: CopyServer }> {
  const { connections } = services
  const connection = await connections.resolve(of.connectionId)
  return withClient({ connections, connection, database: of.database, signal }, async (client) => {
    await client.query("SET statement_timeout = '20s'; SET lock_timeout = '5s'")
    const server = await readCopyServer(client)
    return { ...(await work(client, server)), serverLabel: connection.label, server }
  })
}

async function planExport(services: CopyServices, request: ExportRequest, signal: AbortSignal): Promise<ExportPlan> {
  const plan = await withDatabase(services, request, signal, async (client, server) => {
    const { source, place } = request
    const table = source.kind === 'table' ? await findTable(client, source.schema, source.name) : null
    if (source.kind === 'table' && !table) throw noTable(source.schema, source.name)
    await beginReadOnly(client)
    const columns = await exportColumns(client, source)
    await client.query('ROLLBACK')
    const statement = exportSql(request, table?.kind === 'table')
    const preflight = [
      ...optionRows(request, server),
      ...(await checkExport(
        client,
        request,
        server,
        table,
        columns.map(({ name }) => name),
      )),
    ]
    const what = source.kind === 'table' ? `${source.schema}.${source.name}` : 'a query'
    const where = place.kind === 'client' ? 'File' : place.kind === 'server-file' ? 'File on the server' : 'Program on the server'
    return {
      kind: 'export' as const,
      request,
      table,
      sql: statement,
      preflight,
      shown: [sql('SQL', ['BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY', statement, 'COMMIT'])],
      writes: [{ label: where, value: place.kind === 'server-program' ? place.command : place.path }],
      title: `Export ${what}`,
    }
  })
  return finish({ ...plan, blocked: '' })
}

async function planImport(services: CopyServices, request: ImportRequest, signal: AbortSignal): Promise<ImportPlan> {
  const { schema, name, create } = request.target
  const plan = await withDatabase(services, request, signal, async (client, server) => {
    const table = await findTable(client, schema, name)
    if (!table && create === null) throw noTable(schema, name)
    const columns = request.mapping?.filter((column) => column !== null) ?? null
    const before = [
      ...(create === null ? [] : [createTableSql(schema, name, create)]),
      ...(request.truncate && create === null ? [truncateSql(schema, name, table?.kind === 'partitioned table')] : []),
    ]
    const preflight = [...optionRows(request, server), ...(await checkImport(services, client, request, server, table))]
    return {
      kind: 'import' as const,
      request,
      table,
      before,
      columns,
      preflight,
      shown: [sql('SQL', ['BEGIN', ...before, importSql(request, columns, optionsOf(request, 'from')), 'COMMIT'])],
      writes: [
        { label: create === null ? 'Table' : 'New table', value: `${schema}.${name}` },
        {
          label: 'Rows that are there',
          value: create !== null ? 'None' : request.truncate ? 'Removed by TRUNCATE' : 'Kept: the file’s are added',
        },
        ...rejectWrites(request),
      ],
      title: `Import into ${schema}.${name}`,
    }
  })
  return finish({ ...plan, blocked: '' })
}

/** Where bad rows would be kept: the names that are free now. */
function rejectWrites({ place, skipBadRows }: ImportRequest): CommandPreview['writes'] {
  if (!skipBadRows || place.kind !== 'client' || !isAbsolute(place.path)) return []
  const { rows, reasons } = rejectNames(place.path)
  return [
    { label: 'Bad rows, if there are any', value: rows },
    { label: 'Their lines and reasons', value: reasons },
  ]
}

async function planTransfer(services: CopyServices, request: TransferRequest, signal: AbortSignal): Promise<TransferPlan> {
  const { source, to } = request
  const from = await withDatabase(services, request, signal, async (client, server) => {
    const table = source.kind === 'table' ? await findTable(client, source.schema, source.name) : null
    await beginReadOnly(client)
    const columns = await exportColumns(client, source)
    await client.query('ROLLBACK')
    return { table, columns: columns.map(({ name }) => name), version: server.version }
  })
  const target = await withDatabase(services, to, signal, async (client, server) => {
    const table = await findTable(client, to.schema, to.name)
    if (!table) throw noTable(to.schema, to.name)
    return { table, preflight: checkTarget(services, { ...to, truncate: request.truncate }, server, table) }
  })
  const plainTable = from.table?.kind === 'table'
  const outSql = transferOutSql(request, plainTable)
  const inSql = transferInSql(request)
  const before = request.truncate ? [truncateSql(to.schema, to.name, target.table.kind === 'partitioned table')] : []
  const wanted = to.columns ?? target.table.columns.filter((column) => !column.generated).map((column) => column.name)
  const unknown = wanted.filter((name) => !target.table.columns.some((column) => column.name === name && !column.generated))
  const preflight = [...target.preflight]
  if (unknown.length > 0) {
    preflight.push(row('columns', 'blocker', 'Columns', `${to.schema}.${to.name} takes no values for ${unknown.join(', ')}.`))
  } else if (wanted.length !== from.columns.length) {
    const counts = `The source has ${from.columns.length} columns (${from.columns.join(', ')}), the target takes ${wanted.length} (${wanted.join(', ')}).`
    preflight.push(row('columns', 'blocker', 'Columns', `${counts} Choose columns that belong together.`))
  } else {
    preflight.push(row('columns', 'pass', 'Columns', wanted.map((name, index) => `${from.columns[index]} → ${name}`).join(', ')))
  }
  const same = request.connectionId === to.connectionId && request.database === to.database
  if (same && source.kind === 'table' && source.schema === to.schema && source.name === to.name) {
    preflight.push(
      row('same', 'blocker', 'Source and target', 'They are the same table: its rows would be copied onto themselves.'),
    )
  }
  return finish({
    kind: 'transfer' as const,
    request,
    outSql,
    inSql,
    before,
    sourceRows: from.table?.estimatedRows ?? null,
    server: target.server,
    serverLabel: target.serverLabel,
    preflight,
    blocked: '',
    shown: [
      sql(`SQL on ${from.serverLabel}`, ['BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY', outSql, 'COMMIT']),
      sql(`SQL on ${target.serverLabel}`, ['BEGIN', ...before, inSql, 'COMMIT']),
    ],
    writes: [
      { label: 'Table', value: `${to.schema}.${to.name} on ${target.serverLabel}` },
      { label: 'Rows that are there', value: request.truncate ? 'Removed by TRUNCATE' : 'Kept: the others are added' },
    ],
    title: `Copy into ${to.schema}.${to.name}`,
  })
}

/** Throws AppError preflight naming each blocker. */
export function refuseBlocked(plan: CopyPlan): void {
  const blockers = plan.preflight.filter((each) => each.result === 'blocker')
  if (blockers.length === 0) return
  throw new AppError('preflight', `The copy was not started. ${plan.blocked}.`, {
    hint: blockers.map((each) => `${each.check}: ${each.found}`).join('\n'),
    details: { blockers: blockers.map((each) => each.id) },
  })
}
