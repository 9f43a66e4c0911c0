// The draft of a database dump: what the person changed, and how that and the server's defaults become a request.
import { z } from 'zod'
import type { DumpRequest } from '../../../shared/contracts/dump'
import { dumpRequest, optionValues } from '../../../shared/contracts/dump'
import type { DumpFormat } from '../../../shared/model/backupRecord'
import { dumpFormats } from '../../../shared/model/backupRecord'
import { changesFrom, effectiveValues, type PlainValues } from '../../wizard/optionState'

export const dumpSteps = ['database', 'objects', 'options', 'review'] as const
export type DumpStep = (typeof dumpSteps)[number]

/** null means "not changed": the default of the server at hand counts, also when that default changes. Holds no secret. */
export const dumpDraft = z.object({
  step: z.enum(dumpSteps),
  database: z.string().max(4096),
  format: z.enum(dumpFormats).nullable(),
  /** Changes to the defaults of the format. */
  changes: optionValues,
  globals: z.boolean(),
  library: z.string().max(4096).nullable(),
  label: z.string().max(200).nullable(),
})

export type DumpDraft = z.infer<typeof dumpDraft>

export const emptyDumpDraft: DumpDraft = {
  step: 'database',
  database: '',
  format: null,
  changes: {},
  globals: true,
  library: null,
  label: null,
}

/** What api.dump.prepare says, as far as a draft needs it. */
export interface DumpBase {
  defaults: { format: DumpFormat; options: PlainValues }
  libraries: readonly { path: string }[]
  suggestedLabel: string
}

export function formatOf(draft: DumpDraft, base: DumpBase): DumpFormat {
  return draft.format ?? base.defaults.format
}

/**
 * The defaults that make sense for the chosen format: only the directory format is written by several jobs, and the tar
 * format can't be compressed by pg_dump.
 */
export function defaultsFor(format: DumpFormat, base: DumpBase): PlainValues {
  const options = { ...base.defaults.options }
  if (format !== 'directory') delete options.jobs
  if (format === 'tar' || format === 'plain') delete options.compress
  return options
}

export function dumpOptions(draft: DumpDraft, base: DumpBase): PlainValues {
  return effectiveValues(defaultsFor(formatOf(draft, base), base), draft.changes)
}

export function libraryOf(draft: DumpDraft, base: DumpBase): string {
  return draft.library ?? base.libraries[0]?.path ?? ''
}

export function labelOf(draft: DumpDraft, base: DumpBase): string {
  return draft.label ?? base.suggestedLabel
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function dumpStepProblem(draft: DumpDraft, base: DumpBase | undefined, step: DumpStep): string {
  if (draft.database === '') return 'Choose a database first'
  if (step === 'database') return ''
  if (base === undefined) return 'Waiting for the server'
  if (step !== 'options') return ''
  const library = libraryOf(draft, base)
  if (library === '') return 'Choose the folder to keep the dump in'
  if (!isAbsolutePath(library)) return 'The folder needs an absolute path'
  return ''
}

export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path) || path.startsWith('\\\\')
}

/** The first step before `wanted` that can't be left yet, else `wanted`. */
export function reachableDumpStep(draft: DumpDraft, base: DumpBase | undefined, wanted: DumpStep): DumpStep {
  for (const step of dumpSteps.slice(0, dumpSteps.indexOf(wanted))) {
    if (dumpStepProblem(draft, base, step) !== '') return step
  }
  return wanted
}

/** undefined while the draft is not complete enough to be asked about. */
export function requestOf(draft: DumpDraft, base: DumpBase | undefined, connectionId: string): DumpRequest | undefined {
  if (base === undefined || dumpStepProblem(draft, base, 'options') !== '') return undefined
  return {
    connectionId,
    database: draft.database,
    format: formatOf(draft, base),
    options: dumpOptions(draft, base),
    globals: draft.globals,
    library: libraryOf(draft, base),
    label: labelOf(draft, base).trim(),
  }
}

/** Choosing another database starts its choices afresh: exclusions of one database mean nothing in another. */
export function chooseDatabase(draft: DumpDraft, database: string): DumpDraft {
  if (draft.database === database) return draft
  return { ...emptyDumpDraft, database, globals: draft.globals, library: draft.library, format: draft.format }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfDumpJob(input: unknown, base: DumpBase): DumpDraft | undefined {
  const parsed = dumpRequest.safeParse(input)
  if (!parsed.success) return undefined
  const { database, format, options, globals, library, label } = parsed.data
  const changes = changesFrom(defaultsFor(format, base), options)
  return { step: 'review', database, format, changes, globals, library, label }
}
