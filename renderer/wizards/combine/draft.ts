// The draft of a combination: which ways of copying and checking were chosen, and how that becomes a request.
import type { CombineRequest } from '../../../shared/contracts/baseBackup'
import { changeOption, effectiveValues, type PlainValues } from '../../wizard/optionState'
import { isAbsolutePath } from '../dump/draft'

export const combineSteps = ['options', 'review'] as const
export type CombineStep = (typeof combineSteps)[number]

/** Kept for as long as the page is open: a chain is combined at once or not. */
export interface CombineDraft {
  step: CombineStep
  changes: PlainValues
  library: string | null
  label: string
}

export const emptyCombineDraft: CombineDraft = { step: 'options', changes: {}, library: null, label: '' }

/** pg_combinebackup's own defaults, told so that the form shows them. */
export const combineDefaults: PlainValues = { copy: true, manifestChecksums: 'CRC32C' }

/** What api.baseBackup.prepareCombine says, as far as a draft needs it. */
export interface CombineBase {
  chain: readonly { path: string }[]
  problem: string
  toolProblem: { message: string } | null
  libraries: readonly { path: string }[]
}

export const copyWays = ['copy', 'clone', 'copyFileRange'] as const
export type CopyWay = (typeof copyWays)[number]

export function copyWay(draft: CombineDraft): CopyWay {
  const options = effectiveValues(combineDefaults, draft.changes)
  return copyWays.find((way) => way !== 'copy' && options[way] === true) ?? 'copy'
}

/** One of them alone: they exclude each other. */
export function withCopyWay(draft: CombineDraft, way: CopyWay): CombineDraft {
  let { changes } = draft
  for (const each of copyWays) changes = changeOption(combineDefaults, changes, each, each === way)
  return { ...draft, changes }
}

export function combineLibrary(draft: CombineDraft, base: CombineBase): string {
  return draft.library ?? base.libraries[0]?.path ?? ''
}

/** Why the options can't be left forwards, in words; '' when they can. */
export function combineProblem(draft: CombineDraft, base: CombineBase | undefined): string {
  if (base === undefined) return 'Looking at the chain…'
  if (base.problem !== '') return base.problem
  if (base.toolProblem !== null) return base.toolProblem.message
  const library = combineLibrary(draft, base)
  if (library === '') return 'Choose the folder to keep the backup in'
  return isAbsolutePath(library) ? '' : 'The folder needs an absolute path'
}

/** undefined while there is nothing to be asked about. */
export function combineRequestOf(draft: CombineDraft, base: CombineBase | undefined): CombineRequest | undefined {
  if (base === undefined || combineProblem(draft, base) !== '') return undefined
  return {
    chain: base.chain.map(({ path }) => path),
    options: effectiveValues(combineDefaults, draft.changes),
    library: combineLibrary(draft, base),
    label: draft.label.trim(),
  }
}
