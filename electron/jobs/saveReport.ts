// Writes a job's report where the person says; a file that is there is never written over.
import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import type { JobSnapshot } from '../../shared/jobs/job'
import { isEnded } from '../../shared/jobs/transitions'
import { AppError } from '../../shared/rpc/appError'
import { jobReport } from './jobReport'

/** Throws AppError. Statements and names of the databases are in it: only its owner can read the file. */
export async function saveReport(job: JobSnapshot, file: string, version: string): Promise<void> {
  if (!isEnded(job.state)) {
    throw new AppError('conflict', `"${job.title}" has not ended yet.`, { hint: 'Wait until it has.' })
  }
  if (!path.isAbsolute(file)) {
    throw new AppError('bad_input', 'The report needs an absolute path.', { hint: 'Begin it with / or a drive.' })
  }
  const text = jobReport(job, { version, host: hostname(), at: new Date() })
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EEXIST') {
      throw new AppError('conflict', `${file} is there already and was not written over.`, { hint: 'Choose another name.' })
    }
    const why = error instanceof Error ? error.message : String(error)
    throw new AppError('permission', `The report could not be written: ${why}.`, { hint: 'Choose another folder.', cause: error })
  }
}
