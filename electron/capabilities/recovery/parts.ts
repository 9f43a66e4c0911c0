// What this capability is given by whoever composes the application, and the services that it works with.
import type { JobContext } from '../../jobs/jobTypes'
import type { Services } from '../../services'

/** The server of a practice cluster, by the name in the list of this machine's clusters. */
export interface PracticePart {
  /** Throws AppError as a start of that cluster does. */
  start(job: JobContext, cluster: string, onLine: (line: string) => void): Promise<{ port: number; systemIdentifier: string }>
  connectionId(cluster: string): string
}

export interface Parts {
  practice: PracticePart
}

export type RecoveryServices = Pick<Services, 'archives' | 'connections' | 'tools' | 'paths' | 'spawn' | 'settings' | 'jobs'>
