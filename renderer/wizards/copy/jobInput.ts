// What a copy job moved, read from its request: for the lab, the job's page and "Edit and run".
import { type CopyRequest, copyRequest } from '../../../shared/contracts/copy'
import type { JobSnapshot } from '../../../shared/jobs/job'

/** undefined for jobs that are no copy, or of a shape this version does not know. */
export function copyRequestOf(job: Pick<JobSnapshot, 'capability' | 'input'>): CopyRequest | undefined {
  return job.capability === 'copy' ? copyRequest.safeParse(job.input).data : undefined
}

/** A table written to a file of the machine that runs Walkback. */
export function copiedOut(
  job: Pick<JobSnapshot, 'capability' | 'input'>,
): { database: string; schema: string; table: string; file: string } | undefined {
  const request = copyRequestOf(job)
  if (request?.kind !== 'export' || request.source.kind !== 'table' || request.place.kind !== 'client') return undefined
  return { database: request.database, schema: request.source.schema, table: request.source.name, file: request.place.path }
}

/** A file of the machine that runs Walkback read into a table. */
export function copiedIn(
  job: Pick<JobSnapshot, 'capability' | 'input'>,
): { database: string; schema: string; table: string; file: string } | undefined {
  const request = copyRequestOf(job)
  if (request?.kind !== 'import' || request.place.kind !== 'client') return undefined
  return { database: request.database, schema: request.target.schema, table: request.target.name, file: request.place.path }
}
