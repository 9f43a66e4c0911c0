// Runs an export into a file or a program of the server; one that does not end leaves no half file there, or names what is left.
import { type Client, DatabaseError } from 'pg'
import { z } from 'zod'
import type { JobResult } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { quoteLiteral } from '../../../shared/model/identifier'
import type { JobContext } from '../../jobs/jobTypes'
import { runOne } from '../../postgres/copyStream'
import { explainCopyError } from './copyError'
import { countOf, rate, startPace, watchServer } from './copyProgress'
import type { CopySession } from './copySession'
import type { ExportPlan } from './planCopy'

export async function exportOnServer(session: CopySession, plan: ExportPlan, job: JobContext): Promise<JobResult> {
  const { place } = plan.request
  const startedAt = performance.now()
  const pace = startPace(job)
  const before = place.kind === 'server-file' ? await fileFacts(session.client, plan, place.path) : 'unknown'
  const stopWatching = watchServer(session, job, plan.server.version, ({ rows, bytes }) =>
    pace.show({ done: rows, total: plan.table?.estimatedRows ?? null, unit: 'rows', label: formatBytes(bytes) }),
  )
  job.signal.addEventListener('abort', session.cancel, { once: true })
  try {
    const rows = await runOne(session.client, plan.sql)
    await session.client.query('COMMIT')
    job.endStep('rows', 'done', `${countOf(rows, 'row')}, ${rate(rows, startedAt)}`)
    const [where] = plan.writes
    return {
      headline: `${countOf(rows, 'row')} exported on the server.`,
      facts: [
        { label: where?.label ?? 'Place', value: where?.value ?? '', mono: true },
        { label: 'Rows', value: rows.toLocaleString('en-US'), mono: false },
      ],
      backupPath: null,
      database: plan.request.database,
    }
  } catch (error) {
    await stopWatching()
    if (place.kind === 'server-file') await emptyFile(session, plan, job, place.path, before)
    else job.leftover('what the program on the server has made of the rows that it got')
    job.signal.throwIfAborted()
    throw explainCopyError(error, { what: plan.title })
  } finally {
    job.signal.removeEventListener('abort', session.cancel)
    await stopWatching()
    pace.end()
  }
}

const factsRow = z.object({ facts: z.string().nullable() })

/** Its size and time, 'absent', or 'unknown' to this role. */
async function fileFacts(client: Client, { server }: ExportPlan, file: string): Promise<string> {
  if (!server.mayStat) return 'unknown'
  await client.query('SAVEPOINT walkback_file')
  try {
    const { rows } = await client.query(
      "SELECT f.size || ' ' || f.modification AS facts FROM pg_catalog.pg_stat_file($1, true) AS f",
      [file],
    )
    return factsRow.parse(rows[0]).facts ?? 'absent'
  } catch (error) {
    if (error instanceof DatabaseError) return 'unknown'
    throw error
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT walkback_file; RELEASE SAVEPOINT walkback_file')
  }
}

/**
 * COPY writes in place, and nothing that the server offers removes a file: a second COPY without rows takes the half out of it.
 * Only where the file is seen to have changed: an error before the first byte leaves one that was there as it was.
 */
async function emptyFile(session: CopySession, plan: ExportPlan, job: JobContext, file: string, before: string): Promise<void> {
  const { client } = session
  const now = await client
    .query('ROLLBACK; BEGIN TRANSACTION READ ONLY')
    .then(() => fileFacts(client, plan, file))
    .catch(() => 'lost') // the connection was cut, or the server is gone
  if (now === before && now !== 'unknown') return
  const emptied =
    now !== 'lost' &&
    now !== 'unknown' &&
    (await runOne(client, `COPY (SELECT WHERE false) TO ${quoteLiteral(file).trim()}`).then(
      () => true,
      () => false, // said below: what is left is named
    ))
  job.leftover(emptied ? `${file} on the server, emptied` : `${file} on the server, as far as it was written`)
}
