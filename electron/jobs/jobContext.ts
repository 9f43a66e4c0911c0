// What a run function works with: everything it says and starts goes through here, redacted and on record.
import { basename } from 'node:path'
import type { LogLevel } from '../../shared/jobs/job'
import { processStartMark } from '../process/processTable'
import type { ProcessExit, SpawnTool } from '../process/processTypes'
import { messageOf } from '../process/systemError'
import type { JobContext } from './jobTypes'
import type { LiveJob } from './liveJob'

export interface RunScope {
  context: JobContext
  /** Runs what was registered, last first; resolves when all is done. */
  cleanUp: () => Promise<void>
}

/** As PostgreSQL's programs mark their lines with LC_MESSAGES=C. */
export function stderrLevel(line: string): LogLevel {
  if (/(^|[\s:])(error|ERROR|fatal|FATAL|PANIC):/.test(line)) return 'error'
  if (/(^|[\s:])(warning|WARNING):/.test(line)) return 'warning'
  return 'info'
}

export function exitText(exit: ProcessExit): string {
  const how = exit.killedBy === null ? `exit code ${exit.code}` : `ended by ${exit.killedBy}`
  return `${how}, ${(exit.durationMs / 1000).toFixed(1)} s${exit.forced ? ', had to be killed' : ''}`
}

export function createJobContext(job: LiveJob, signal: AbortSignal, spawn: SpawnTool): RunScope {
  const cleanups: { label: string; cleanup: () => Promise<void> | void }[] = []
  const now = () => new Date().toISOString()

  const findStep = (id: string) => {
    if (!job.hasStep(id)) throw new Error(`job ${job.id} has no step ${id}`)
  }

  const context: JobContext = {
    id: job.id,
    signal,
    hide: (secret) => job.hide(secret),
    log: (text, level = 'info') => job.addLogLine(text, level),
    progress: (progress) =>
      job.update((snapshot) => {
        snapshot.progress = progress && { ...progress, label: job.redact(progress.label) }
        snapshot.movedAt = now()
      }),
    standing: (standing) =>
      job.show((snapshot) => {
        snapshot.standing = { ...standing, words: job.redact(standing.words) }
        snapshot.movedAt = now()
      }),
    step: (id, beside = false) => {
      findStep(id)
      job.update((snapshot) => {
        for (const step of snapshot.steps) {
          if (step.id === id) Object.assign(step, { state: 'running', startedAt: step.startedAt ?? now(), endedAt: null })
          else if (step.state === 'running' && !beside) Object.assign(step, { state: 'done', endedAt: now() })
        }
        snapshot.movedAt = now()
      })
    },
    endStep: (id, state, detail) => {
      findStep(id)
      job.update((snapshot) => {
        for (const step of snapshot.steps) {
          if (step.id !== id) continue
          // What is said of a step after the next one began does not make it longer.
          const endedAt = step.endedAt ?? now()
          Object.assign(step, { state, endedAt, detail: detail === undefined ? step.detail : job.redact(detail) })
        }
        snapshot.movedAt = now()
      })
    },
    command: (command) => job.update((snapshot) => void snapshot.commands.push(job.redactAll(command))),
    output: (output) => {
      job.update((snapshot) => void snapshot.outputs.push(output))
      job.saveNow()
    },
    issue: (issue) => job.addIssue(issue),
    run: async ({ logStderr = true, ...request }) => {
      for (const secret of [...(request.redact ?? []), ...Object.values(request.secretEnv ?? {})]) job.hide(secret)
      const exit = await spawn({
        ...request,
        jobId: job.id,
        signal,
        redact: job.secrets,
        onStderr: (line) => {
          if (logStderr) job.addLogLine(line, stderrLevel(line))
          request.onStderr?.(line)
        },
        onSpawn: (pid) => {
          if (process.platform !== 'linux' && !request.outlives) void rememberProcess(job, pid)
          request.onSpawn?.(pid)
        },
      })
      job.addLogLine(`${basename(request.file)}: ${exitText(exit)}`, 'info')
      return exit
    },
    onCleanup: (label, cleanup) => void cleanups.push({ label, cleanup }),
    leftover: (description) => job.addLeftover(description),
  }

  const cleanUp = async () => {
    for (const { label, cleanup } of cleanups.toReversed()) {
      try {
        await cleanup()
      } catch (error) {
        job.addLogLine(`Cleaning up (${label}) failed: ${messageOf(error)}`, 'error')
      }
    }
  }

  return { context, cleanUp }
}

/** Linux finds children by their environment; elsewhere the next start needs the number and the start time. */
async function rememberProcess(job: LiveJob, pid: number): Promise<void> {
  try {
    const startMark = await processStartMark(pid)
    if (startMark !== null) job.addProcess({ pid, startMark })
  } catch (error) {
    job.addLogLine(`Process ${pid} could not be noted: ${messageOf(error)}`, 'info')
  }
}
