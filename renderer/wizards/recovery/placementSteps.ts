// What the steps Destination, Options and Review are given, by whichever recovery they belong to.
import type { ReactNode } from 'react'
import type { RecoverableBackup, RecoveryTarget } from '../../../shared/contracts/recovery'
import type { api } from '../../rpc/api'
import type { Asked } from '../../wizard/useAsk'
import type { Placement } from './placement'

export type Prepared = Awaited<ReturnType<typeof api.recovery.prepare>>

export interface PlacementStepProps {
  draft: Placement
  setDraft: (draft: Placement) => void
  /** Of the backup that is copied; undefined while it is read. */
  facts: Pick<RecoverableBackup, 'tablespaces' | 'format'> | undefined
  prepared: Asked<Prepared>
  /** Of a data directory that is typed, in place of which it goes. */
  other: Asked<RecoveryTarget>
  /** What the log must say: a sentence. */
  proof: string
  /** Beside the destination: what this recovery asks besides. */
  besides?: ReactNode
}
