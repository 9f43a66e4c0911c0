// The part of a run that only a recovery to a moment has: start, consistency, replay, the stop and its judgement, connection.
import { setTimeout as delay } from 'node:timers/promises'
import { wishWords } from '../../../../shared/model/recoveryTarget'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { logSize, readLogFrom } from '../../../postgres/localClusterLog'
import { type ControlData, readControlData } from '../../../postgres/localClusterState'
import { withClient } from '../../../postgres/withClient'
import { type Connected, connectRecovered, loginDraft, sayConnected } from '../connectRecovered'
import type { Parts, RecoveryServices } from '../parts'
import type { RecoveryPlan } from '../planRecovery'
import { clusterOf, type Evidence, readEvidence, type StartedCluster, startRecovered } from '../startRecovered'
import { type Outcome, outcomeProblem, readOutcome, stopLines } from './judgeOutcome'
import type { PointRun } from './pointRun'
import { recoveryFailure, watchReplay } from './replay'
import { requireSalvaged } from './salvageEvidence'

export interface Reached {
  port: number
  evidence: Evidence
  outcome: Outcome
  connected: Connected
  control: ControlData
  /** The server's own words about the stop. */
  lines: string[]
  /** Of the salvaged WAL what recovery fetched. */
  salvaged: string[]
  /** Asked right after a stop that waits; null where nobody could. */
  replayedTo: string | null
}

/** Throws AppError postgres with the server's words explained; the caller stops what may still run. */
export async function recoverToPoint(
  job: JobContext,
  services: RecoveryServices,
  parts: Parts,
  plan: RecoveryPlan,
  point: PointRun,
): Promise<Reached> {
  const { logFile } = plan
  const from = await logSize(logFile)
  job.step('start')
  const started = await start(job, services, parts, plan, { logFile, from })
  job.endStep('start', 'done', `port ${started.port}`)

  job.step('consistent')
  const evidence = readEvidence(plan, started.lines)
  job.endStep('consistent', 'done', evidence.detail)

  job.step('replay')
  const dataDirectory = plan.data.final
  const ask = asker(job, services, plan, started)
  const { outcome, lines } = await watchReplay(job, {
    logFile,
    from,
    dataDirectory,
    run: point,
    ask,
    shown: started.lines.length,
  })
  job.progress(null)
  job.endStep('replay', 'done', outcome.lastFile === null ? 'no segment of the archive was needed' : `up to ${outcome.lastFile}`)

  job.step('stop')
  const problem = outcomeProblem(outcome, point)
  if (problem !== '') {
    throw new AppError('postgres', `The recovery did not stop where it was to: ${problem}`, {
      hint: 'Do not use this cluster. Check the WAL from the backup on, on the archive’s page.',
    })
  }
  const salvaged = await requireSalvaged(point, dataDirectory)
  job.endStep('stop', 'done', stopWords(outcome, point))

  job.step('connect')
  const connected = await connect(job, services, plan, started, outcome)
  const replayedTo = outcome.state === 'paused' && ask ? ((await ask())?.lsn ?? null) : null
  const control = await readControlData(services.spawn, clusterOf(plan), job.signal)
  job.signal.throwIfAborted()
  return { port: started.port, evidence, outcome, connected, control, lines: stopLines(lines), salvaged, replayedTo }
}

/** A target that shuts down may have been reached before the start was over. */
async function start(
  job: JobContext,
  services: RecoveryServices,
  parts: Parts,
  plan: RecoveryPlan,
  log: { logFile: string; from: number },
): Promise<StartedCluster> {
  try {
    return await startRecovered(job, services, parts, plan)
  } catch (error) {
    if (job.signal.aborted || !(error instanceof AppError) || error.code !== 'postgres') throw error
    const lines = await readLogFrom(log.logFile, log.from)
    if (readOutcome(lines).state === 'shutdown') return { port: plan.port ?? 0, lines, connectionId: null }
    throw recoveryFailure(lines, error.message, log.logFile)
  }
}

async function connect(
  job: JobContext,
  services: RecoveryServices,
  plan: RecoveryPlan,
  started: StartedCluster,
  outcome: Outcome,
): Promise<Connected> {
  if (outcome.state === 'shutdown') {
    job.endStep('connect', 'skipped', 'it shut down at the target, as asked')
    return { how: '', label: '', connectionId: null, problem: '' }
  }
  const connected = await connectRecovered(job, services, plan, { ...started, recovering: outcome.state === 'paused' })
  sayConnected(job, connected)
  job.endStep('connect', connected.how === '' ? 'warning' : 'done', connected.how || 'nobody logged in')
  return connected
}

const question = `SELECT pg_catalog.pg_last_wal_replay_lsn()::text AS lsn,
  coalesce(pg_catalog.to_char(pg_catalog.pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), '') AS time`

/** null where no login is known: then the log alone tells how far it is. */
function asker(job: JobContext, services: RecoveryServices, plan: RecoveryPlan, { port, connectionId }: StartedCluster) {
  const { login } = plan.request
  if (connectionId === null && login === null) return null
  let refused = 0
  return async () => {
    if (refused > 2) return null
    try {
      const connection =
        connectionId === null
          ? await services.connections.resolveDraft((await loginDraft(job, services, login ?? '', port)).draft)
          : await services.connections.resolve(connectionId)
      return await Promise.race([
        withClient({ connections: services.connections, connection, signal: job.signal }, async (client) => {
          const { rows } = await client.query<{ lsn: string | null; time: string }>(question)
          return rows[0]?.lsn ? { lsn: rows[0].lsn, time: rows[0].time } : null
        }),
        delay(5000).then(() => null),
      ])
    } catch (error) {
      if (job.signal.aborted) throw error
      // It may be ending, or have another password: the log goes on to tell.
      refused += 1
      return null
    }
  }
}

function stopWords(outcome: Outcome, { wish }: PointRun): string {
  const how = {
    paused: 'paused',
    promoted: `promoted to timeline ${outcome.newTimeline ?? '?'}`,
    shutdown: 'shut down',
    replaying: '',
  }
  const where = outcome.stop === '' ? `the end of the WAL, redo done at ${outcome.redoDone}` : outcome.stop
  return `${where}; ${how[outcome.state]}; as asked: ${wishWords(wish)}`
}
