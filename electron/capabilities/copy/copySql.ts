// The SQL of a copy, made in one place for the preview, the run and the tests.
import type { CopySource, ExportRequest, ImportRequest, NewColumn, TransferRequest } from '../../../shared/contracts/copy'
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../../shared/model/identifier'
import { type CopyDirection, copyOptionsSql } from '../../../shared/tools/copyCommand'
import type { OptionValues } from '../../../shared/tools/defineTool'

export function optionsOf(request: Pick<ExportRequest, 'format' | 'options'>, direction: CopyDirection): OptionValues {
  return { ...request.options, direction, format: request.format }
}

const list = (columns: readonly string[]) => columns.map(quoteIdentifier).join(', ')

/** COPY takes plain tables by name; views, partitioned and foreign tables only as a query. */
export function sourceSql(source: CopySource, plainTable: boolean): string {
  if (source.kind === 'query') return `(\n${withoutEnd(source.sql)}\n)`
  const relation = qualifiedName(source.schema, source.name)
  if (plainTable) return source.columns === null ? relation : `${relation} (${list(source.columns)})`
  return `(SELECT ${source.columns === null ? '*' : list(source.columns)} FROM ${relation})`
}

/** A semicolon at the end is no part of the query. Comments behind it are left: the server then says so. */
export function withoutEnd(sql: string): string {
  return sql.replace(/[;\s]+$/, '')
}

export function exportSql(request: ExportRequest, plainTable: boolean): string {
  return `COPY ${sourceSql(request.source, plainTable)} TO ${placeSql(request.place, 'STDOUT')} WITH ${copyOptionsSql(optionsOf(request, 'to'))}`
}

export function sampleSql(source: CopySource, limit: number, options: OptionValues): string {
  const from =
    source.kind === 'query'
      ? `SELECT * FROM (\n${withoutEnd(source.sql)}\n) AS "rows" LIMIT ${limit}`
      : `SELECT ${source.columns === null ? '*' : list(source.columns)} FROM ${qualifiedName(source.schema, source.name)} LIMIT ${limit}`
  return `COPY (${from}) TO STDOUT WITH ${copyOptionsSql(options)}`
}

/** `columns`: of the table, in the order of what is sent; null for all. `options` may differ from the request's. */
export function importSql(request: ImportRequest, columns: readonly string[] | null, options: OptionValues): string {
  const { schema, name } = request.target
  const into = `${qualifiedName(schema, name)}${columns === null ? '' : ` (${list(columns)})`}`
  const where = request.where.trim() === '' ? '' : ` WHERE (${request.where.trim()}\n)`
  return `COPY ${into} FROM ${placeSql(request.place, 'STDIN')} WITH ${copyOptionsSql(options)}${where}`
}

function placeSql(place: ExportRequest['place'] | ImportRequest['place'], client: string): string {
  if (place.kind === 'client') return client
  if (place.kind === 'server-file') return quoteLiteral(place.path).trim()
  return `PROGRAM ${quoteLiteral(place.command).trim()}`
}

const textFormat = copyOptionsSql({ format: 'text' })

export function transferOutSql(request: TransferRequest, plainTable: boolean): string {
  return `COPY ${sourceSql(request.source, plainTable)} TO STDOUT WITH ${textFormat}`
}

export function transferInSql({ to }: TransferRequest): string {
  const columns = to.columns === null ? '' : ` (${list(to.columns)})`
  return `COPY ${qualifiedName(to.schema, to.name)}${columns} FROM STDIN WITH ${textFormat}`
}

export function createTableSql(schema: string, name: string, columns: readonly NewColumn[]): string {
  const lines = columns.map((column) => `  ${quoteIdentifier(column.name)} ${column.type}`)
  return `CREATE TABLE ${qualifiedName(schema, name)} (\n${lines.join(',\n')}\n)`
}

/** ONLY: tables that inherit from it keep their rows; a partitioned table has none but its partitions'. */
export function truncateSql(schema: string, name: string, partitioned: boolean): string {
  return `TRUNCATE TABLE ${partitioned ? '' : 'ONLY '}${qualifiedName(schema, name)}`
}
