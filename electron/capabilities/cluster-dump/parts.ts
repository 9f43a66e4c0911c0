// What this capability is given of dump and restore by whoever composes the application: one database at a time.
import type { DumpRequest } from '../../../shared/contracts/dump'
import type { RestoreRequest } from '../../../shared/contracts/restore'
import type { JobResult, ShownCommand } from '../../../shared/jobs/job'
import type { PreflightRow } from '../../../shared/model/preflight'
import type { JobContext } from '../../jobs/jobTypes'
import type { BackupPlace } from '../../library/backupFolder'
import type { Services } from '../../services'

export interface Checked {
  preflight: PreflightRow[]
  commands: ShownCommand[]
}

export interface DumpPart {
  /** Throws AppError when the database can't be asked at all. */
  check(request: DumpRequest, place: BackupPlace, signal: AbortSignal): Promise<Checked>
  /**
   * Leaves a whole dump with its own record at the final place, or throws AppError. Between its checks and pg_dump it
   * awaits `begin`.
   */
  run(
    request: DumpRequest,
    place: BackupPlace,
    job: JobContext,
    begin: () => Promise<void>,
  ): Promise<{ tables: number; warnings: string[] }>
}

export interface RestorePart {
  check(request: RestoreRequest, signal: AbortSignal): Promise<Checked>
  run(request: RestoreRequest, job: JobContext): Promise<JobResult>
}

export interface Parts {
  dump: DumpPart
  restore: RestorePart
}

export type ClusterServices = Pick<Services, 'connections' | 'tools' | 'paths' | 'spawn' | 'settings' | 'jobs'>
