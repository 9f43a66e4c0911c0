// Job records on disk: <jobs>/<id>/job.json beside the job's log.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { jobSnapshot } from '../../shared/jobs/job'
import { setAside, writeDurably, writeDurablyLater } from '../durableFile'

const startedProcess = z.object({
  pid: z.int().positive(),
  /** What tells the process from a later one with the same number. */
  startMark: z.string(),
})

const jobRecord = z.object({
  recordVersion: z.literal(1),
  job: jobSnapshot,
  /** Kept only where a restart can't find them by their environment. */
  processes: z.array(startedProcess),
})

export type StartedProcess = z.infer<typeof startedProcess>
export type JobRecord = z.infer<typeof jobRecord>

const recordName = 'job.json'
const logName = 'log.jsonl'
/** Ids are folder names: nothing else in the folder is ours. */
const idPattern = /^\d{8}T\d{6}-[0-9a-f]{6}$/

export interface LoadedJobs {
  records: JobRecord[]
  /** What could not be read, in words, with the name it has now. */
  problems: string[]
}

export function createJobStore(folder: string) {
  const fileOf = (id: string) => join(folder, id, recordName)
  const versions = new Map<string, number>()
  const nextVersion = (id: string) => {
    const version = (versions.get(id) ?? 0) + 1
    versions.set(id, version)
    return version
  }

  return {
    logFile: (id: string) => join(folder, id, logName),

    /** Makes the job's folder; throws when it exists. */
    add(id: string): void {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      mkdirSync(join(folder, id), { mode: 0o700 })
    },

    /** On disk when it returns. */
    write(record: JobRecord): void {
      nextVersion(record.job.id)
      writeDurably(fileOf(record.job.id), JSON.stringify(record))
    },

    /** Overtaken by any later write of the same job. */
    async writeLater(record: JobRecord): Promise<void> {
      const { id } = record.job
      const version = nextVersion(id)
      await writeDurablyLater(fileOf(id), JSON.stringify(record), () => versions.get(id) === version)
    },

    remove(id: string): void {
      versions.delete(id)
      // Renamed first: a removal that is interrupted must not come back as half a job.
      const trash = join(folder, `.removed-${id}`)
      if (existsSync(join(folder, id))) renameSync(join(folder, id), trash)
      rmSync(trash, { recursive: true, force: true })
    },

    /** Every readable record. Unreadable ones are set aside beside their log, never deleted. */
    async load(): Promise<LoadedJobs> {
      const records: JobRecord[] = []
      const problems: string[] = []
      if (!existsSync(folder)) return { records, problems }
      for (const name of readdirSync(folder)) {
        if (name.startsWith('.removed-')) rmSync(join(folder, name), { recursive: true, force: true })
        if (!idPattern.test(name)) continue
        const file = fileOf(name)
        if (!existsSync(file)) continue // killed between the folder and its first record: nothing had begun
        try {
          const record = jobRecord.parse(JSON.parse(readFileSync(file, 'utf8')))
          if (record.job.id !== name) throw new Error(`it holds the record of ${record.job.id}`)
          records.push(record)
        } catch (error) {
          const why = error instanceof z.ZodError ? 'its contents are not a job record' : String(error)
          problems.push(`The record ${file} could not be read (${why}). It is kept as ${await setAside(file)}.`)
        }
      }
      return { records, problems }
    },
  }
}

export type JobStore = ReturnType<typeof createJobStore>
