// Where a recovered cluster goes and how: what a standalone recovery and one to a moment ask for alike.
import { z } from 'zod'
import type { RecoveryTarget, StandaloneRequest } from '../../../shared/contracts/recovery'
import { isAbsolutePath } from '../dump/draft'

/** null means "not changed". Holds no secret; a typed confirmation is not kept. */
export const placement = z.object({
  kind: z.enum(['new', 'cluster']),
  folder: z.string().max(4096).nullable(),
  port: z.string().max(10).nullable(),
  /** Data directory of a stopped cluster of the list. */
  cluster: z.string().max(4096),
  /** Any other data directory, as it is typed; null: one of the list. */
  other: z.string().max(4096).nullable().default(null),
  /** Of that one. null: as the core suggests. */
  otherPort: z.string().max(10).nullable().default(null),
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
  other: null,
  otherPort: null,
  tablespaces: {},
  verify: true,
  login: null,
}

/** What the core says of this machine, as far as a draft needs it. */
export interface RecoveryBase {
  defaults: { folder: string; port: number; login: string | null }
  /** The other data directory that is typed; absent while it is not looked at. */
  other?: Pick<RecoveryTarget, 'name' | 'askPort' | 'problem'> | undefined
}

export function portOf(draft: Placement, base: RecoveryBase): number | undefined {
  return draft.port === null ? base.defaults.port : portIn(draft.port)
}

/** Where the other cluster will listen; null for one that has its own port. */
export function otherPortOf(draft: Placement, { other }: Pick<RecoveryBase, 'other'>): number | null | undefined {
  const ask = other?.askPort ?? null
  return ask === null || draft.otherPort === null ? ask : portIn(draft.otherPort)
}

function portIn(text: string): number | undefined {
  const port = Number(text)
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : undefined
}

const noPort = 'The port is a number from 1 to 65535'

function otherProblem(draft: Placement, base: RecoveryBase): string {
  if (!isAbsolutePath((draft.other ?? '').trim())) return 'The data directory needs an absolute path'
  if (base.other === undefined) return 'Looking at the data directory…'
  if (base.other.problem !== '') return `${base.other.name}: ${base.other.problem}`
  return otherPortOf(draft, base) === undefined ? noPort : ''
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function placementProblem(draft: Placement, base: RecoveryBase | undefined, step: 'destination' | 'options'): string {
  if (base === undefined) return 'Looking at this machine…'
  if (draft.kind === 'new' && !isAbsolutePath(draft.folder ?? base.defaults.folder))
    return 'The new folder needs an absolute path'
  if (draft.kind === 'new' && portOf(draft, base) === undefined) return noPort
  if (draft.kind === 'cluster' && draft.other === null && draft.cluster === '') return 'Choose a stopped cluster'
  const wrong = draft.kind === 'cluster' && draft.other !== null ? otherProblem(draft, base) : ''
  if (wrong !== '') return wrong
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
        : draft.other === null
          ? { kind: 'cluster', dataDirectory: draft.cluster }
          : { kind: 'cluster', dataDirectory: draft.other.trim(), port: otherPortOf(draft, base) ?? null },
    tablespaces: Object.fromEntries(Object.entries(draft.tablespaces).filter(([, folder]) => folder !== '')),
    verify: draft.verify,
    login: login === '' ? null : login,
    confirm: draft.kind === 'cluster' ? confirm : null,
  }
}

/** A past job's request as a placement, to edit and run. */
export function placementOf({ destination, tablespaces, verify, login }: Omit<StandaloneRequest, 'source'>): Placement {
  // Only one that was typed has a port of its own.
  const other = destination.kind === 'cluster' && destination.port != null ? destination : null
  return {
    kind: destination.kind,
    folder: destination.kind === 'new' ? destination.folder : null,
    port: destination.kind === 'new' ? String(destination.port) : null,
    cluster: destination.kind === 'cluster' && other === null ? destination.dataDirectory : '',
    other: other?.dataDirectory ?? null,
    otherPort: other === null ? null : String(other.port),
    tablespaces,
    verify,
    login: login ?? '',
  }
}
