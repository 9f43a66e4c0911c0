// One part of a job that runs beside others, as a job of its own to the function that runs it: own progress, own cleanup.
import type { JobIssue, JobProgress } from '../../shared/jobs/job'
import { messageOf } from '../process/systemError'
import { stderrLevel } from './jobContext'
import type { JobContext } from './jobTypes'

export interface PartWatch {
  /** Before each line of its log, and before the objects of its issues: the database's name. */
  name: string
  onProgress(progress: JobProgress | null): void
  /** The id of the step that the part is at. */
  onStep(id: string): void
  onIssue?(issue: JobIssue): void
}

/**
 * The part's steps and progress are the watcher's business and do not show by themselves; its commands, log lines
 * and issues join the job's. What it registered for cleaning up runs when the part ends, however it ends.
 */
export async function runPart<T>(job: JobContext, watch: PartWatch, run: (part: JobContext) => Promise<T>): Promise<T> {
  const cleanups: { label: string; cleanup: () => Promise<void> | void }[] = []
  const prefix = `[${watch.name}] `
  const part: JobContext = {
    id: job.id,
    signal: job.signal,
    // The job itself decides what to hide: a password may be part of another part's names.
    hide: () => undefined,
    log: (text, level) => job.log(prefix + text, level),
    standing: () => undefined,
    progress: (progress) => watch.onProgress(progress),
    step: (id) => watch.onStep(id),
    endStep: () => undefined,
    command: (command) => job.command({ ...command, title: `${watch.name}: ${command.title}` }),
    // Files of a part lie within the job's own unfinished output; a database stands for itself.
    output: (output) => {
      if (output.partial === null) job.output(output)
    },
    issue: (issue) => {
      watch.onIssue?.(issue)
      job.issue({ ...issue, object: issue.object === '' ? watch.name : `${watch.name}: ${issue.object}` })
    },
    run: ({ logStderr = true, ...request }) =>
      job.run({
        ...request,
        logStderr: false,
        onStderr: (line) => {
          if (logStderr) job.log(prefix + line, stderrLevel(line))
          request.onStderr?.(line)
        },
      }),
    onCleanup: (label, cleanup) => void cleanups.push({ label, cleanup }),
    leftover: (description) => job.leftover(description),
  }
  try {
    return await run(part)
  } finally {
    for (const { label, cleanup } of cleanups.toReversed()) {
      try {
        await cleanup()
      } catch (error) {
        job.log(`${prefix}Cleaning up (${label}) failed: ${messageOf(error)}`, 'error')
      }
    }
  }
}

/** Runs `work` for each item, `limit` at a time, in their order; every one is run, and what each came to is told. */
export async function runSeveral<I, O>(
  items: readonly I[],
  limit: number,
  work: (item: I) => Promise<O>,
): Promise<PromiseSettledResult<O>[]> {
  const results: PromiseSettledResult<O>[] = []
  let next = 0
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at] as I // `at` is below the length
      results[at] = await Promise.resolve()
        .then(() => work(item))
        .then(
          (value) => ({ status: 'fulfilled' as const, value }),
          (reason: unknown) => ({ status: 'rejected' as const, reason }),
        )
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}

export interface Turn {
  /** The next one may begin. More than once does no harm. */
  end(): void
}

/** At most `limit` turns at a time, given in the order they are asked for. */
export function takeTurns(limit: number): { take(): Promise<Turn> } {
  let free = limit
  const waiting: (() => void)[] = []
  return {
    take: async () => {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      let ended = false
      return {
        end: () => {
          if (ended) return
          ended = true
          const next = waiting.shift()
          if (next) next()
          else free += 1
        },
      }
    },
  }
}
