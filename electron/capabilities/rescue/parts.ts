// What this capability is given by whoever composes the application, and the services that it works with.
import type { RecoveryWish } from '../../../shared/model/recoveryWish'
import type { ResolvedConnection, Services } from '../../services'

export interface Recovered {
  server: string
  dataDirectory: string
  port: number
  systemIdentifier: string | null
  wish: RecoveryWish
  state: 'paused' | 'promoted'
  /** ISO, to the microsecond; null for none. */
  lastTransaction: string | null
  connection: ResolvedConnection
  /** The lock of jobs that work on its data directory. */
  lock: string
  /** As the job that recovered it says: kept in the input, so that the cluster is not thrown away meanwhile. */
  destination: unknown
}

export interface Parts {
  look: {
    /** A recovered cluster by its job. Throws AppError where it is gone, does not run, or can't be asked. */
    find(jobId: string, signal: AbortSignal): Promise<Recovered>
  }
}

export type RescueServices = Pick<Services, 'connections' | 'tools' | 'spawn' | 'jobs'>
