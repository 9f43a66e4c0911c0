// drill.json in the scratch folder of a drill: whose it is, and which server it started, so that the next start of the
// application can tell them from everything else.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { findPostmaster } from '../../../postgres/localClusterState'
import { processStartMark } from '../../../process/processTable'
import type { OsAccount } from '../../../process/processTypes'
import { fromSystemError } from '../../../process/systemError'
import { own } from '../destination'

const scratchServer = z.object({
  pid: z.int().positive(),
  /** Tells it from a later process of that number. */
  startMark: z.string(),
  dataDirectory: z.string(),
})
export type ScratchServer = z.infer<typeof scratchServer>

const scratchRecord = z.object({
  version: z.literal(1),
  jobId: z.string(),
  folder: z.string(),
  /** When the folder was made: no server in it is older. */
  madeAt: z.iso.datetime(),
  /** null as long as none was seen. */
  server: scratchServer.nullable(),
})
export type ScratchRecord = z.infer<typeof scratchRecord>

const fileIn = (folder: string) => path.join(folder, 'drill.json')

/** Refuses a folder that is there. Throws AppError. */
export async function makeScratchFolder(jobId: string, folder: string, account: OsAccount | null): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o755 })
    const record: ScratchRecord = { version: 1, jobId, folder, madeAt: new Date().toISOString(), server: null }
    await writeFile(fileIn(folder), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644, flush: true })
    await own(folder, account)
  } catch (error) {
    throw fromSystemError(error, `make the scratch folder ${folder}`) ?? error
  }
}

/** null for a folder that is no drill's, or a copy of one. */
export async function readScratchRecord(folder: string): Promise<ScratchRecord | null> {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => null) // gone, or not ours to read: then it is not known
  if (text === null) return null
  try {
    const record = scratchRecord.parse(JSON.parse(text))
    return record.folder === folder ? record : null
  } catch {
    return null // half-written, or somebody else's file
  }
}

const lookMs = 200

/** Writes the server into the record as soon as it is there; ends by itself then, or by the function that comes back. */
export function noteServer(folder: string, dataDirectories: readonly string[]): () => void {
  const timer = setInterval(() => {
    void look().catch(() => undefined) // the folder goes: there is nothing more to note
  }, lookMs)
  timer.unref()
  const look = async () => {
    for (const dataDirectory of dataDirectories) {
      const found = await findPostmaster(dataDirectory)
      const startMark = found && (await processStartMark(found.pid))
      const record = startMark === null ? null : await readScratchRecord(folder)
      if (!found || startMark === null || !record) continue
      clearInterval(timer)
      const noted: ScratchRecord = { ...record, server: { pid: found.pid, startMark, dataDirectory } }
      await writeFile(fileIn(folder), `${JSON.stringify(noted, null, 2)}\n`, { flush: true })
    }
  }
  return () => clearInterval(timer)
}
