// Runs pg_basebackup and follows it: the wait for the checkpoint, the files, the last WAL; then asks what it proved.
import type { JobProgress } from '../../../shared/jobs/job'
import type { Lsn } from '../../../shared/model/lsn'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { withClient } from '../../postgres/withClient'
import { explainBaseFailure, readWarning } from './baseMessages'
import type { BaseBackupPlan, BaseBackupServices } from './planBaseBackup'
import { type BaseBackupNews, trackBaseBackup } from './readProgress'
import { type ServerView, watchServer } from './watchServer'

export interface TakenBase {
  /** As pg_basebackup said; both null with --wal-method=none, where it says neither. */
  start: { lsn: Lsn; timeline: number } | null
  stop: Lsn | null
  /** The server's clock, ISO with microseconds. */
  startTime: string
  stopTime: string
}

/** Throws AppError for any end but a good one. `warn` hears each warning, which is an issue of the job already. */
export async function takeBase(
  job: JobContext,
  plan: BaseBackupPlan,
  env: Record<string, string>,
  services: BaseBackupServices,
  warn: (text: string) => void,
): Promise<TakenBase> {
  const { tool, command } = plan
  if (!tool || !command) throw new AppError('internal', 'There is no pg_basebackup command.')
  const applicationName = `walkback ${job.id.slice(0, 13)}`
  const startTime = await serverClock(plan, services, job.signal)
  const began = Date.now()
  const tracker = trackBaseBackup()
  const errors: string[] = []
  const follow = followPhases(job, plan, () => tracker.now())
  follow.show()
  const watch = watchServer(services, plan.connection, applicationName, follow.server, (text) => job.log(text))
  const running = job.run({
    file: tool.path,
    argv: command.argv,
    env: { ...env, PGAPPNAME: applicationName },
    onStderr: (line) => {
      const warning = readWarning(line)
      if (warning) {
        warn(warning.message)
        job.issue(warning)
      }
      if (/(error|fatal|detail|hint): |(ERROR|FATAL|PANIC|DETAIL|HINT):/.test(line) && errors.length < 200) errors.push(line)
      if (tracker.line(line)) follow.show()
    },
  })
  let exit: Awaited<typeof running>
  try {
    exit = await running
  } finally {
    await watch.stop()
  }
  job.progress(null)
  const program = `${tool.program} ${formatPgVersion(tool.version)}`
  if (exit.cancelled) throw new AppError('cancelled', `${tool.program} was cancelled.`)
  if (exit.code !== 0) throw explainBaseFailure(program, exit, [...errors, ...exit.stderrTail])
  const { startLsn, timeline, stopLsn, phase } = tracker.now()
  const silent = plan.command?.argv.includes('--wal-method=none') === true
  const start = startLsn === null || timeline === null ? null : { lsn: startLsn, timeline }
  if (phase !== 'done' || (!silent && (start === null || stopLsn === null))) {
    throw new AppError('tool_failed', `${program} ended without saying that the backup is complete.`, {
      hint: 'The job’s log has everything it said. Take the backup again.',
    })
  }
  follow.end()
  const stopTime = await serverClock(plan, services, job.signal).catch((error: unknown) => {
    job.signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    // The backup is whole; the server went away right after it. Its clock is carried on by ours.
    job.log(`The server's clock could not be asked after the backup: ${error.message}`, 'warning')
    return new Date(Date.parse(startTime) + Date.now() - began).toISOString().replace('Z', '000Z')
  })
  return { start, stop: stopLsn, startTime, stopTime }
}

async function serverClock(plan: BaseBackupPlan, services: BaseBackupServices, signal: AbortSignal): Promise<string> {
  return withClient({ connections: services.connections, connection: plan.connection, signal }, async (client) => {
    const { rows } = await client.query<{ now: string }>(
      `SELECT to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`,
    )
    const now = rows[0]?.now
    if (now === undefined) throw new AppError('internal', 'The server did not answer what time it is.')
    return now
  })
}

type Phase = 'checkpoint' | 'files' | 'wal'

/** Turns what the program and the server say into steps and progress; the program knows file names, the server the waiting. */
function followPhases(job: JobContext, plan: BaseBackupPlan, news: () => BaseBackupNews) {
  let phase: Phase = 'checkpoint'
  let since = Date.now()
  let view: ServerView | null = null
  let filesBytes = 0
  const spread = plan.command?.argv.includes('--checkpoint=fast') !== true
  const took = () => `${((Date.now() - since) / 1000).toFixed(1)} s`
  job.step('checkpoint')
  const enter = (next: Phase) => {
    if (next === phase) return
    job.endStep(phase, 'done', phase === 'checkpoint' ? `${took()}, ${spread ? 'spread' : 'fast'}` : took())
    if (phase === 'checkpoint' && next === 'wal') job.step('files')
    job.step(next)
    phase = next
    since = Date.now()
  }
  const show = () => {
    const now = news()
    if (now.phase === 'files' && phase === 'checkpoint') enter('files')
    else if (now.phase !== 'checkpoint' && now.phase !== 'files') enter('wal')
    job.progress(progressOf(phase, now, view, spread))
    filesBytes = Math.max(filesBytes, now.progress?.done ?? 0)
  }
  return {
    show,
    server(next: ServerView) {
      const moved = view?.phase !== next.phase || view.streamed !== next.streamed
      view = next
      // "transferring wal files" and the wait for archiving come before pg_basebackup says anything of them.
      if (phase === 'files' && /^(waiting for wal|transferring wal)/.test(next.phase)) enter('wal')
      if (moved) show()
    },
    end() {
      enter('wal')
      job.endStep('wal', 'done', took())
    },
  }
}

function progressOf(phase: Phase, news: BaseBackupNews, view: ServerView | null, spread: boolean): JobProgress {
  const unknown = { done: 0, total: null, unit: 'bytes' as const }
  if (phase === 'checkpoint') {
    const how = spread
      ? 'the server waits for a spread checkpoint, which can take as long as checkpoint_timeout'
      : 'the server writes a checkpoint'
    return { ...unknown, label: how }
  }
  const { progress } = news
  if (phase === 'wal') {
    const done = progress?.done ?? view?.streamed ?? 0
    const label =
      news.phase === 'sync'
        ? 'making the files durable'
        : view?.phase.startsWith('waiting for wal archiving')
          ? 'the server waits until its WAL is archived'
          : 'the last WAL'
    return { done, total: progress?.total ?? null, unit: 'bytes', label }
  }
  if (view?.phase === 'estimating backup size') return { ...unknown, label: 'the server adds up how large the cluster is' }
  if (progress && progress.done >= (view?.streamed ?? 0)) return progress
  if (!view || view.streamed === 0) return progress ?? { ...unknown, label: '' }
  const total = view.total === null ? null : Math.max(view.total, view.streamed)
  const { done, all } = view.tablespaces
  const label = all > 1 ? `tablespace ${Math.min(done + 1, all)} of ${all}` : (progress?.label ?? '')
  return { done: view.streamed, total, unit: 'bytes', label }
}
