// Looks once a second at pg_stat_progress_basebackup: what the server is doing, also while pg_basebackup itself says nothing.
import { z } from 'zod'
import { withClient } from '../../postgres/withClient'
import type { ResolvedConnection, Services } from '../../services'

export interface ServerView {
  /** As PostgreSQL names it: "waiting for checkpoint to finish", "streaming database files" ... */
  phase: string
  streamed: number
  /** null while it is not estimated. */
  total: number | null
  tablespaces: { done: number; all: number }
}

const view = z.object({
  phase: z.string(),
  streamed: z.coerce.number(),
  total: z.coerce.number().nullable(),
  tablespaces: z.int(),
  tablespaces_done: z.int(),
})

/** The walsender of our pg_basebackup is known by its application_name. */
const sql = `
  SELECT p.phase, COALESCE(p.backup_streamed, 0)::text AS streamed, p.backup_total::text AS total,
         COALESCE(p.tablespaces_total, 0)::int4 AS tablespaces, COALESCE(p.tablespaces_streamed, 0)::int4 AS tablespaces_done
    FROM pg_catalog.pg_stat_progress_basebackup p
    JOIN pg_catalog.pg_stat_activity a USING (pid)
   WHERE a.application_name = $1`

export interface ServerWatch {
  /** Stops looking and closes the connection. Never throws: a backup does not fail because nobody could look at it. */
  stop(): Promise<void>
}

export function watchServer(
  services: Pick<Services, 'connections'>,
  connection: ResolvedConnection,
  applicationName: string,
  onView: (view: ServerView) => void,
  onTrouble: (text: string) => void,
): ServerWatch {
  const stopped = new AbortController()
  const work = { connections: services.connections, connection }
  const watching = withClient(work, async (client) => {
    while (!stopped.signal.aborted) {
      const { rows } = await client.query(sql, [applicationName])
      if (stopped.signal.aborted) return
      const [found] = z.array(view).parse(rows)
      if (found) {
        const { phase, streamed, total, tablespaces, tablespaces_done } = found
        onView({ phase, streamed, total, tablespaces: { done: tablespaces_done, all: tablespaces } })
      }
      await pause(1000, stopped.signal)
    }
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    if (!stopped.signal.aborted) onTrouble(`pg_stat_progress_basebackup can't be looked at any more: ${why}`)
  })
  return {
    async stop() {
      stopped.abort()
      await watching
    },
  }
}

/** Over at once when the signal comes. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done, { once: true })
  })
}
