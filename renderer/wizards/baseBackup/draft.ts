// The draft of a base backup: what the person changed, and how that and the server's defaults become a request.
import { z } from 'zod'
import { type BaseBackupRequest, baseBackupFormats, baseBackupRequest } from '../../../shared/contracts/baseBackup'
import { optionValues } from '../../../shared/contracts/dump'
import { changesFrom, effectiveValues, isSet, type PlainValues } from '../../wizard/optionState'
import { isAbsolutePath } from '../dump/draft'

export const baseSteps = ['source', 'options', 'review'] as const
export type BaseStep = (typeof baseSteps)[number]
export type BaseFormat = (typeof baseBackupFormats)[number]

/** null means "not changed": the default of the server at hand counts, also when that default changes. Holds no secret. */
export const baseDraft = z.object({
  step: z.enum(baseSteps),
  incremental: z.boolean(),
  /** The backup's folder; null for the newest one that can be built on. Kept while a full backup is chosen. */
  parent: z.string().max(4096).nullable(),
  format: z.enum(baseBackupFormats).nullable(),
  /** Changes to the defaults of the format. */
  changes: optionValues,
  configuration: z.boolean(),
  verify: z.boolean(),
  keepSlot: z.boolean(),
  library: z.string().max(4096).nullable(),
  label: z.string().max(200),
})

export type BaseDraft = z.infer<typeof baseDraft>

export const emptyBaseDraft: BaseDraft = {
  step: 'source',
  incremental: false,
  parent: null,
  format: null,
  changes: {},
  configuration: true,
  verify: true,
  keepSlot: false,
  library: null,
  label: '',
}

/** What api.baseBackup.prepare says, as far as a draft needs it. */
export interface BaseBase {
  serverVersion: number
  defaults: { format: BaseFormat; options: PlainValues; tarCompression: string }
  libraries: readonly { path: string }[]
  parents: readonly { path: string; problem: string }[]
}

export function formatOf(draft: BaseDraft, base: BaseBase): BaseFormat {
  return draft.format ?? base.defaults.format
}

/** Only tars are compressed where they lie. */
export function defaultsFor(format: BaseFormat, base: BaseBase): PlainValues {
  const { options, tarCompression } = base.defaults
  return format === 'tar' && tarCompression !== '' ? { ...options, compress: tarCompression } : { ...options }
}

export function baseOptions(draft: BaseDraft, base: BaseBase): PlainValues {
  return effectiveValues(defaultsFor(formatOf(draft, base), base), draft.changes)
}

export function libraryOf(draft: BaseDraft, base: BaseBase): string {
  return draft.library ?? base.libraries[0]?.path ?? ''
}

/** The chosen one, else the newest that something can build on; null for a full backup. */
export function parentOf(draft: BaseDraft, base: BaseBase): string | null {
  if (!draft.incremental) return null
  return draft.parent ?? base.parents.find(({ problem }) => problem === '')?.path ?? null
}

/** Why no incremental backup can be chosen, in words; '' when one can. */
export function incrementalProblem(base: BaseBase): string {
  if (base.serverVersion < 170000) return 'Came with PostgreSQL 17.'
  return base.parents.length === 0
    ? 'There is no base backup of this cluster in the libraries to build on: take a full one first.'
    : ''
}

export function targetOf(options: PlainValues): string | null {
  return isSet(options.target) ? String(options.target) : null
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function baseStepProblem(draft: BaseDraft, base: BaseBase | undefined, step: BaseStep): string {
  if (base === undefined) return 'Waiting for the server'
  if (draft.incremental) {
    const none = incrementalProblem(base)
    if (none !== '') return none
    const parent = parentOf(draft, base)
    const found = base.parents.find(({ path }) => path === parent)
    if (parent === null || !found) return 'Choose the backup to build on'
    if (found.problem !== '') return found.problem
  }
  if (step !== 'options') return ''
  const library = libraryOf(draft, base)
  if (library === '') return 'Choose the folder to keep the backup in'
  return isAbsolutePath(library) ? '' : 'The folder needs an absolute path'
}

/** The first step before `wanted` that can't be left yet, else `wanted`. */
export function reachableBaseStep(draft: BaseDraft, base: BaseBase | undefined, wanted: BaseStep): BaseStep {
  for (const step of baseSteps.slice(0, baseSteps.indexOf(wanted))) {
    if (baseStepProblem(draft, base, step) !== '') return step
  }
  return wanted
}

/** undefined while the draft is not complete enough to be asked about. */
export function baseRequestOf(draft: BaseDraft, base: BaseBase | undefined, connectionId: string): BaseBackupRequest | undefined {
  if (base === undefined || baseStepProblem(draft, base, 'options') !== '') return undefined
  return {
    connectionId,
    format: formatOf(draft, base),
    options: baseOptions(draft, base),
    parent: parentOf(draft, base),
    configuration: draft.configuration,
    verify: draft.verify,
    keepSlot: draft.keepSlot,
    library: libraryOf(draft, base),
    label: draft.label.trim(),
  }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfBaseJob(input: unknown, base: BaseBase): BaseDraft | undefined {
  const parsed = baseBackupRequest.safeParse(input)
  if (!parsed.success) return undefined
  const { format, options, parent, configuration, verify, keepSlot, library, label } = parsed.data
  const changes = changesFrom(defaultsFor(format, base), options)
  return {
    ...{ step: 'review', incremental: parent !== null, parent, format, changes },
    ...{ configuration, verify, keepSlot, library, label },
  }
}
