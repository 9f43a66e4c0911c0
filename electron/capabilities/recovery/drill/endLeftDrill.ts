// What a start makes of a drill that the last one did not finish: its scratch server is stopped and its folder removed.
import { readlinkSync } from 'node:fs'
import { realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { JobSnapshot } from '../../../../shared/jobs/job'
import { findPostmaster, type Postmaster } from '../../../postgres/localClusterState'
import { listProcPids, processStartMark, readProcStat } from '../../../process/processTable'
import { errorCode, messageOf } from '../../../process/systemError'
import { readScratchRecord, type ScratchRecord } from './scratchRecord'

const patienceMs = 15_000

/**
 * Sentences for the job's record; whatever could not be put away stays among its leftovers. A folder counts as the drill's by
 * the record in it, and a server as the drill's by number and start of its process, or, where the application was killed before
 * it was noted, by working in the folder that the drill alone made, and being no older than it.
 */
export async function endLeftDrill(job: JobSnapshot): Promise<string[]> {
  if (job.capability !== 'drill') return []
  const says: string[] = []
  for (const { final: folder } of job.outputs) {
    const record = await readScratchRecord(folder)
    if (!record || record.jobId !== job.id) continue
    try {
      const stopped = await stopServers(record)
      says.push(...stopped)
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
      says.push(`The scratch folder ${folder} was removed.`)
    } catch (error) {
      says.push(`The scratch folder ${folder} was left: ${messageOf(error)}`)
    }
  }
  return says
}

async function stopServers(record: ScratchRecord): Promise<string[]> {
  const says: string[] = []
  const data = path.join(record.folder, 'data')
  for (const dataDirectory of [data, `${data}.partial`]) {
    const real = await realpath(dataDirectory).catch(() => null) // it is not there, and nothing works in it
    if (real === null) continue
    const end = Date.now() + patienceMs
    let told = false
    // One that is just starting has not written its number yet: whatever works in there is waited for.
    for (let found = await findPostmaster(dataDirectory); found || worksIn(real); found = await findPostmaster(dataDirectory)) {
      if (Date.now() > end) throw new Error(`a server still runs in ${dataDirectory}.`)
      if (found && !told) {
        await requireOurs(record, found)
        // Nothing in it is needed: an immediate shutdown, as for any drill.
        signal(found.pid, 'SIGQUIT')
        says.push(`Its scratch server (process ${found.pid}) was still running and was stopped.`)
        told = true
      }
      await delay(50)
    }
  }
  return says
}

async function requireOurs({ server, madeAt }: ScratchRecord, { pid, startedAt }: Postmaster): Promise<void> {
  // postmaster.pid has whole seconds.
  const young = startedAt.getTime() + 1000 > Date.parse(madeAt)
  const same = server === null || (server.pid === pid && server.startMark === (await processStartMark(pid)))
  if (!young || !same) throw new Error(`a server that the drill did not start (process ${pid}) runs in it.`)
}

function worksIn(folder: string): boolean {
  if (process.platform !== 'linux') return false
  return listProcPids().some((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder && readProcStat(pid)?.zombie === false
    } catch {
      return false // gone, or another account's, which can't enter a data directory
    }
  })
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error
  }
}
