// Runs pg_verifybackup as part of a job and collects what it finds, file by file.
import { formatPgVersion } from '../../shared/model/pgVersion'
import { AppError } from '../../shared/rpc/appError'
import type { BuiltCommand } from '../../shared/tools/buildCommand'
import type { JobContext } from '../jobs/jobTypes'
import type { ExactTool } from './exactTool'
import type { FileProblem } from './memberCheck'

export interface VerifierVerdict {
  /** It said so, and ended with 0. */
  verified: boolean
  /** Its errors; `file` is relative to the data directory, '' where it names none. */
  problems: FileProblem[]
  /** What the pg_waldump that it starts said was wrong. */
  walErrors: string[]
  /** With its version. */
  program: string
}

/** Throws AppError when it was cancelled, or ended by a signal: that says nothing about the backup. */
export async function runVerifier(
  job: JobContext,
  { tool, command }: { tool: ExactTool; command: BuiltCommand },
): Promise<VerifierVerdict> {
  let said = false
  const problems: FileProblem[] = []
  const walErrors: string[] = []
  const exit = await job.run({
    file: tool.path,
    argv: command.argv,
    logStderr: false,
    onStdout: (line) => {
      job.log(line)
      if (line === 'backup successfully verified') said = true
    },
    onStderr: (line) => {
      const progress = /^ *(\d+)\/(\d+) kB \(\d+%\) verified/.exec(line)
      if (progress) {
        const [done, total] = [Number(progress[1]) * 1024, Number(progress[2]) * 1024]
        job.progress({ done, total, unit: 'bytes', label: 'every file against the manifest' })
        return
      }
      job.log(line, /(error|fatal): /.test(line) ? 'error' : 'info')
      const wal = /^pg_waldump: (?:error|fatal): (.*)$/.exec(line)?.[1]
      if (wal !== undefined) walErrors.push(wal)
      // 13 calls fatal what later versions call an error.
      const error = /^pg_verifybackup: (?:error|fatal): (.*)$/.exec(line)?.[1]
      if (error !== undefined) problems.push({ file: /"([^"]+)"/.exec(error)?.[1] ?? '', what: error })
    },
  })
  job.progress(null)
  if (exit.cancelled) throw new AppError('cancelled', 'pg_verifybackup was cancelled.')
  const program = `pg_verifybackup ${formatPgVersion(tool.version)}`
  if (exit.killedBy !== null) {
    throw new AppError('tool_failed', `${program} was ended by the signal ${exit.killedBy}, which did not come from Walkback.`, {
      hint: 'That says nothing about the backup: verify it again.',
    })
  }
  return { verified: exit.code === 0 && said, problems, walErrors, program }
}
