// A recovered cluster for those who take something out of it: where it is, how it stands, and how to log in to it.
import type { RecoveryWish } from '../../../../shared/model/recoveryWish'
import { AppError } from '../../../../shared/rpc/appError'
import type { ResolvedConnection } from '../../../services'
import type { RecoveryServices } from '../parts'
import { readStanding } from './askLook'
import { lookConnection, readLookRecord } from './lookRecord'

export interface RecoveredCluster {
  server: string
  dataDirectory: string
  port: number
  systemIdentifier: string | null
  wish: RecoveryWish
  state: 'paused' | 'promoted'
  /** Of the last transaction that was replayed; null for none, and once it was promoted. ISO, to the microsecond. */
  lastTransaction: string | null
  connection: ResolvedConnection
  /** As jobs that work on it are told from each other, and from a throwing away. */
  lock: string
  destination: unknown
}

export function lookPart(services: RecoveryServices) {
  return {
    /** Throws AppError where it is gone, does not run, or can't be asked. */
    async find(jobId: string, signal: AbortSignal): Promise<RecoveredCluster> {
      const record = await readLookRecord(services, jobId)
      const { server, dataDirectory, port, systemIdentifier, wish, destination } = record
      const { state, problem, replayed } = await readStanding(services, jobId, signal)
      if (state === 'stopped' || problem !== '') {
        throw new AppError('conflict', problem || `The cluster in ${dataDirectory} does not run.`, {
          hint: 'Start its server, or recover to that moment again.',
        })
      }
      return {
        ...{ server, dataDirectory, port, systemIdentifier, wish, state, destination },
        lastTransaction: replayed?.lastTransaction ?? null,
        connection: await lookConnection(services, record),
        lock: `data:${dataDirectory}`,
      }
    },
  }
}
