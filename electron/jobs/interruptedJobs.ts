// What a start makes of jobs that the last one did not finish: ends their processes, and says what they left.
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { JobSnapshot } from '../../shared/jobs/job'
import { isEnded } from '../../shared/jobs/transitions'
import { endOrphans } from '../process/orphans'
import { messageOf } from '../process/systemError'
import { JobLog } from './jobLog'
import { settleSteps } from './jobOutcome'
import type { JobRecord, JobStore } from './jobStore'

/** Puts away what an interrupted job left that still works; sentences of what was done. */
export type SettleInterrupted = (job: JobSnapshot) => Promise<string[]>

/** Records that were unfinished are changed in place and saved. Nothing they wrote is removed. */
export async function recoverInterruptedJobs(
  records: readonly JobRecord[],
  store: JobStore,
  instanceId: string,
  settle: SettleInterrupted = async () => [],
): Promise<string[]> {
  const unfinished = records.filter((record) => !isEnded(record.job.state))
  const problems: string[] = []
  const orphans = await endOrphans(
    instanceId,
    unfinished.flatMap((record) => record.processes),
  )
  for (const record of unfinished) {
    const { job } = record
    const log = await JobLog.open(store.logFile(job.id))
    const say = (text: string) => void log.append('error', text, new Date())
    const began = job.state !== 'queued'
    const settled = began ? await settle(job) : []
    interrupt(job, settled)
    say(job.error?.message ?? '')
    for (const orphan of orphans.filter(({ jobId }) => jobId === job.id)) {
      say(`Process ${orphan.pid} (${orphan.program}) was still running and ${orphan.ended ? 'was ended' : 'could NOT be ended'}.`)
      if (!orphan.ended) job.leftovers.push(`process ${orphan.pid} (${orphan.program})`)
    }
    if (began) for (const leftover of job.leftovers) say(`Left behind: ${leftover}`)
    log.close()
    job.logLines = log.counts.total
    try {
      store.write({ recordVersion: 1, job, processes: [] })
    } catch (error) {
      problems.push(`The record of job ${job.id} could not be saved: ${messageOf(error)}`)
    }
  }
  return problems
}

function interrupt(job: JobSnapshot, settled: readonly string[]): void {
  const now = new Date().toISOString()
  if (job.state === 'queued') {
    job.error = {
      code: 'disconnected',
      message: 'Walkback was ended before this job began. It did nothing.',
      hint: 'Run it again.',
    }
  } else {
    const complete: string[] = []
    // Named, but its job had still to find out whether it is right.
    const unsure = new Set(job.outputs.flatMap(({ final, left }) => (left === undefined ? [] : [final])))
    const doubt = job.outputs.findLast((output) => output.doubt !== undefined)?.doubt
    for (const { partial, final, left, doubt: doubted } of job.outputs) {
      if (doubted !== undefined) continue
      if (left !== undefined) {
        if (!isAbsolute(final) || existsSync(final)) addTo(job.leftovers, left)
      } else if (partial !== null && existsSync(partial)) addTo(job.leftovers, partial)
      else if (isAbsolute(final)) {
        if (existsSync(final) && !unsure.has(final)) complete.push(final)
      } else addTo(job.leftovers, `database ${final}, which may be incomplete`)
    }
    const whole = complete.length === 0 ? '' : ` Its output was complete by then: ${complete.join(', ')}.`
    const left = job.leftovers.length === 0 ? '' : ` Unfinished and of no use as it is: ${job.leftovers.join(', ')}.`
    job.error = {
      code: 'disconnected',
      message: `Walkback was ended while this job was running; it last moved at ${job.movedAt ?? job.startedAt ?? job.createdAt}.${whole}${left}${[...(doubt ? [doubt.says] : []), ...settled].map((text) => ` ${text}`).join('')}`,
      hint:
        doubt?.hint ??
        (job.endless === true
          ? 'It is taken up again where it was.'
          : whole === ''
            ? 'Run it again. What is left behind can be removed.'
            : 'Look at the output; it can be verified on the Backups page.'),
    }
  }
  settleSteps(job, 'interrupted', now)
  job.state = 'interrupted'
  job.endedAt = now
}

function addTo(list: string[], text: string): void {
  if (!list.includes(text)) list.push(text)
}
