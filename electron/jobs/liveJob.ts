// One job in memory: its record, its log, and the only ways to change them.
import { existsSync } from 'node:fs'
import type { JobIssue, JobSnapshot, JobState, LogLevel } from '../../shared/jobs/job'
import { isEnded, mayFollow } from '../../shared/jobs/transitions'
import { makeRedactor, type Redactor } from '../process/redact'
import type { Secret } from '../process/secret'
import { messageOf } from '../process/systemError'
import type { JobLog } from './jobLog'
import type { JobStore, StartedProcess } from './jobStore'

const issueLimit = 500
const saveMs = 2_000

export interface LiveJobOptions {
  snapshot: JobSnapshot
  log: JobLog
  store: JobStore
  /** 'now' for what a person waits to see, 'soon' for what moves all the time. */
  changed: (when: 'now' | 'soon') => void
  /** For failures of the record itself, which must not end the job. */
  report: (text: string) => void
}

export class LiveJob {
  readonly #options: LiveJobOptions
  readonly #snapshot: JobSnapshot
  readonly #secrets: Secret[] = []
  readonly #processes: StartedProcess[] = []
  #redactor: Redactor = makeRedactor([])
  #saveTimer: NodeJS.Timeout | null = null
  readonly log: JobLog

  constructor(options: LiveJobOptions) {
    this.#options = options
    this.#snapshot = options.snapshot
    this.log = options.log
  }

  get id(): string {
    return this.#snapshot.id
  }

  get state(): JobState {
    return this.#snapshot.state
  }

  get secrets(): readonly Secret[] {
    return this.#secrets
  }

  copy(): JobSnapshot {
    return structuredClone(this.#snapshot)
  }

  hasStep(id: string): boolean {
    return this.#snapshot.steps.some((step) => step.id === id)
  }

  hide(secret: Secret): void {
    if (this.#secrets.some((known) => known.reveal() === secret.reveal())) return
    this.#secrets.push(secret)
    this.#redactor = makeRedactor(this.#secrets)
  }

  redact(text: string): string {
    return this.#redactor.apply(text)
  }

  /** Every text in a value, however deep. */
  redactAll<T>(value: T): T {
    const walk = (part: unknown): unknown => {
      if (typeof part === 'string') return this.redact(part)
      if (Array.isArray(part)) return part.map(walk)
      if (part !== null && typeof part === 'object') {
        return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, walk(inner)]))
      }
      return part
    }
    return walk(value) as T // the same shape, with other texts
  }

  move(to: JobState): void {
    const from = this.#snapshot.state
    if (!mayFollow(from, to)) throw new Error(`job ${this.id}: ${to} can't follow ${from}`)
    const now = new Date().toISOString()
    this.#snapshot.state = to
    if (to === 'running') this.#snapshot.startedAt = now
    if (isEnded(to)) this.#snapshot.endedAt = now
  }

  /** Changes the record; saved and told soon. Nothing changes any more once the job has ended. */
  update(change: (snapshot: JobSnapshot) => void): void {
    if (isEnded(this.#snapshot.state)) return
    change(this.#snapshot)
    this.#saveSoon()
    this.#options.changed('soon')
  }

  /** Changes what is shown; it comes to disk with the next change that is saved. */
  show(change: (snapshot: JobSnapshot) => void): void {
    if (isEnded(this.#snapshot.state)) return
    change(this.#snapshot)
    this.#options.changed('soon')
  }

  /** On disk when it returns; throws when it can't be. */
  saveNow(): void {
    if (this.#saveTimer) clearTimeout(this.#saveTimer)
    this.#saveTimer = null
    this.#options.store.write(this.#record())
    this.#options.changed('now')
  }

  /** As saveNow, for a state that stands whether or not the disk takes it. */
  saveOrReport(): void {
    try {
      this.saveNow()
    } catch (error) {
      this.#options.report(`The record of job ${this.id} could not be saved: ${messageOf(error)}`)
      this.#options.changed('now')
    }
  }

  addLogLine(text: string, level: LogLevel): void {
    if (isEnded(this.#snapshot.state)) return
    const at = new Date()
    for (const line of this.redact(text).split(/\r\n|\n|\r/)) this.log.append(level, line, at)
    this.#snapshot.movedAt = at.toISOString()
    this.#snapshot.logLines = this.log.counts.total
    this.#options.changed('soon')
  }

  addIssue(issue: JobIssue): void {
    const told = this.redactAll(issue)
    this.update((snapshot) => {
      if (told.harmless === null && told.severity === 'error') snapshot.errorCount += 1
      if (told.harmless === null && told.severity === 'warning') snapshot.warningCount += 1
      if (snapshot.issues.length < issueLimit) snapshot.issues.push(told)
      else if (told.harmless === null && told.severity === 'error') {
        // A full list of lesser things must not hide an error.
        const lesser = snapshot.issues.findLastIndex((known) => known.severity === 'warning' || known.harmless !== null)
        if (lesser >= 0) snapshot.issues[lesser] = told
      }
    })
  }

  addProcess(started: StartedProcess): void {
    if (isEnded(this.#snapshot.state)) return
    this.#processes.push(started)
    this.saveOrReport()
  }

  addLeftover(description: string): void {
    const told = this.redact(description)
    this.update((snapshot) => {
      if (!snapshot.leftovers.includes(told)) snapshot.leftovers.push(told)
    })
  }

  /** Unfinished outputs that are still there, for a job that did not succeed; those that it named with more words are named. */
  noteUnfinishedOutputs(): void {
    for (const { partial } of this.#snapshot.outputs) {
      if (partial === null || !existsSync(partial)) continue
      const told = this.redact(`${partial}: `)
      if (!this.#snapshot.leftovers.some((leftover) => leftover.startsWith(told))) this.addLeftover(partial)
    }
  }

  #saveSoon(): void {
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = null
      this.#options.store.writeLater(this.#record()).catch((error: unknown) => {
        this.#options.report(`The record of job ${this.id} could not be saved: ${messageOf(error)}`)
      })
    }, saveMs)
  }

  #record() {
    return { recordVersion: 1 as const, job: this.#snapshot, processes: this.#processes }
  }
}
