// Starts the deployed cluster the way it will be run from now on, and judges the start by what its log says.

import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { JobFact } from '../../../shared/jobs/job'
import { parseLsn, toLsn } from '../../../shared/model/lsn'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { stopLocalCluster } from '../../postgres/controlLocalCluster'
import { controlDebian } from '../../postgres/debianClusters'
import { startCluster, stopCluster } from '../../postgres/localCluster'
import { failureLines, logSize, readLogFrom, saysReady, startHint } from '../../postgres/localClusterLog'
import { findPostmaster, type LocalCluster } from '../../postgres/localClusterState'
import { startedByHand } from './folderCluster'
import type { Parts, RecoveryServices } from './parts'
import type { RecoveryPlan } from './planRecovery'

export interface StartedCluster {
  port: number
  /** Everything the server wrote since the start. */
  lines: string[]
  /** The practice cluster's own connection, which was used already. */
  connectionId: string | null
}

/** Throws AppError with the server's own words; the caller stops what may still run. */
export async function startRecovered(
  job: JobContext,
  services: RecoveryServices,
  parts: Parts,
  plan: RecoveryPlan,
): Promise<StartedCluster> {
  const { target } = plan
  const lines: string[] = []
  const cluster = clusterOf(plan)
  if (target?.origin === 'practice') {
    const { port } = await parts.practice.start(job, target.name, (line) => void lines.push(line))
    return { port, lines, connectionId: parts.practice.connectionId(target.name) }
  }
  if (target?.origin === 'debian') return startDebian(job, services, plan, cluster)
  await startCluster(services.spawn, cluster, {
    // Its log is what the start is judged by.
    settings: {
      lc_messages: 'C',
      log_destination: 'stderr',
      logging_collector: 'off',
      log_line_prefix: '%m [%p] ',
      log_min_messages: 'warning',
    },
    signal: job.signal,
    patient: true,
    // The connection is a step of its own: roles and passwords are those of the backup.
    probe: async () => undefined,
    onLine: (line) => {
      lines.push(line)
      logLine(job, line)
    },
  })
  return { port: plan.port ?? 0, lines, connectionId: null }
}

export function clusterOf({ programs, data, account, logFile }: RecoveryPlan): LocalCluster {
  if (!programs) throw new AppError('internal', 'There are no programs for this backup.')
  return { bin: programs.bin, dataDirectory: data.final, account, logFile }
}

function logLine(job: JobContext, line: string): void {
  job.log(line, /\b(FATAL|PANIC|ERROR):/.test(line) ? 'warning' : 'info')
}

async function startDebian(
  job: JobContext,
  services: RecoveryServices,
  { target, account }: RecoveryPlan,
  cluster: LocalCluster,
): Promise<StartedCluster> {
  const from = await logSize(cluster.logFile)
  const exit = await controlDebian(services.spawn, target?.name ?? '', 'start', account)
  let shown = 0
  for (;;) {
    job.signal.throwIfAborted()
    const lines = await readLogFrom(cluster.logFile, from)
    for (const line of lines.slice(shown)) logLine(job, line)
    shown = lines.length
    const postmaster = await findPostmaster(cluster.dataDirectory)
    if (postmaster && saysReady(lines)) return { port: postmaster.port ?? target?.port ?? 0, lines, connectionId: null }
    if (!postmaster) {
      const words = lines.length > 0 ? failureLines(lines) : exit.stderrTail
      throw new AppError('postgres', `${target?.name} did not start: ${words.join('\n')}`, {
        hint: startHint([...lines, ...exit.stderrTail], cluster.logFile),
      })
    }
    await delay(100)
  }
}

/** Whatever runs in there by now is stopped at once: what it holds is thrown away, or recovered anew. */
export async function stopRecovered(services: RecoveryServices, plan: RecoveryPlan): Promise<void> {
  const cluster = clusterOf(plan)
  if (!(await findPostmaster(cluster.dataDirectory))) return
  if (plan.target?.origin === 'debian') await stopLocalCluster(services.spawn, { info: plan.target, cluster })
  else await stopCluster(services.spawn, cluster, 'fast')
}

export interface Evidence {
  /** Where the server said that it is consistent; null for a backup of a cluster that was shut down. */
  consistentAt: string | null
  /** In words, for the step. */
  detail: string
}

/**
 * A start proves nothing by itself: the log must say that the backup's end was reached. Source: CheckRecoveryConsistency in
 * xlogrecovery.c (xlog.c before 15), StartupXLOG for a clean one.
 */
export function readEvidence({ backup, logFile, point }: RecoveryPlan, lines: readonly string[]): Evidence {
  const text = lines.join('\n')
  const reached = /consistent recovery state reached at ([0-9A-F]+\/[0-9A-F]+)/.exec(text)?.[1] ?? null
  const missing = (what: string) =>
    new AppError('postgres', `The server runs, but its log does not say "${what}": whether it is consistent is not known.`, {
      hint: `Look at ${logFile}.`,
    })
  if (!saysReady(lines)) throw missing('database system is ready to accept connections')
  if (backup.kind === 'cold-backup' && point === null) {
    if (/database system was shut down/.test(text)) return { consistentAt: null, detail: 'it had been shut down cleanly' }
    if (/automatic recovery in progress/.test(text)) {
      const end = /redo done at ([0-9A-F]+\/[0-9A-F]+)/.exec(text)?.[1]
      return { consistentAt: reached, detail: `crash recovery${end === undefined ? '' : `, redo done at ${end}`}` }
    }
    throw missing('database system was shut down')
  }
  if (reached === null) throw missing('consistent recovery state reached')
  const at = parseLsn(reached)
  if (backup.stop && (at === undefined || at < toLsn(backup.stop.lsn))) {
    throw new AppError(
      'postgres',
      `The server became consistent at ${reached}, before the end of the backup at ${backup.stop.lsn}.`,
      {
        hint: 'Was backup_label removed or changed? Do not use this cluster; take another backup.',
      },
    )
  }
  return { consistentAt: reached, detail: `consistent at ${reached}` }
}

/** How it is started and stopped from now on, as a person would type it. */
export function laterCommands({
  target,
  account,
  programs,
  data,
  logFile,
}: Pick<RecoveryPlan, 'target' | 'account' | 'programs' | 'data' | 'logFile'>): { start: string; stop: string } {
  if (target?.origin === 'practice') return { start: 'on the Practice page', stop: 'on the Practice page' }
  if (target?.origin === 'debian') {
    const name = target.name.replace('/', ' ')
    return { start: `pg_ctlcluster ${name} start`, stop: `pg_ctlcluster ${name} stop` }
  }
  const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
  const as = account ? `sudo -u ${account.name} ` : ''
  const program = `${as}${quote(path.join(programs?.bin ?? '', 'pg_ctl'))} --pgdata=${quote(data.final)}`
  return { start: `${program} --log=${quote(logFile)} start`, stop: `${program} stop${target ? ' -m fast' : ''}` }
}

/** For one that a service or a script started so far, which knows nothing of the new server. */
export function serviceFacts({ target }: Pick<RecoveryPlan, 'target'>): JobFact[] {
  if (target === null || !startedByHand(target)) return []
  const value =
    'the service or script that started it so far does not know this server: stop it as above, put port and listen_addresses at the end of postgresql.auto.conf right, then start it as before'
  return [{ label: 'The old way', value, mono: false }]
}
