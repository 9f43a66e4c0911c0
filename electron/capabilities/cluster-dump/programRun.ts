// Runs pg_dumpall as part of a job: its warnings become issues, and any end but a good one is explained.
import { formatPgVersion, type PgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { collectMessages, toIssue } from '../../library/dumpWarnings'
import { explainToolFailure } from '../../library/explainToolFailure'

export interface ProgramRun {
  tool: { program: string; path: string; version: PgVersion }
  argv: readonly string[]
  env: Record<string, string>
}

/** Returns the warnings. Throws AppError. */
export async function runProgram(
  job: JobContext,
  { tool, argv, env }: ProgramRun,
  onLine: (line: string) => void = () => undefined,
): Promise<string[]> {
  const collected = collectMessages()
  const errors: string[] = []
  const exit = await job.run({
    file: tool.path,
    argv,
    env,
    onStderr: (line) => {
      collected.line(line)
      if (/(error|fatal|FATAL|ERROR|PANIC|detail|hint): /.test(line) && errors.length < 200) errors.push(line)
      onLine(line)
    },
  })
  if (exit.cancelled) throw new AppError('cancelled', `${tool.program} was cancelled.`)
  const warnings = collected.messages.filter(({ severity }) => severity === 'warning').map(toIssue)
  for (const issue of warnings) job.issue(issue)
  if (exit.code !== 0) {
    throw explainToolFailure(`${tool.program} ${formatPgVersion(tool.version)}`, exit, [...errors, ...exit.stderrTail])
  }
  return warnings.map(({ message }) => message)
}
