// The draft of an export: what the person changed, and how that and what the server says become a request.
import { z } from 'zod'
import { type CopyFormat, type CopySource, copyFormat, type ExportRequest, exportRequest } from '../../../shared/contracts/copy'
import { optionValues } from '../../../shared/contracts/dump'
import { changesFrom, effectiveValues, type PlainValues } from '../../wizard/optionState'
import { compressionOf, isAbsolutePath, joinPath, suggestedName } from './paths'

export const exportSteps = ['what', 'file', 'options', 'review'] as const
export type ExportStep = (typeof exportSteps)[number]

export const placeKinds = ['client', 'server-file', 'server-program'] as const
export type PlaceKind = (typeof placeKinds)[number]

/** Holds no secret: a program's text on the server is part of the statement, which every log of the server may show. */
export const exportDraft = z.object({
  step: z.enum(exportSteps),
  database: z.string().max(4096),
  source: z.enum(['table', 'query']),
  schema: z.string().max(4096),
  name: z.string().max(4096),
  /** null: all of them. */
  columns: z.array(z.string()).nullable(),
  sql: z.string().max(1_000_000),
  place: z.enum(placeKinds),
  format: copyFormat,
  /** null: the suggested one. */
  path: z.string().max(4096).nullable(),
  serverPath: z.string().max(4096),
  command: z.string().max(20_000),
  overwrite: z.boolean(),
  /** Changes to the defaults of the format. */
  changes: optionValues,
})
export type ExportDraft = z.infer<typeof exportDraft>

export const emptyExportDraft: ExportDraft = {
  step: 'what',
  database: '',
  source: 'table',
  schema: '',
  name: '',
  columns: null,
  sql: '',
  place: 'client',
  format: 'csv',
  path: null,
  serverPath: '',
  command: '',
  overwrite: false,
  changes: {},
}

/** What copy.prepare says, as far as a draft needs it. */
export interface ExportBase {
  suggestedFolder: string
  zstd: { available: boolean; reason: string }
}

/** A header line costs nothing and says what is in the file; the text format only learned it with PostgreSQL 15. */
export function exportDefaults(format: CopyFormat): PlainValues {
  return format === 'csv' ? { header: 'true' } : {}
}

export function exportOptions(draft: Pick<ExportDraft, 'format' | 'changes'>): PlainValues {
  return effectiveValues(exportDefaults(draft.format), draft.changes)
}

/** Another format has other options: what was changed for one means nothing in the other. */
export function chooseFormat(draft: ExportDraft, format: CopyFormat): ExportDraft {
  const { encoding } = draft.changes
  return { ...draft, format, changes: encoding === undefined ? {} : { encoding } }
}

/** Choosing another table starts its choices afresh. */
export function chooseSource(draft: ExportDraft, database: string, schema: string, name: string): ExportDraft {
  if (draft.database === database && draft.schema === schema && draft.name === name) return draft
  const changes = { ...draft.changes }
  delete changes.forceQuote
  return { ...draft, database, schema, name, columns: null, path: null, overwrite: false, changes }
}

export function exportPath(draft: ExportDraft, base: ExportBase | undefined, lastFolder: string): string {
  if (draft.path !== null) return draft.path
  const folder = lastFolder || base?.suggestedFolder || ''
  const table = draft.source === 'table' ? { schema: draft.schema, name: draft.name } : null
  return folder === '' ? '' : joinPath(folder, suggestedName(table, draft.format))
}

function pathProblem(path: string, base: ExportBase | undefined): string {
  if (path.trim() === '') return 'Give the file a name'
  if (!isAbsolutePath(path)) return 'The file needs an absolute path'
  if (/[\\/]$/.test(path)) return 'The path ends in a folder: add the name of the file'
  if (compressionOf(path) === 'zstd' && base?.zstd.available === false)
    return `${base.zstd.reason || 'zstd is not available here.'} Name the file .gz for gzip`
  return ''
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function exportStepProblem(
  draft: ExportDraft,
  base: ExportBase | undefined,
  lastFolder: string,
  step: ExportStep,
): string {
  if (step === 'what') {
    if (draft.database === '') return 'Choose a database first'
    if (draft.source === 'query') return draft.sql.trim() === '' ? 'Type a query first' : ''
    if (draft.name === '') return 'Choose a table first'
    return draft.columns?.length === 0 ? 'Tick at least one column' : ''
  }
  if (step !== 'file') return ''
  if (draft.place === 'server-program') return draft.command.trim() === '' ? 'Type the program to run on the server' : ''
  if (draft.place === 'server-file') {
    if (draft.serverPath.trim() === '') return 'Type the path of the file on the server'
    return isAbsolutePath(draft.serverPath) ? '' : 'The server takes absolute paths only'
  }
  if (base === undefined) return 'Waiting for the server'
  return pathProblem(exportPath(draft, base, lastFolder), base)
}

export function sourceOf(draft: Pick<ExportDraft, 'source' | 'schema' | 'name' | 'columns' | 'sql'>): CopySource | undefined {
  if (draft.source === 'query') return draft.sql.trim() === '' ? undefined : { kind: 'query', sql: draft.sql }
  if (draft.name === '' || draft.columns?.length === 0) return undefined
  return { kind: 'table', schema: draft.schema, name: draft.name, columns: draft.columns }
}

/** undefined while the draft is not complete enough to be asked about. */
export function exportRequestOf(
  draft: ExportDraft,
  base: ExportBase | undefined,
  lastFolder: string,
  connectionId: string,
): ExportRequest | undefined {
  const source = sourceOf(draft)
  const open = (['what', 'file'] as const).some((step) => exportStepProblem(draft, base, lastFolder, step) !== '')
  if (source === undefined || open) return undefined
  const path = exportPath(draft, base, lastFolder)
  const place: ExportRequest['place'] =
    draft.place === 'client'
      ? { kind: 'client', path, compression: compressionOf(path), overwrite: draft.overwrite }
      : draft.place === 'server-file'
        ? { kind: 'server-file', path: draft.serverPath, overwrite: draft.overwrite }
        : { kind: 'server-program', command: draft.command }
  const { database, format } = draft
  return { kind: 'export', connectionId, database, source, place, format, options: exportOptions(draft) }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfExportJob(input: unknown): { connectionId: string; draft: ExportDraft } | undefined {
  const parsed = exportRequest.safeParse(input)
  if (!parsed.success) return undefined
  const { connectionId, database, source, place, format, options } = parsed.data
  return {
    connectionId,
    draft: {
      ...emptyExportDraft,
      step: 'review',
      database,
      format,
      ...(source.kind === 'table'
        ? { source: 'table', schema: source.schema, name: source.name, columns: source.columns }
        : { source: 'query', sql: source.sql }),
      place: place.kind,
      path: place.kind === 'client' ? place.path : null,
      serverPath: place.kind === 'server-file' ? place.path : '',
      command: place.kind === 'server-program' ? place.command : '',
      // To replace a file is decided anew each time.
      overwrite: false,
      changes: changesFrom(exportDefaults(format), options),
    },
  }
}
