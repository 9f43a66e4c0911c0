// The draft of a standalone recovery: which backup, where it goes, and how it becomes a request.
import { z } from 'zod'
import { type StandaloneRequest, standaloneRequest } from '../../../shared/contracts/recovery'
import { isAbsolutePath } from '../dump/draft'

export const recoverySteps = ['source', 'destination', 'options', 'review'] as const
export type RecoveryStep = (typeof recoverySteps)[number]

/** null means "not changed". Holds no secret; a typed confirmation is not kept. */
export const recoveryDraft = z.object({
  step: z.enum(recoverySteps),
  source: z.string().max(4096),
  kind: z.enum(['new', 'cluster']),
  folder: z.string().max(4096).nullable(),
  port: z.string().max(10).nullable(),
  /** Data directory of the stopped cluster. */
  cluster: z.string().max(4096),
  tablespaces: z.record(z.string().max(20), z.string().max(4096)),
  verify: z.boolean(),
  /** A connection's id; '' for none. */
  login: z.string().max(100).nullable(),
})

export type RecoveryDraft = z.infer<typeof recoveryDraft>

export const emptyRecoveryDraft: RecoveryDraft = {
  step: 'source',
  source: '',
  kind: 'new',
  folder: null,
  port: null,
  cluster: '',
  tablespaces: {},
  verify: true,
  login: null,
}

/** What api.recovery.prepare says, as far as a draft needs it. */
export interface RecoveryBase {
  defaults: { folder: string; port: number; login: string | null }
}

export function portOf(draft: RecoveryDraft, base: RecoveryBase): number | undefined {
  if (draft.port === null) return base.defaults.port
  const port = Number(draft.port)
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : undefined
}

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
  if (base === undefined) return 'Looking at this machine…'
  if (draft.kind === 'new' && !isAbsolutePath(draft.folder ?? base.defaults.folder))
    return 'The new folder needs an absolute path'
  if (draft.kind === 'new' && portOf(draft, base) === undefined) return 'The port is a number from 1 to 65535'
  if (draft.kind === 'cluster' && draft.cluster === '') return 'Choose a stopped cluster'
  if (step === 'destination') return ''
  const bad = Object.entries(draft.tablespaces).find(([, folder]) => folder !== '' && !isAbsolutePath(folder))
  return bad === undefined ? '' : `The folder of tablespace ${bad[0]} needs an absolute path`
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
  const login = draft.login ?? base.defaults.login ?? ''
  return {
    source: { path: draft.source },
    destination:
      draft.kind === 'new'
        ? { kind: 'new', folder: draft.folder ?? base.defaults.folder, port: portOf(draft, base) ?? base.defaults.port }
        : { kind: 'cluster', dataDirectory: draft.cluster },
    tablespaces: Object.fromEntries(Object.entries(draft.tablespaces).filter(([, folder]) => folder !== '')),
    verify: draft.verify,
    login: login === '' ? null : login,
    confirm: draft.kind === 'cluster' ? confirm : null,
  }
}

/** Another backup is another recovery: its folder and its tablespaces are its own. */
export function chooseBackup(draft: RecoveryDraft, source: string): RecoveryDraft {
  if (draft.source === source) return draft
  return { ...emptyRecoveryDraft, source, kind: draft.kind, cluster: draft.cluster, verify: draft.verify }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfRecoveryJob(input: unknown): RecoveryDraft | undefined {
  const parsed = standaloneRequest.safeParse(input)
  if (!parsed.success) return undefined
  const { source, destination, tablespaces, verify, login } = parsed.data
  return {
    step: 'review',
    source: source.path,
    kind: destination.kind,
    folder: destination.kind === 'new' ? destination.folder : null,
    port: destination.kind === 'new' ? String(destination.port) : null,
    cluster: destination.kind === 'cluster' ? destination.dataDirectory : '',
    tablespaces,
    verify,
    login: login ?? '',
  }
}
