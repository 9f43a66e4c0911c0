// Asks the core about a data directory that is typed as a destination, and finds the cluster whose place is taken.
import type { RecoveryTarget } from '../../../shared/contracts/recovery'
import { api } from '../../rpc/api'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { isAbsolutePath } from '../dump/draft'
import type { Placement } from './placement'
import type { Prepared } from './placementSteps'

/** `backup`: the folder of the backup that goes there; undefined while there is none. */
export function useTarget({ kind, other }: Placement, backup: string | undefined): Asked<RecoveryTarget> {
  const dataDirectory = kind === 'cluster' ? (other ?? '').trim() : ''
  const asked = backup !== undefined && isAbsolutePath(dataDirectory) ? { path: backup, dataDirectory } : undefined
  return useAsk(asked, (input, options) => api.recovery.target(input, options), { delay: 400 })
}

/** The cluster whose place is taken; undefined for a new one, and while that is not known. */
export function targetIn(
  draft: Placement,
  base: Pick<Prepared, 'targets'> | undefined,
  other: RecoveryTarget | undefined,
): RecoveryTarget | undefined {
  if (draft.kind === 'new') return undefined
  return draft.other === null ? base?.targets.find(({ dataDirectory }) => dataDirectory === draft.cluster) : other
}
