// How far a copy is: counted bytes and rows here, and pg_stat_progress_copy (14) for what only the server sees.
import { z } from 'zod'
import type { JobContext } from '../../jobs/jobTypes'
import { countOf } from '../../jobs/pace'
import type { CopySession } from './copySession'

export { countOf, rate, startPace } from '../../jobs/pace'

const progressRow = z.object({ bytes: z.string(), total: z.string(), rows: z.string() })

export interface ServerProgress {
  bytes: number
  /** null where the server does not know it. */
  total: number | null
  rows: number
}

/** Looks once a second on a connection of its own; returns how to stop. Servers before 14 tell nothing. */
export function watchServer(
  session: CopySession,
  /** null: something else is shown anyway. */
  job: Pick<JobContext, 'progress'> | null,
  version: number,
  show: (progress: ServerProgress) => void,
): () => Promise<void> {
  if (version < 140000) {
    job?.progress({ done: 0, total: null, unit: 'rows', label: 'PostgreSQL 13 does not tell how far a COPY is' })
    return () => Promise.resolve()
  }
  let asking: Promise<void> = Promise.resolve()
  let busy = false
  const look = async () => {
    busy = true
    const found = await session.ask(async (client) => {
      const { rows } = await client.query(
        'SELECT bytes_processed::text AS bytes, bytes_total::text AS total, tuples_processed::text AS rows FROM pg_catalog.pg_stat_progress_copy WHERE pid = $1',
        [session.pid],
      )
      return rows.length === 0 ? undefined : progressRow.parse(rows[0])
    })
    busy = false
    if (!found) return
    const total = Number(found.total)
    show({ bytes: Number(found.bytes), total: total > 0 ? total : null, rows: Number(found.rows) })
  }
  const timer = setInterval(() => {
    if (!busy) asking = look()
  }, 1000)
  return async () => {
    clearInterval(timer)
    await asking
  }
}

/** "12,000 rows, 4,000 rows/s" since it was called, for progress that is counted in bytes. */
export function pacedRows(): (rows: number) => string {
  const startedAt = performance.now()
  return (rows) => {
    const perSecond = rows / Math.max((performance.now() - startedAt) / 1000, 0.001)
    return rows === 0 ? '' : `${countOf(rows, 'row')}, ${Math.round(perSecond).toLocaleString('en-US')} rows/s`
  }
}
