// What this capability is given by whoever composes the application, and the services that it works with.
import type { ClusterRestoreRequest } from '../../../shared/contracts/clusterDump'
import type { RestoreRequest, RestoreTarget } from '../../../shared/contracts/restore'
import type { JobResult } from '../../../shared/jobs/job'
import type { JobContext } from '../../jobs/jobTypes'
import type { DumpNeeds } from '../../library/dumpNeeds'
import type { Globals } from '../../library/readGlobals'
import type { ConnectionStore, Services } from '../../services'

/** The server of a practice cluster, by the name in the list of this machine's clusters. */
export interface PracticePart {
  /** Throws AppError as a start of that cluster does. */
  start(job: JobContext, cluster: string, onLine: (line: string) => void): Promise<{ port: number; systemIdentifier: string }>
  connectionId(cluster: string): string
}

export interface DumpSet {
  globals: Globals
  tablespaces: readonly { name: string }[]
}

/** The restore of dumps, to a server that the given connections lead to. */
export interface RestorePart {
  look(path: string, signal: AbortSignal): Promise<DumpNeeds>
  prepare(
    connectionId: string,
    path: string,
    signal: AbortSignal,
  ): Promise<{ suggestedTarget: RestoreTarget; defaults: RestoreRequest['options'] }>
  /** Throws AppError as a restore does; preflight for what stands in the way. */
  run(request: RestoreRequest, job: JobContext): Promise<JobResult>
  /** Of several databases and their globals. */
  set: {
    look(path: string): Promise<DumpSet>
    steps(databases: readonly string[]): readonly { id: string; label: string }[]
    run(request: ClusterRestoreRequest, job: JobContext): Promise<JobResult>
  }
}

export interface Parts {
  practice: PracticePart
  restoreThrough(connections: ConnectionStore): RestorePart
}

export type RecoveryServices = Pick<Services, 'archives' | 'connections' | 'tools' | 'paths' | 'spawn' | 'settings' | 'jobs'>
