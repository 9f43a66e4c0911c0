// Long because it is one state with a lifetime. Queues, runs and ends jobs, and keeps what is known of every job that ever ran here.
import type { z } from 'zod'
import type { jobEvent } from '../../shared/contracts/jobs'
import type { JobSnapshot, LogLevel, LogLine } from '../../shared/jobs/job'
import { AppError } from '../../shared/rpc/appError'
import type { SpawnTool } from '../process/processTypes'
import { fromSystemError, messageOf } from '../process/systemError'
import { ChangeFeed } from './changeFeed'
import { recoverInterruptedJobs, type SettleInterrupted } from './interruptedJobs'
import { createJobContext } from './jobContext'
import { JobLog } from './jobLog'
import { failureOf, type Outcome, settleSteps, successOf } from './jobOutcome'
import { createJobStore, type JobStore } from './jobStore'
import { Closing, type JobDefinition, type JobManager } from './jobTypes'
import { LiveJob } from './liveJob'
import { LogShelf } from './logShelf'
import { firstSnapshot, newJobId } from './newJob'

/** How long a shutdown waits for cancelled jobs: the grace time of a child, its end, and the clean-up. */
const shutdownMs = 30_000

export interface JobManagerOptions {
  /** The jobs folder. */
  folder: string
  /** Of the data folder, see claimInstance: its lock must be held. */
  instanceId: string
  spawn: SpawnTool
  /** Asked each time a job could begin. */
  concurrentJobs: () => number
  /** What is put away of an interrupted job, see recoverInterruptedJobs. */
  settle?: SettleInterrupted
  /** For what has no job to be told in: unreadable records, failing disks, stacks of unexpected errors. */
  report?: (text: string) => void
}

/** Reads the records, ends what an interrupted run left, and takes jobs from then on. */
export async function openJobManager(options: JobManagerOptions): Promise<JobManager> {
  const report = options.report ?? ((text: string) => void process.stderr.write(`${text}\n`))
  const store = createJobStore(options.folder)
  const { records, problems } = await store.load()
  problems.push(...(await recoverInterruptedJobs(records, store, options.instanceId, options.settle)))
  for (const problem of problems) report(problem)
  const known = records.map((record) => record.job)
  return new Manager(options, store, report, known)
}

interface ActiveJob {
  live: LiveJob
  definition: JobDefinition<unknown>
  abort: AbortController
  ended: Promise<JobSnapshot>
  settle: (snapshot: JobSnapshot) => void
}

class Manager implements JobManager {
  readonly #options: JobManagerOptions
  readonly #store: JobStore
  readonly #report: (text: string) => void
  readonly #feed = new ChangeFeed()
  readonly #past = new Map<string, JobSnapshot>()
  /** Queued, running and cancelling ones, in the order they came. */
  readonly #active = new Map<string, ActiveJob>()
  readonly #pastLogs: LogShelf
  #closing = false

  constructor(options: JobManagerOptions, store: JobStore, report: (text: string) => void, known: readonly JobSnapshot[]) {
    this.#options = options
    this.#store = store
    this.#report = report
    this.#pastLogs = new LogShelf((id) => JobLog.open(store.logFile(id)))
    for (const job of known) this.#past.set(job.id, job)
  }

  start<I>(definition: JobDefinition<I>): JobSnapshot {
    if (this.#closing) throw new AppError('conflict', 'Walkback is closing and starts no more jobs.')
    this.#requireLocks(definition.locks)
    const id = newJobId((taken) => this.#past.has(taken) || this.#active.has(taken))
    const live = this.#create(id, firstSnapshot(id, definition))
    let settle: (snapshot: JobSnapshot) => void = () => undefined
    const ended = new Promise<JobSnapshot>((resolve) => {
      settle = resolve
    })
    this.#active.set(id, { live, definition, abort: new AbortController(), ended, settle })
    this.#feed.changedNow(id)
    this.#fill()
    return live.copy()
  }

  list(): JobSnapshot[] {
    const all = [...this.#past.values(), ...[...this.#active.values()].map(({ live }) => live.copy())]
    const age = (job: JobSnapshot) => `${job.createdAt} ${job.id}`
    return all.toSorted((a, b) => (age(a) < age(b) ? 1 : -1))
  }

  get(id: string): JobSnapshot {
    const found = this.#active.get(id)?.live.copy() ?? this.#past.get(id)
    if (!found) throw noSuchJob(id)
    return found
  }

  /** A job that has ended meanwhile comes back as it is. */
  cancel(id: string): JobSnapshot {
    return this.#cancel(id)
  }

  #cancel(id: string, reason?: Closing): JobSnapshot {
    const job = this.#active.get(id)
    if (!job) return this.get(id)
    if (job.live.state === 'queued') return this.#end(job, { state: 'cancelled', error: null, unexpected: false })
    if (job.live.state === 'running') {
      job.live.addLogLine(reason?.message ?? `${job.definition.endless === true ? 'Stop' : 'Cancel'} was asked for.`, 'info')
      job.live.move('cancelling')
      job.live.saveOrReport()
      job.abort.abort(reason)
    }
    return job.live.copy()
  }

  remove(id: string): void {
    const job = this.get(id)
    if (this.#active.has(id)) {
      throw new AppError('conflict', `"${job.title}" has not ended yet.`, { hint: 'Cancel it first.' })
    }
    this.#store.remove(id)
    this.#past.delete(id)
    this.#pastLogs.drop(id)
    this.#feed.removed(id)
  }

  async readLog(id: string, from: number, count: number, level: LogLevel): Promise<{ lines: LogLine[]; total: number }> {
    return (await this.#log(id)).read(from, count, level)
  }

  async searchLog(id: string, text: string): Promise<{ lines: number[]; total: number }> {
    return (await this.#log(id)).search(text)
  }

  async *watch(signal: AbortSignal): AsyncGenerator<z.infer<typeof jobEvent>> {
    const subscription = this.#feed.subscribe(signal)
    try {
      yield { type: 'all', jobs: this.list().map(forList) }
      for (let batch = await subscription.next(); batch; batch = await subscription.next()) {
        for (const [jobId, change] of batch) {
          const job = this.#active.get(jobId)?.live.copy() ?? this.#past.get(jobId)
          if (change === 'removed') yield { type: 'removed', jobId }
          else if (job) yield { type: 'job', job: forList(job) }
        }
      }
    } finally {
      subscription.close()
    }
  }

  async *watchLog(id: string, signal: AbortSignal): AsyncGenerator<{ total: number; warnings: number; errors: number }> {
    const subscription = this.#feed.subscribe(signal)
    try {
      let told = -1
      for (;;) {
        const over = !this.#active.has(id)
        const { counts } = await this.#log(id)
        if (counts.total !== told) yield counts
        told = counts.total
        if (over) return
        let batch = await subscription.next()
        while (batch && !batch.has(id)) batch = await subscription.next()
        if (!batch || batch.get(id) === 'removed') return
      }
    } finally {
      subscription.close()
    }
  }

  async ended(id: string): Promise<JobSnapshot> {
    return this.#active.get(id)?.ended ?? this.get(id)
  }

  running(): JobSnapshot[] {
    return [...this.#active.values()].map(({ live }) => live.copy())
  }

  async shutdown(): Promise<void> {
    this.#closing = true
    const active = [...this.#active.values()]
    for (const { live } of active) this.#cancel(live.id, new Closing())
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, shutdownMs)
    })
    await Promise.race([Promise.all(active.map(({ ended }) => ended)), late])
    clearTimeout(timer)
    for (const { live } of this.#active.values()) live.log.flush()
    this.#feed.close()
  }

  #create(id: string, snapshot: JobSnapshot): LiveJob {
    let added = false
    try {
      this.#store.add(id)
      added = true
      const live = new LiveJob({
        snapshot,
        log: JobLog.create(this.#store.logFile(id)),
        store: this.#store,
        changed: (when) => (when === 'now' ? this.#feed.changedNow(id) : this.#feed.changedSoon(id)),
        report: this.#report,
      })
      live.saveNow()
      return live
    } catch (error) {
      if (added) this.#store.remove(id)
      throw fromSystemError(error, `keep a record of the job in ${this.#options.folder}`) ?? error
    }
  }

  /** Begins queued jobs as long as there is room. */
  #fill(): void {
    if (this.#closing) return
    const active = [...this.#active.values()].filter(({ definition }) => definition.endless !== true)
    const endless = [...this.#active.values()].filter(({ live, definition }) => definition.endless && live.state === 'queued')
    const busy = active.filter(({ live }) => live.state !== 'queued').length
    const queued = active.filter(({ live }) => live.state === 'queued')
    for (const job of [...endless, ...queued.slice(0, Math.max(0, this.#options.concurrentJobs() - busy))]) {
      job.live.move('running')
      job.live.saveOrReport()
      void this.#run(job)
    }
  }

  /** Never rejects: every end of a run function is an outcome. */
  async #run(job: ActiveJob): Promise<void> {
    const { live, definition, abort } = job
    const { context, cleanUp } = createJobContext(live, abort.signal, this.#options.spawn)
    let outcome: Outcome
    try {
      await Promise.resolve() // the caller of start gets its answer first
      abort.signal.throwIfAborted()
      const result = await definition.run(context)
      live.update((snapshot) => {
        snapshot.result = live.redactAll(result)
      })
      outcome = successOf(live.copy())
    } catch (error) {
      outcome = failureOf(error, abort.signal.aborted)
      if (outcome.unexpected) this.#report(live.redact(`Job ${live.id} (${definition.capability}): ${stackOf(error)}`))
      if (outcome.state === 'cancelled') live.addLogLine(`Cancelled: ${messageOf(error)}`, 'info')
    }
    await cleanUp()
    if (outcome.state === 'failed' || outcome.state === 'cancelled') live.noteUnfinishedOutputs()
    this.#end(job, outcome)
    this.#fill()
  }

  #end(job: ActiveJob, outcome: Outcome): JobSnapshot {
    const { live } = job
    const error = live.redactAll(outcome.error)
    if (error) live.addLogLine([error.message, error.hint].filter(Boolean).join(' '), 'error')
    if (live.log.problem) this.#report(`The log of job ${live.id} is not complete: ${live.log.problem.message}`)
    live.update((snapshot) => {
      snapshot.error = error
      settleSteps(snapshot, outcome.state, new Date().toISOString())
    })
    live.move(outcome.state)
    live.log.close()
    const last = live.copy()
    this.#past.set(live.id, last)
    this.#active.delete(live.id)
    this.#pastLogs.put(live.id, live.log)
    live.saveOrReport()
    job.settle(last)
    return last
  }

  #log(id: string): Promise<JobLog> {
    const active = this.#active.get(id)
    if (active) return Promise.resolve(active.live.log)
    this.get(id)
    return this.#pastLogs.get(id)
  }

  #requireLocks(wanted: readonly string[]): void {
    for (const { live, definition } of this.#active.values()) {
      const taken = definition.locks.find((lock) => wanted.includes(lock))
      if (taken === undefined) continue
      const what = taken.slice(taken.indexOf(':') + 1)
      throw new AppError('conflict', `The job "${definition.title}" is already working on ${what}.`, {
        hint: 'Wait until it has ended, or cancel it on the Jobs page.',
        details: { jobId: live.id, lock: taken },
      })
    }
  }
}

function forList(job: JobSnapshot): JobSnapshot {
  return { ...job, issues: [] }
}

function noSuchJob(id: string): AppError {
  return new AppError('not_found', `There is no job ${id}.`, { hint: 'It may have been removed from the list.' })
}

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))
