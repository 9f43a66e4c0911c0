// Watches a recovery from its consistency to its stop: how far it is, by position, until the log says how it ended.
import { setTimeout as delay } from 'node:timers/promises'
import { parseLsn } from '../../../../shared/model/lsn'
import { parseSegmentName } from '../../../../shared/model/walFile'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { readLogFrom } from '../../../postgres/localClusterLog'
import { findPostmaster } from '../../../postgres/localClusterState'
import { explainRecoveryFailure } from './explainRecoveryFailure'
import { type Outcome, readOutcome } from './judgeOutcome'
import type { PointRun } from './pointRun'

export interface Replaying {
  /** Where the server's lines are since its start. */
  logFile: string
  from: number
  dataDirectory: string
  run: PointRun
  /** Asks the server for the last position it replayed and the time of the last transaction; null when it can't be asked. */
  ask: (() => Promise<{ lsn: string; time: string } | null>) | null
  /** Lines that were logged already. */
  shown: number
}

/** Throws AppError postgres with what the server said, explained, when it gives up. */
export async function watchReplay(job: JobContext, replaying: Replaying): Promise<{ outcome: Outcome; lines: string[] }> {
  const { run, ask } = replaying
  let { shown } = replaying
  for (let round = 0; ; round += 1) {
    job.signal.throwIfAborted()
    // The process first: what it wrote before it ended is in the log by then.
    const alive = await findPostmaster(replaying.dataDirectory)
    const lines = await readLogFrom(replaying.logFile, replaying.from)
    for (const line of lines.slice(shown)) job.log(line, /\b(FATAL|PANIC|ERROR):/.test(line) ? 'warning' : 'info')
    shown = lines.length
    const outcome = readOutcome(lines)
    if (outcome.state === 'shutdown' && !alive) return { outcome, lines }
    if (outcome.state === 'paused' || outcome.state === 'promoted') return { outcome, lines }
    if (!alive) throw recoveryFailure(lines, 'The server ended before the target was reached', replaying.logFile)
    if (/hot standby is not possible because of insufficient parameter settings/.test(lines.join('\n'))) {
      throw recoveryFailure(lines, 'The server stopped replaying', replaying.logFile)
    }
    const answer = ask && round % 5 === 0 ? await ask() : null
    report(job, run, outcome, answer)
    await delay(100)
  }
}

function report(job: JobContext, run: PointRun, outcome: Outcome, answer: { lsn: string; time: string } | null): void {
  const file = outcome.lastFile === null ? undefined : parseSegmentName(outcome.lastFile, run.segmentSize)
  const at = parseLsn(answer?.lsn ?? '') ?? (file ? file.number * BigInt(run.segmentSize) : undefined)
  if (at === undefined) return
  const total = Number(run.to - run.from)
  const done = Math.max(0, Math.min(Number(at - run.from), total))
  const time = answer?.time ? `, ${answer.time} UTC` : ''
  job.progress({ done, total, unit: 'bytes', label: `${answer?.lsn ?? outcome.lastFile ?? ''}${time}` })
}

/** In the server's own words, explained where they are known. */
export function recoveryFailure(lines: readonly string[], what: string, logFile: string): AppError {
  const explained = explainRecoveryFailure(lines)
  const words = lines
    .filter((line) => /\b(?:FATAL|PANIC|WARNING|DETAIL):\s/.test(line))
    .map((line) => line.replace(/^.*?\b(?=(?:FATAL|PANIC|WARNING|DETAIL):)/, ''))
    .slice(-4)
  const said = words.length === 0 ? '' : ` The server said: ${words.join(' ')}`
  const sentence = explained ? explained.says : `${what}.`
  return new AppError('postgres', `${sentence}${said}`, {
    hint: explained?.advice ?? `Its log says more: ${logFile}`,
    details: { reason: explained?.reason ?? 'unknown' },
  })
}
