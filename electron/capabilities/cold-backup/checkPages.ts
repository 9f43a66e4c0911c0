// Reads every page of a stopped cluster through pg_checksums --check, and tells its verdict.
import path from 'node:path'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import type { LocalCluster } from '../../postgres/localClusterState'

export interface PageVerdict {
  /** As pg_checksums counts them. */
  blocks: number
  bad: number
  /** The first pages that do not fit their checksum, in its words. */
  examples: string[]
}

/** Throws AppError tool_failed when the program did not come to a verdict. */
export async function checkPages(job: JobContext, cluster: LocalCluster): Promise<PageVerdict> {
  const lines: string[] = []
  const examples: string[] = []
  const exit = await job.run({
    file: path.join(cluster.bin, 'pg_checksums'),
    argv: ['--check', '--progress', `--pgdata=${cluster.dataDirectory}`],
    env: { LC_ALL: 'C' },
    ...(cluster.account ? { runAs: cluster.account } : {}),
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
