// Where a recovered cluster goes and how: what a standalone recovery and one to a moment ask for alike.
import { z } from 'zod'
import type { StandaloneRequest } from '../../../shared/contracts/recovery'
import { isAbsolutePath } from '../dump/draft'

/** null means "not changed". Holds no secret; a typed confirmation is not kept. */
export const placement = z.object({
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

export type Placement = z.infer<typeof placement>

export const emptyPlacement: Placement = {
  kind: 'new',
  folder: null,
  port: null,
  cluster: '',
  tablespaces: {},
  verify: true,
  login: null,
}

/** What the core says of this machine, as far as a draft needs it. */
export interface RecoveryBase {
  defaults: { folder: string; port: number; login: string | null }
}

export function portOf(draft: Placement, base: RecoveryBase): number | undefined {
  if (draft.port === null) return base.defaults.port
  const port = Number(draft.port)
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : undefined
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function placementProblem(draft: Placement, base: RecoveryBase | undefined, step: 'destination' | 'options'): string {
  if (base === undefined) return 'Looking at this machine…'
  if (draft.kind === 'new' && !isAbsolutePath(draft.folder ?? base.defaults.folder))
    return 'The new folder needs an absolute path'
  if (draft.kind === 'new' && portOf(draft, base) === undefined) return 'The port is a number from 1 to 65535'
  if (draft.kind === 'cluster' && draft.cluster === '') return 'Choose a stopped cluster'
  if (step === 'destination') return ''
  const bad = Object.entries(draft.tablespaces).find(([, folder]) => folder !== '' && !isAbsolutePath(folder))
  return bad === undefined ? '' : `The folder of tablespace ${bad[0]} needs an absolute path`
}

/** The request without what is recovered. */
export function placementRequest(
  draft: Placement,
  base: RecoveryBase,
  confirm: StandaloneRequest['confirm'],
): Omit<StandaloneRequest, 'source'> {
  const login = draft.login ?? base.defaults.login ?? ''
  return {
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

/** A past job's request as a placement, to edit and run. */
export function placementOf({ destination, tablespaces, verify, login }: Omit<StandaloneRequest, 'source'>): Placement {
  return {
    kind: destination.kind,
    folder: destination.kind === 'new' ? destination.folder : null,
    port: destination.kind === 'new' ? String(destination.port) : null,
    cluster: destination.kind === 'cluster' ? destination.dataDirectory : '',
    tablespaces,
    verify,
    login: login ?? '',
  }
}
