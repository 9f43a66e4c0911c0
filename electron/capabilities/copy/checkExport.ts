// The checks before an export, as rows with what was found and how to put it right.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { type Client, DatabaseError } from 'pg'
import { z } from 'zod'
import type { ExportRequest } from '../../../shared/contracts/copy'
import { formatBytes } from '../../../shared/model/byteCount'
import type { PreflightRow } from '../../../shared/model/preflight'
import { freeBytes, writeProblem } from '../../library/freeSpace'
import { zstdProblem } from '../../process/zstd'
import { goTo, row } from './preflightRow'
import { type CopyServer, serverTexts, type TableFacts } from './readFacts'

export async function checkExport(
  client: Client,
  request: ExportRequest,
  server: CopyServer,
  table: TableFacts | null,
  columns: readonly string[],
): Promise<PreflightRow[]> {
  return [
    ...checkSource(request, table),
    ...checkForced(request, columns),
    ...(request.place.kind === 'client'
      ? await checkClientPlace(request.place, table)
      : await checkServerPlace(client, request.place, server)),
  ]
}

function checkSource(request: ExportRequest, table: TableFacts | null): PreflightRow[] {
  if (request.source.kind === 'query' || !table) {
    return [row('source', 'pass', 'Query', 'The server has parsed it; it runs in a read-only transaction.')]
  }
  const name = `${request.source.schema}.${request.source.name}`
  if (!table.canSelect) {
    return [row('source', 'blocker', 'Privileges', `The role may not read ${name}. Its owner can GRANT SELECT on it.`)]
  }
  const rows = [row('source', 'pass', 'Source', `${name} is a ${table.kind} that the role may read.`)]
  if (table.hasChildren) {
    rows.push(
      row(
        'children',
        'warning',
        'Inherited rows',
        `Tables inherit from ${name}: their rows are not part of this export. Export a query to have them.`,
      ),
    )
  }
  if (table.rowSecurity) {
    rows.push(row('rls', 'warning', 'Row security', `Only the rows that policies show to the role are exported.`))
  }
  const generated = table.columns.filter((column) => column.generated)
  if (table.kind === 'table' && request.source.columns === null && generated.length > 0) {
    rows.push(
      row(
        'generated',
        'warning',
        'Generated columns',
        `${generated.map((column) => column.name).join(', ')}: left out, as COPY does. Export a query to have them.`,
      ),
    )
  }
  const chosen =
    request.source.columns?.filter((column) => table.kind === 'table' && generated.some(({ name: other }) => other === column)) ??
    []
  if (chosen.length > 0) {
    rows.push(
      row(
        'columns',
        'blocker',
        'Columns',
        `COPY of a table can’t write generated columns: ${chosen.join(', ')}. Export a query instead.`,
        [goTo('Change the columns', 'source')],
      ),
    )
  }
  return rows
}

/** The server refuses names that are not among the columns of the copy. */
function checkForced({ options }: ExportRequest, columns: readonly string[]): PreflightRow[] {
  const forced = Array.isArray(options.forceQuote) ? options.forceQuote : []
  const unknown = forced.filter((column) => !columns.includes(column))
  if (unknown.length === 0) return []
  return [row('forced', 'blocker', 'FORCE_QUOTE', `Not among the columns of this export: ${unknown.join(', ')}.`)]
}

async function checkClientPlace(
  place: Extract<ExportRequest['place'], { kind: 'client' }>,
  table: TableFacts | null,
): Promise<PreflightRow[]> {
  if (!path.isAbsolute(place.path) || place.path.includes('\0') || place.path.endsWith(path.sep)) {
    return [
      row('file', 'blocker', 'File', 'Give the whole path of a file, from the root on.', [
        goTo('Change the file', 'destination'),
      ]),
    ]
  }
  if (place.compression === 'zstd' && zstdProblem !== '') return [row('compression', 'blocker', 'Compression', zstdProblem)]
  const folder = path.dirname(place.path)
  if (!existsSync(folder)) {
    return [row('file', 'blocker', 'File', `The folder ${folder} does not exist.`, [goTo('Change the file', 'destination')])]
  }
  const problem = await writeProblem(folder)
  if (problem !== '')
    return [row('file', 'blocker', 'File', `Nothing can be written there: ${problem}.`, [goTo('Change the file', 'destination')])]
  const rows: PreflightRow[] = []
  if (!existsSync(place.path)) rows.push(row('file', 'pass', 'File', `${place.path} does not exist yet.`))
  else if (place.overwrite)
    rows.push(row('file', 'warning', 'File', `${place.path} exists. It is kept under a dated name when the new one is whole.`))
  else
    rows.push(
      row('file', 'blocker', 'File', `${place.path} exists already.`, [
        { label: 'Keep it under a dated name', action: { kind: 'set-option', key: 'overwrite', value: true } },
      ]),
    )
  const free = await freeBytes(folder)
  const size = table?.size === null || table?.size === undefined ? null : BigInt(table.size)
  if (free !== null && size !== null) {
    const found = `${formatBytes(free)} are free, the table holds ${formatBytes(size)}.`
    rows.push(row('space', free < size ? 'warning' : 'pass', 'Disk space', found))
  }
  return rows
}

async function checkServerPlace(
  client: Client,
  place: Exclude<ExportRequest['place'], { kind: 'client' }>,
  server: CopyServer,
): Promise<PreflightRow[]> {
  const texts = serverTexts(server)
  if (place.kind === 'server-program') return [programRow(server, place.command)]
  const rows = [row('server', server.writeFiles ? 'pass' : 'blocker', 'Role on the server', texts.writeText)]
  if (!isServerPath(place.path))
    return [...rows, row('file', 'blocker', 'File on the server', 'COPY writes to absolute paths only.')]
  if (!server.writeFiles) return rows
  const found = await serverFile(client, place.path, server)
  const lasting = 'The server writes the file in place: an export that does not end leaves it empty.'
  if (found === 'there' && !place.overwrite) {
    rows.push(
      row('file', 'blocker', 'File on the server', `${place.path} exists there already, and COPY would replace it.`, [
        { label: 'Replace it', action: { kind: 'set-option', key: 'overwrite', value: true } },
      ]),
    )
  } else if (found === 'there')
    rows.push(row('file', 'warning', 'File on the server', `${place.path} exists there and is replaced. ${lasting}`))
  else if (found === 'absent')
    rows.push(row('file', 'warning', 'File on the server', `${place.path} does not exist yet. ${lasting}`))
  else
    rows.push(
      row(
        'file',
        'warning',
        'File on the server',
        `Whether ${place.path} exists can’t be seen by this role; COPY replaces what is there. ${lasting}`,
      ),
    )
  return rows
}

export function programRow(server: CopyServer, command: string): PreflightRow {
  if (command.includes('\0')) return row('server', 'blocker', 'Program', 'The command holds a NUL byte.')
  return row('server', server.runPrograms ? 'pass' : 'blocker', 'Role on the server', serverTexts(server).programText)
}

export function isServerPath(file: string): boolean {
  return !file.includes('\0') && (path.posix.isAbsolute(file) || path.win32.isAbsolute(file))
}

const statRow = z.object({ there: z.boolean() })

export async function serverFile(client: Client, file: string, server: CopyServer): Promise<'there' | 'absent' | 'unknown'> {
  if (!server.mayStat) return 'unknown'
  try {
    const { rows } = await client.query('SELECT (pg_catalog.pg_stat_file($1, true)).size IS NOT NULL AS there', [file])
    return statRow.parse(rows[0]).there ? 'there' : 'absent'
  } catch (error) {
    if (error instanceof DatabaseError) return 'unknown'
    throw error
  }
}
