// Files in the data directory that make a start of it a recovery to a moment.
import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import type { JobContext } from '../../../jobs/jobTypes'
import { syncFolder } from '../../../library/durability'
import type { OsAccount } from '../../../process/processTypes'
import { fromSystemError } from '../../../process/systemError'
import { makeFolder } from '../copyBackup'
import { own } from '../destination'
import type { PlacedFile } from '../settingsText'
import type { PointRun } from './pointRun'
import { restoreScript, scriptFolder, scriptPath } from './restoreScript'

/** Where WAL of an archive lies that the server's account may not read. Within the data directory. */
const stagedFolder = `${scriptFolder}/wal`

/** Rule 8: recovery.signal asks for it; without it the server takes backup_label for a backup that holds all its WAL. */
export function pointFiles(run: Pick<PointRun, 'access' | 'archive' | 'segmentSize' | 'wish' | 'way' | 'salvage'>): PlacedFile[] {
  const archive = run.access === 'staged' ? stagedFolder : run.archive.folder
  const { segmentSize, way } = run
  const files = run.salvage?.offer.files ?? []
  const salvage = files.length === 0 ? null : { before: files.filter(({ before }) => before).map(({ name }) => name) }
  return [
    { path: scriptPath, text: restoreScript({ archive, segmentSize, timeline: run.wish.timeline, way, salvage }) },
    { path: 'recovery.signal', text: '' },
  ]
}

/** Into the unfinished data directory. Throws AppError with the disk's own words. */
export async function stageWal(job: JobContext, run: PointRun, root: string, account: OsAccount | null): Promise<void> {
  const folder = path.join(root, stagedFolder)
  await makeFolder(path.dirname(folder), account)
  await makeFolder(folder, account)
  const total = run.needed.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  for (const { file, size } of run.needed) {
    job.signal.throwIfAborted()
    job.progress({ done, total, unit: 'bytes', label: file })
    const target = path.join(folder, file)
    try {
      await copyFile(path.join(run.archive.folder, file), target)
      await own(target, account)
    } catch (error) {
      throw fromSystemError(error, `copy ${path.join(run.archive.folder, file)} to ${target}`) ?? error
    }
    done += size
  }
  await syncFolder(folder)
  job.progress(null)
  job.log(`Copied ${run.needed.length} files of the archive to ${folder}`)
}
