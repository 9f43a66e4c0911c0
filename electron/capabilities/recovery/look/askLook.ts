// How a recovered cluster stands: by its files, by its server when somebody can log in, and by what its job left to be known.
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { ClientBase } from 'pg'
import type { LookStanding } from '../../../../shared/contracts/look'
import type { JobSnapshot } from '../../../../shared/jobs/job'
import { AppError } from '../../../../shared/rpc/appError'
import { logSize, readLogFrom } from '../../../postgres/localClusterLog'
import { type ControlData, findPostmaster, readControlDataCached } from '../../../postgres/localClusterState'
import { ownerOf } from '../../../process/runAs'
import { messageOf } from '../../../process/systemError'
import type { RecoveryServices } from '../parts'
import { findPrograms } from '../planRecovery'
import { type LookRecord, readLookRecord, withLook, workingOn } from './lookRecord'
import { asAsked, bound, lastWords, stoppedWords } from './lookWords'

/** Of a cluster that is still in recovery; any other state says that it lives on its own. Source: dbState in pg_controldata.c. */
export const recoveringStates: ReadonlySet<string> = new Set(['in archive recovery', 'shut down in recovery'])

/** Where a cluster of its own writes its log. */
export const logFileOf = (dataDirectory: string) => path.join(dataDirectory, 'log', 'server.log')

/** The control file's own account of it. Throws AppError where its programs are missing, or it can't be read. */
export async function controlOf(
  services: Pick<RecoveryServices, 'tools' | 'spawn'>,
  dataDirectory: string,
): Promise<{ bin: string; control: ControlData }> {
  const major = Number((await readFile(path.join(dataDirectory, 'PG_VERSION'), 'utf8')).trim())
  const programs = await findPrograms(services, major)
  if (!programs) {
    throw new AppError('tool_missing', 'The programs of its PostgreSQL are not on this machine, so it can’t be looked at.', {
      hint: 'Install them, or add their folder in Settings.',
    })
  }
  const account = await ownerOf(dataDirectory)
  return { bin: programs.bin, control: await readControlDataCached(services.spawn, { ...programs, dataDirectory, account }) }
}

export async function readStanding(services: RecoveryServices, jobId: string, signal: AbortSignal): Promise<LookStanding> {
  const record = await readLookRecord(services, jobId)
  const { server, dataDirectory, port, wish, archiveId, backup, evidence, systemIdentifier } = record
  const found = await controlOf(services, dataDirectory).catch((error: unknown) => messageOf(error))
  const state = typeof found === 'string' ? '' : found.control.state
  const promoted = state !== '' && !recoveringStates.has(state)
  const working = workingOn(services, record)
  const known = {
    ...{ jobId, server, dataDirectory, port, wish, archiveId, backup, evidence, promoted, systemIdentifier },
    ...{ name: path.basename(dataDirectory), host: os.hostname(), bound: bound(record), user: userOf(services, record) },
    busy: working ? { jobId: working.id, title: working.title } : null,
    took: tookOf(services.jobs.get(jobId)),
  }
  const unasked = { replayed: null, databases: [], asAsked: asAsked(evidence, null) }
  if (!(await findPostmaster(dataDirectory))) {
    const logFile = logFileOf(dataDirectory)
    const lines = await readLogFrom(logFile, Math.max(0, (await logSize(logFile)) - 65_536)).catch(() => []) // its words are an extra
    const stopped = typeof found === 'string' ? found : stoppedWords({ state, wish, words: lastWords(lines) })
    return { ...known, ...unasked, state: 'stopped', stopped, problem: 'Its server does not run.' }
  }
  try {
    return await withLook(services, record, { signal }, async (client) => {
      const { recovering, ...asked } = await ask(client)
      return {
        ...{ ...known, ...asked, stopped: '', problem: '', promoted: !recovering },
        state: recovering ? ('paused' as const) : ('promoted' as const),
        asAsked: asAsked(evidence, recovering ? (asked.replayed?.lsn ?? null) : null),
      }
    })
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    return { ...known, ...unasked, state: promoted ? 'promoted' : 'paused', stopped: '', problem: error.message }
  }
}

async function ask(client: ClientBase): Promise<Pick<LookStanding, 'replayed' | 'databases'> & { recovering: boolean }> {
  const { rows } = await client.query<{ recovering: boolean; lsn: string | null; time: string | null; databases: string[] }>(
    `SELECT pg_catalog.pg_is_in_recovery() AS recovering, pg_catalog.pg_last_wal_replay_lsn()::pg_catalog.text AS lsn,
            pg_catalog.to_char(pg_catalog.pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time,
            ARRAY(SELECT datname::pg_catalog.text FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1) AS databases`,
  )
  const row = rows[0]
  if (!row) throw new AppError('internal', 'The recovered cluster did not say how it stands.')
  return {
    recovering: row.recovering,
    replayed: row.lsn === null ? null : { lsn: row.lsn, lastTransaction: row.time },
    databases: row.databases,
  }
}

function userOf({ connections }: RecoveryServices, { login }: LookRecord): string {
  if (login === null) return ''
  return connections.list().find(({ id }) => id === login)?.settings.user ?? ''
}

function tookOf({ startedAt, endedAt, steps }: JobSnapshot): LookStanding['took'] {
  const between = (from: string | null, to: string | null) =>
    from === null || to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from))
  const step = (id: string) => {
    const found = steps.find((one) => one.id === id)
    return found?.state === 'skipped' ? null : between(found?.startedAt ?? null, found?.endedAt ?? null)
  }
  return { all: between(startedAt, endedAt) ?? 0, copy: step('copy') ?? step('combine'), replay: step('replay') }
}

export function requirePaused(standing: LookStanding, record: LookRecord): void {
  if (standing.state === 'paused' && standing.problem === '') return
  const why = standing.state === 'promoted' ? 'was promoted already' : 'does not run'
  throw new AppError('conflict', standing.problem || `The cluster in ${record.dataDirectory} ${why}.`, {
    hint: standing.state === 'stopped' ? 'Start it first.' : 'Recover to that moment again.',
  })
}
