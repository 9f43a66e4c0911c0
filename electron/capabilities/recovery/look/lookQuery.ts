// A person's own query of a recovered cluster: read-only, for thirty seconds at the most, and errors in calm words.
import { type ClientBase, DatabaseError } from 'pg'
import type { z } from 'zod'
import type { LookRows, lookQuery } from '../../../../shared/contracts/look'
import { AppError } from '../../../../shared/rpc/appError'
import { explainSqlError } from '../../../postgres/sqlError'
import type { RecoveryServices } from '../parts'
import { readLookRecord, withLook } from './lookRecord'

/** Of one statement, so that a look never holds replay or vacuum up for long. */
const queryMs = 30_000

/** What stands before the person's own text in the statement. */
const before = 'DECLARE look NO SCROLL CURSOR FOR '

/**
 * In a transaction that can't write and through a cursor, so that no more rows come than asked for. A superuser's functions
 * could still act from within it (pg_promote, pg_terminate_backend), so it is run as a role that may read everything and do
 * nothing.
 */
export async function runLookQuery(
  services: RecoveryServices,
  { jobId, database, sql, limit }: z.output<typeof lookQuery>,
  signal: AbortSignal,
): Promise<LookRows> {
  const record = await readLookRecord(services, jobId)
  return withLook(services, record, { database, signal }, async (client) => {
    await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = '${queryMs}ms'; SET LOCAL lock_timeout = '5s'`)
    try {
      await becomeReader(client, sql)
      const began = performance.now()
      // A named statement goes by the extended protocol, which takes one alone: a COMMIT behind it can't end the transaction.
      await client.query({ text: `${before}${sql}`, name: 'look' })
      const found = await client.query({ text: `FETCH ${limit + 1} FROM look`, rowMode: 'array', types: asText })
      const rows: (string | null)[][] = found.rows
      return {
        columns: found.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
        rows: rows.slice(0, limit),
        more: rows.length > limit,
        milliseconds: Math.round((performance.now() - began) * 10) / 10,
      }
    } catch (error) {
      throw explainQueryError(error, sql)
    } finally {
      await client.query('ROLLBACK').catch(() => undefined) // the connection may be gone: then so is the transaction
    }
  })
}

/** Values as the server writes them. */
const asText = { getTypeParser: () => (value: string) => value }

/** pg_read_all_data came with 14. Before, these are refused by their names: a guard against accidents, and no more. */
const acting =
  /\b(pg_promote|pg_wal_replay_\w+|pg_(?:terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile|pg_file_\w+|lo_export)\b/i

async function becomeReader(client: ClientBase, sql: string): Promise<void> {
  const { rows } = await client.query<{ version: number; superuser: boolean; own: string }>(
    `SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version, u.usesuper AS superuser,
            pg_catalog.quote_ident(u.usename) AS own
       FROM pg_catalog.pg_user u WHERE u.usename OPERATOR(pg_catalog.=) SESSION_USER`,
  )
  const { version = 0, superuser = false, own = 'public' } = rows[0] ?? {}
  await client.query(`SET LOCAL search_path = ${own}, public`)
  if (!superuser) return
  const name = acting.exec(sql)?.[1]
  if (version < 140_000 && name !== undefined) {
    throw new AppError('bad_input', `${name} does something to the server: here one only looks.`, {
      hint: 'Promote, take it further or throw it away by what this page offers for it.',
    })
  }
  // That role has no BYPASSRLS: a policy that would hide rows is an error instead of fewer rows.
  if (version >= 140_000) await client.query('SET LOCAL row_security = off; SET LOCAL ROLE pg_read_all_data')
}

/** First words of what can be asked through a cursor. */
const asks = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()*(?:select|with|values|table)\b/i

/** Exported for its tests. */
export function explainQueryError(error: unknown, sql: string): AppError {
  if (error instanceof AppError) return error
  if (!(error instanceof DatabaseError)) return explainSqlError(error, 'The query')
  const details = { sqlstate: error.code ?? '', original: error.message }
  // Source: PerformCursorOpen: a cursor holds a SELECT, and a data-modifying WITH is refused by name.
  const asksOnly = 'A look takes one query: SELECT, WITH, VALUES or TABLE. Nothing can be written here.'
  if (!asks.test(sql)) {
    return new AppError('postgres', 'That is no query, and nothing was run.', { hint: asksOnly, details })
  }
  switch (error.code) {
    case '57014':
      return new AppError('postgres', `The query was given up after ${queryMs / 1000} seconds.`, {
        hint: 'Ask for less of it: a WHERE, or fewer tables.',
        details,
      })
    case '25006':
    case '0A000':
      return new AppError('postgres', `Nothing can be written here: ${error.message}.`, { hint: asksOnly, details })
    case '42501':
      return new AppError('permission', `The query may not do that: ${error.message}.`, {
        hint: 'Here one only looks. Row security that would hide rows is refused as well.',
        details,
      })
    case '42601': {
      const one = /cannot insert multiple commands/.test(error.message)
      const where = one ? '' : placeOf(error, sql)
      return new AppError('postgres', one ? 'One query at a time.' : `The query has a ${error.message}${where}.`, {
        hint: one ? 'Take out what stands behind the semicolon.' : asksOnly,
        details,
      })
    }
    default: {
      const hint = error.hint ?? 'The server’s own words; nothing was changed.'
      return new AppError('postgres', `The query failed: ${error.message}${placeOf(error, sql)}.`, { hint, details })
    }
  }
}

/** ", in line 2"; '' where the server gives no position, or the query has one line. */
function placeOf({ position }: DatabaseError, sql: string): string {
  const at = Number(position) - before.length - 1
  if (position === undefined || at < 0 || !sql.trim().includes('\n')) return ''
  // The server counts characters.
  return `, in line ${[...sql].slice(0, at).filter((character) => character === '\n').length + 1}`
}
