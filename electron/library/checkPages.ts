// Reads every page of a stopped cluster, or of a copy of one, through pg_checksums --check, and tells its verdict.
import { AppError } from '../../shared/rpc/appError'
import type { JobContext } from '../jobs/jobTypes'
import type { OsAccount } from '../process/processTypes'

export interface PageSource {
  /** Path of pg_checksums, of the cluster's major. */
  program: string
  dataDirectory: string
  /** Whose files they are; null for our own. */
  account: OsAccount | null
}

export interface PageVerdict {
  /** As pg_checksums counts them. */
  blocks: number
  bad: number
  /** The first pages that do not fit their checksum, in its words. */
  examples: string[]
}

/** Throws AppError tool_failed when the program did not come to a verdict. */
export async function checkPages(job: JobContext, source: PageSource): Promise<PageVerdict> {
  const lines: string[] = []
  const examples: string[] = []
  const exit = await job.run({
    file: source.program,
    argv: ['--check', '--progress', `--pgdata=${source.dataDirectory}`],
    env: { LC_ALL: 'C' },
    ...(source.account ? { runAs: source.account } : {}),
    logStderr: false,
    onStdout: (line) => {
      lines.push(line)
      job.log(line)
    },
    onStderr: (line) => {
      const progress = /^\s*(\d+)\/(\d+) MB \(/.exec(line)
      if (progress) {
        const [done, total] = [Number(progress[1]), Number(progress[2])].map((megabytes) => megabytes * 1024 * 1024)
        if (done !== undefined && total !== undefined) job.progress({ done, total, unit: 'bytes', label: 'reading every page' })
        return
      }
      if (line.trim() === '') return
      job.log(line, 'warning')
      if (/checksum verification failed/.test(line) && examples.length < 5)
        examples.push(line.replace(/^pg_checksums: (error: )?/, ''))
    },
  })
  job.progress(null)
  if (exit.cancelled) throw new AppError('cancelled', 'pg_checksums was cancelled.')
  const blocks = countIn(lines, /^Blocks scanned:\s+(\d+)/)
  const bad = countIn(lines, /^Bad checksums:\s+(\d+)/)
  // It exits 1 for bad pages, and for whatever kept it from looking.
  if (blocks === null || bad === null || (exit.code !== 0 && bad === 0)) {
    throw new AppError('tool_failed', `pg_checksums could not check the pages: ${exit.stderrTail.slice(-3).join(' ')}`, {
      hint: "The job's log holds all it said. The backup can be made without this check.",
    })
  }
  return { blocks, bad, examples }
}

function countIn(lines: readonly string[], pattern: RegExp): number | null {
  for (const line of lines) {
    const found = pattern.exec(line)?.[1]
    if (found !== undefined) return Number(found)
  }
  return null
}
