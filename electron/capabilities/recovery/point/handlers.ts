// Answers the calls of the recoveryPoint contract.
import type { recoveryPoint } from '../../../../shared/contracts/recoveryPoint'
import { AppError } from '../../../../shared/rpc/appError'
import type { Handlers } from '../../../../shared/rpc/contract'

function notYet(): never {
  throw new AppError('internal', 'not built yet')
}

export function recoveryPointHandlers(): Handlers<typeof recoveryPoint, AbortSignal> {
  return { sources: notYet, moments: notYet, neighbours: notYet, plan: notYet, prepare: notYet, preview: notYet, start: notYet }
}
