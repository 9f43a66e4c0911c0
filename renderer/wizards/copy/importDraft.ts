// The draft of an import: what the person changed, and how that, the file and the table become a request.
import { z } from 'zod'
import { type CopyFormat, copyFormat, type ImportRequest, importRequest, type NewColumn } from '../../../shared/contracts/copy'
import { optionValues } from '../../../shared/contracts/dump'
import { newColumnTypes } from '../../../shared/model/columnTypes'
import { changesFrom, effectiveValues, type PlainValues } from '../../wizard/optionState'
import { type PlaceKind, placeKinds } from './exportDraft'
import { guessMapping, isWhole, type Mapping, mappingProblem, type TargetColumn } from './mapping'
import { isAbsolutePath } from './paths'

export const importSteps = ['file', 'target', 'options', 'review'] as const
export type ImportStep = (typeof importSteps)[number]

const madeColumn = z.object({ name: z.string().max(4096), type: z.enum(newColumnTypes), take: z.boolean() })
export type MadeColumn = z.infer<typeof madeColumn>

/** null means "not changed": what the file says of itself counts. Holds no secret. */
export const importDraft = z.object({
  step: z.enum(importSteps),
  place: z.enum(placeKinds),
  path: z.string().max(4096),
  serverPath: z.string().max(4096),
  command: z.string().max(20_000),
  format: copyFormat.nullable(),
  changes: optionValues,
  database: z.string().max(4096),
  target: z.enum(['existing', 'create']),
  schema: z.string().max(4096),
  name: z.string().max(4096),
  newSchema: z.string().max(4096),
  newName: z.string().max(4096).nullable(),
  made: z.array(madeColumn).nullable(),
  mapping: z.array(z.string().nullable()).nullable(),
  where: z.string().max(100_000),
  truncate: z.boolean(),
  skipBadRows: z.boolean(),
  maxBadRows: z.string().max(12),
})
export type ImportDraft = z.infer<typeof importDraft>

export const emptyImportDraft: ImportDraft = {
  step: 'file',
  place: 'client',
  path: '',
  serverPath: '',
  command: '',
  format: null,
  changes: {},
  database: '',
  target: 'existing',
  schema: '',
  name: '',
  newSchema: 'public',
  newName: null,
  made: null,
  mapping: null,
  where: '',
  truncate: false,
  skipBadRows: false,
  maxBadRows: '',
}

/** What is known of the file and the table at the moment; undefined while it is not. */
export interface ImportBase {
  detected?: { format: CopyFormat; options: PlainValues; suggestedTable: string } | undefined
  sample?: { columns: readonly NewColumn[] } | undefined
  table?: { columns: readonly TargetColumn[] } | undefined
}

export function importFormat(draft: ImportDraft, { detected }: ImportBase): CopyFormat {
  if (draft.format !== null) return draft.format
  return draft.place === 'client' ? (detected?.format ?? 'csv') : 'csv'
}

/** What the file says of itself, as long as it is read in the format that it says it has. */
export function importDefaults(draft: ImportDraft, base: ImportBase): PlainValues {
  if (draft.place !== 'client' || base.detected === undefined) return {}
  return importFormat(draft, base) === base.detected.format ? base.detected.options : {}
}

export function importOptions(draft: ImportDraft, base: ImportBase): PlainValues {
  return effectiveValues(importDefaults(draft, base), draft.changes)
}

/** Another file: how the last one was read, and where its columns went, means nothing for it. */
export function chooseFile(draft: ImportDraft, path: string): ImportDraft {
  if (draft.path === path) return draft
  return { ...draft, path, format: null, changes: {}, made: null, mapping: null, newName: null }
}

export function chooseTarget(draft: ImportDraft, database: string, schema: string, name: string): ImportDraft {
  if (draft.database === database && draft.schema === schema && draft.name === name) return draft
  return { ...draft, database, schema, name, mapping: null, truncate: false, where: '' }
}

/** Only these files are taken apart on this machine, so that their columns can be told apart before. */
export function isSplit(draft: ImportDraft, base: ImportBase): boolean {
  return draft.place === 'client' && importFormat(draft, base) !== 'binary'
}

export function newTableName(draft: ImportDraft, { detected }: ImportBase): string {
  return draft.newName ?? detected?.suggestedTable ?? ''
}

export function madeColumns(draft: ImportDraft, { sample }: ImportBase): MadeColumn[] {
  const found = sample?.columns ?? []
  // A draft about another number of columns is about another reading of the file.
  if (draft.made !== null && draft.made.length === found.length) return draft.made
  return found.map(({ name, type }) => ({ name, type, take: true }))
}

export function mappingOf(draft: ImportDraft, base: ImportBase): Mapping {
  const columns = base.sample?.columns ?? []
  if (draft.mapping !== null && draft.mapping.length === columns.length) return draft.mapping
  const named = importOptions(draft, base).header !== undefined
  return guessMapping(
    columns.map(({ name }) => name),
    base.table?.columns ?? [],
    named,
  )
}

function madeProblem(columns: readonly MadeColumn[]): string {
  const names = columns.filter(({ take }) => take).map(({ name }) => name)
  if (names.length === 0) return 'Take at least one column of the file'
  if (names.some((name) => name.trim() === '')) return 'Give every column a name'
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? '' : `Two columns are called ${twice}: rename one of them`
}

function fileProblem(draft: ImportDraft): string {
  if (draft.place === 'server-program') return draft.command.trim() === '' ? 'Type the program to run on the server' : ''
  const path = draft.place === 'client' ? draft.path : draft.serverPath
  if (path.trim() === '') return 'Choose a file first'
  return isAbsolutePath(path) ? '' : 'The file needs an absolute path'
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function importStepProblem(draft: ImportDraft, base: ImportBase, step: ImportStep): string {
  if (step === 'file') {
    const problem = fileProblem(draft)
    if (problem !== '' || draft.place !== 'client') return problem
    if (base.detected === undefined) return 'Reading the file…'
    return isSplit(draft, base) && base.sample === undefined ? 'Reading the first rows…' : ''
  }
  if (step === 'target') {
    if (draft.database === '') return 'Choose a database first'
    if (draft.target === 'create') {
      if (!isSplit(draft, base)) return 'A table can be made only from a text or CSV file of this machine'
      if (newTableName(draft, base).trim() === '') return 'Give the new table a name'
      return madeProblem(madeColumns(draft, base))
    }
    if (draft.name === '') return 'Choose a table first'
    if (base.table === undefined) return 'Reading the table…'
    return isSplit(draft, base) ? mappingProblem(mappingOf(draft, base), base.table.columns) : ''
  }
  if (step === 'options' && draft.skipBadRows && draft.maxBadRows !== '') {
    return /^[1-9]\d{0,8}$/.test(draft.maxBadRows) ? '' : 'The most bad rows to skip is a whole number from 1 to 999,999,999'
  }
  return ''
}

/** undefined while the draft is not complete enough to be asked about. */
export function importRequestOf(draft: ImportDraft, base: ImportBase, connectionId: string): ImportRequest | undefined {
  if ((['file', 'target', 'options'] as const).some((step) => importStepProblem(draft, base, step) !== '')) return undefined
  const made = draft.target === 'create' ? madeColumns(draft, base) : null
  const mapping = mappingOf(draft, base)
  const whole = !isSplit(draft, base) || (made === null && isWhole(mapping, base.table?.columns ?? []))
  return {
    kind: 'import',
    connectionId,
    database: draft.database,
    target:
      made === null
        ? { schema: draft.schema, name: draft.name, create: null }
        : {
            schema: draft.newSchema,
            name: newTableName(draft, base),
            create: made.filter(({ take }) => take).map(({ name, type }) => ({ name, type })),
          },
    place:
      draft.place === 'client'
        ? { kind: 'client', path: draft.path }
        : draft.place === 'server-file'
          ? { kind: 'server-file', path: draft.serverPath }
          : { kind: 'server-program', command: draft.command },
    format: importFormat(draft, base),
    options: importOptions(draft, base),
    mapping: made !== null ? made.map(({ name, take }) => (take ? name : null)) : whole ? null : mapping,
    where: draft.where.trim(),
    truncate: made === null && draft.truncate,
    skipBadRows: draft.place === 'client' && draft.skipBadRows,
    maxBadRows: draft.skipBadRows && draft.maxBadRows !== '' ? Number(draft.maxBadRows) : null,
  }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. `base` is the file as it is now. */
export function draftOfImportJob(input: unknown, base: ImportBase): { connectionId: string; draft: ImportDraft } | undefined {
  const parsed = importRequest.safeParse(input)
  if (!parsed.success) return undefined
  const { connectionId, database, target, place, format, options, mapping, where, truncate, skipBadRows, maxBadRows } =
    parsed.data
  const kind: PlaceKind = place.kind
  const draft: ImportDraft = {
    ...emptyImportDraft,
    step: 'review',
    place: kind,
    path: place.kind === 'client' ? place.path : '',
    serverPath: place.kind === 'server-file' ? place.path : '',
    command: place.kind === 'server-program' ? place.command : '',
    format,
    database,
    mapping,
    where,
    truncate,
    skipBadRows,
    maxBadRows: maxBadRows === null ? '' : String(maxBadRows),
    ...(target.create === null
      ? { target: 'existing', schema: target.schema, name: target.name }
      : {
          target: 'create',
          newSchema: target.schema,
          newName: target.name,
          mapping: null,
          made: madeOf(target.create, mapping),
        }),
  }
  return { connectionId, draft: { ...draft, changes: changesFrom(importDefaults(draft, base), options) } }
}

/** Columns of the file that the table was made without come back unticked, under names of their own. */
function madeOf(create: readonly NewColumn[], mapping: Mapping | null): MadeColumn[] {
  if (mapping === null) return create.map((column) => ({ ...column, take: true }))
  return mapping.map((name, index) => {
    const column = create.find((one) => one.name === name)
    return column === undefined ? { name: `column${index + 1}`, type: 'text', take: false } : { ...column, take: true }
  })
}
