// The unfinished folder of a job: made at the start, removed at the end unless it was finished or holds something to keep.
import type { JobContext } from '../jobs/jobTypes'
import { type BackupPlace, discardPlace, openPlace } from './backupFolder'

export interface OpenFolder {
  /** From here on a failure leaves the folder, with these words; a cancel still removes it. */
  keepOnFailure(why: () => string): void
  finished(): void
}

export async function openFolder(job: JobContext, place: BackupPlace): Promise<OpenFolder> {
  let done = false
  let keep: (() => string) | null = null
  job.output({ partial: place.partial, final: place.final })
  job.onCleanup('the unfinished folder', async () => {
    if (done) return
    const why = keep?.() ?? ''
    if (why !== '' && !job.signal.aborted) {
      job.log(`The unfinished folder is kept: ${place.partial}. ${why}`, 'warning')
      return
    }
    await discardPlace(place)
    job.log(`Removed the unfinished folder ${place.partial}`)
  })
  await openPlace(place).catch((error: unknown) => {
    done = true // not ours: another one of that name, or none at all
    throw error
  })
  return {
    keepOnFailure: (why) => {
      keep = why
    },
    finished: () => {
      done = true
    },
  }
}
