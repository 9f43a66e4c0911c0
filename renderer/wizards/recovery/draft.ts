// The draft of a standalone recovery: which backup, where it goes, and how it becomes a request.
import { z } from 'zod'
import { type StandaloneRequest, standaloneRequest } from '../../../shared/contracts/recovery'
import { isAbsolutePath } from '../dump/draft'
import { emptyPlacement, placement, placementOf, placementProblem, placementRequest, type RecoveryBase } from './placement'

export const recoverySteps = ['source', 'destination', 'options', 'review'] as const
export type RecoveryStep = (typeof recoverySteps)[number]

export const recoveryDraft = placement.extend({ step: z.enum(recoverySteps), source: z.string().max(4096) })

export type RecoveryDraft = z.infer<typeof recoveryDraft>

export const emptyRecoveryDraft: RecoveryDraft = { step: 'source', source: '', ...emptyPlacement }

/** Why the step can't be left forwards, in words; '' when it can. */
export function recoveryStepProblem(
  draft: RecoveryDraft,
  known: boolean,
  base: RecoveryBase | undefined,
  step: RecoveryStep,
): string {
  if (draft.source === '') return 'Choose a backup first'
  if (!isAbsolutePath(draft.source)) return 'The backup needs an absolute path'
  if (!known) return 'The backup is not read yet'
  if (step === 'source') return ''
  return placementProblem(draft, base, step === 'destination' ? 'destination' : 'options')
}

export function reachableRecoveryStep(
  draft: RecoveryDraft,
  known: boolean,
  base: RecoveryBase | undefined,
  wanted: RecoveryStep,
): RecoveryStep {
  for (const step of recoverySteps.slice(0, recoverySteps.indexOf(wanted))) {
    if (recoveryStepProblem(draft, known, base, step) !== '') return step
  }
  return wanted
}

export function recoveryRequestOf(
  draft: RecoveryDraft,
  known: boolean,
  base: RecoveryBase | undefined,
  confirm: StandaloneRequest['confirm'],
): StandaloneRequest | undefined {
  if (base === undefined || recoveryStepProblem(draft, known, base, 'options') !== '') return undefined
  return { source: { path: draft.source }, ...placementRequest(draft, base, confirm) }
}

/** Another backup is another recovery: its folder and its tablespaces are its own. */
export function chooseBackup(draft: RecoveryDraft, source: string): RecoveryDraft {
  if (draft.source === source) return draft
  const { kind, cluster, other, otherPort, verify } = draft
  return { ...emptyRecoveryDraft, ...{ source, kind, cluster, other, otherPort, verify } }
}

/** Of a link that names the backup: everything at its safe default, so the review comes next. */
export function restoreDraft(source: string): RecoveryDraft {
  return { ...emptyRecoveryDraft, source, step: 'review' }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfRecoveryJob(input: unknown): RecoveryDraft | undefined {
  const parsed = standaloneRequest.safeParse(input)
  if (!parsed.success) return undefined
  return { step: 'review', source: parsed.data.source.path, ...placementOf(parsed.data) }
}
