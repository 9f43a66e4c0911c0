// A recovered cluster out of recovery, onto a timeline of its own: asked for once, and judged by the server and its log.
import { setTimeout as delay } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import type { JobResult } from '../../../../shared/jobs/job'
import { wishWords } from '../../../../shared/model/recoveryTarget'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { logSize, readLogFrom } from '../../../postgres/localClusterLog'
import type { RecoveryServices } from '../parts'
import { stopLines } from '../point/judgeOutcome'
import { dropPristine } from '../pristine'
import { logFileOf, readStanding, requirePaused } from './askLook'
import { type LookRecord, locksOf, readLookRecord, requireIdle, withLook } from './lookRecord'

const steps = [
  { id: 'checks', label: 'Checks' },
  { id: 'promote', label: 'Promote' },
  { id: 'evidence', label: 'Out of recovery' },
  { id: 'clear', label: 'Remove the kept base files' },
] as const

export async function startPromote(
  services: RecoveryServices,
  { jobId }: { jobId: string },
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  const record = await readLookRecord(services, jobId)
  requireIdle(services, record)
  requirePaused(await readStanding(services, jobId, signal), record)
  const { id } = services.jobs.start({
    capability: 'recovery-look',
    title: `Promote ${record.server} at ${wishWords(record.wish)}`,
    input: { jobId, action: 'promote', destination: record.destination },
    connectionId: null,
    serverLabel: record.server,
    steps,
    onCancel: 'Before it is asked for, nothing changes. Once it is, a server can not take a promotion back.',
    locks: locksOf(record),
    run: (job) => run(services, record, job),
  })
  return { jobId: id }
}

interface Promoted {
  timeline: number
  before: string
  lsn: string
}

async function run(services: RecoveryServices, record: LookRecord, job: JobContext): Promise<JobResult> {
  const startedAt = Date.now()
  job.step('checks')
  requirePaused(await readStanding(services, record.jobId, job.signal), record)
  const logFile = logFileOf(record.dataDirectory)
  const from = record.destination.kind === 'new' ? await logSize(logFile) : 0
  job.endStep('checks', 'done', 'it waits at its moment')
  const { timeline, before, lsn } = await withLook(services, record, { signal: job.signal }, (client) => promote(job, client))
  const lines = record.destination.kind === 'new' ? stopLines(await readLogFrom(logFile, from)) : []
  for (const line of lines) job.log(line)
  job.endStep('evidence', 'done', `timeline ${timeline}`)
  job.step('clear')
  const dropped = await dropPristine(record.pristine)
  job.endStep('clear', dropped.length === 0 ? 'skipped' : 'done', dropped.length === 0 ? 'none were kept' : '')
  const fact = (label: string, value: string, mono = false) => ({ label, value, mono })
  return {
    headline: `${record.server} was promoted to timeline ${timeline}: a cluster of its own on port ${record.port}, as it was at ${wishWords(record.wish)}.`,
    facts: [
      fact('Timeline', String(timeline), true),
      fact('Replayed to', before, true),
      fact('Writes from', lsn, true),
      ...(lines.length === 0 ? [] : [fact('Its log', lines.join('; '), true)]),
      fact('Data directory', record.dataDirectory, true),
      fact('Port', String(record.port), true),
      fact('Archiving', 'off: it writes into no archive until you set one up'),
      ...dropped.map((folder) => fact('Removed', folder, true)),
      fact('Time', `${((Date.now() - startedAt) / 1000).toFixed(1)} s`),
    ],
    backupPath: null,
    database: null,
  }
}

/** pg_promote waits for a minute at the most; what counts is that it left recovery. */
async function promote(job: JobContext, client: ClientBase): Promise<Promoted> {
  const asked = await client.query<{ lsn: string | null }>('SELECT pg_catalog.pg_last_wal_replay_lsn()::pg_catalog.text AS lsn')
  job.signal.throwIfAborted()
  job.step('promote')
  // From here on it happens, whoever waits for it.
  let out = false
  job.onCleanup('the promotion', () => {
    if (!out) job.leftover('the promotion was asked for, and goes on by itself')
  })
  await client.query('SELECT pg_catalog.pg_promote(false)')
  job.step('evidence')
  for (let tries = 0; tries < 600; tries += 1) {
    // WAL of the new timeline is written only once it is out.
    const { rows } = await client.query<{ recovering: boolean; name: string; lsn: string }>(
      `SELECT pg_catalog.pg_is_in_recovery() AS recovering,
              CASE WHEN pg_catalog.pg_is_in_recovery() THEN '' ELSE pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END AS name,
              CASE WHEN pg_catalog.pg_is_in_recovery() THEN '' ELSE pg_catalog.pg_current_wal_lsn()::pg_catalog.text END AS lsn`,
    )
    const [row] = rows
    if (row?.recovering === false && row.name !== '') {
      out = true
      return { timeline: Number.parseInt(row.name.slice(0, 8), 16), before: asked.rows[0]?.lsn ?? '', lsn: row.lsn }
    }
    await delay(200, undefined, { signal: job.signal })
  }
  throw new AppError('postgres', 'The server was asked to leave recovery, and is still in it after two minutes.', {
    hint: 'Look at its log.',
  })
}
