// What a start makes of a recovered cluster's job that the last one did not finish: the former one gets its name back where
// that is free, and what was not removed is said to be whole.
import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { JobSnapshot } from '../../../../shared/jobs/job'
import { syncFolder } from '../../../library/durability'
import { findPostmaster } from '../../../postgres/localClusterState'
import { messageOf } from '../../../process/systemError'
import { keptOf } from '../destination'
import { folderOf, withDestination } from './lookRecord'

const withAction = withDestination.extend({ action: z.string() })

/** Sentences for the job's record. Nothing is removed. */
export async function endLeftLook(job: JobSnapshot): Promise<string[]> {
  if (job.capability !== 'recovery-look') return []
  const input = withAction.safeParse(job.input)
  if (!input.success) return []
  const { action, destination } = input.data
  const dataDirectory = folderOf(destination)
  if (action === 'throw-away') return notRemoved(job, dataDirectory)
  return action === 'earlier' ? putBack(job, dataDirectory) : []
}

async function putBack(job: JobSnapshot, dataDirectory: string): Promise<string[]> {
  const asides = job.outputs.flatMap(({ final: kept }) => {
    const final = keptOf(kept)
    return final !== null && existsSync(kept) ? [{ kept, final }] : []
  })
  if (asides.length === 0) return existsSync(dataDirectory) ? [await stateOf(dataDirectory)] : []
  // Its folders belong together: with something at the name of one of them they stay where they are, and are named.
  const taken = asides.find(({ final }) => existsSync(final))
  if (taken) return [`Something is at ${taken.final}, so the former one is not put back.`]
  try {
    for (const { kept, final } of asides) {
      await rename(kept, final)
      await syncFolder(path.dirname(final))
    }
    return [`The former one has its place back. ${await stateOf(dataDirectory)}`]
  } catch (error) {
    return [`The former one could not be put back: ${messageOf(error)}`]
  }
}

async function stateOf(dataDirectory: string): Promise<string> {
  const running = await findPostmaster(dataDirectory)
  return `${dataDirectory} is what it was before${running ? '' : '; its server is stopped, and is started again from its page'}.`
}

async function notRemoved(job: JobSnapshot, dataDirectory: string): Promise<string[]> {
  // The removal had not begun: what is removed is written down first.
  if (job.outputs.length === 0) return existsSync(dataDirectory) ? [await stateOf(dataDirectory)] : []
  const whole = job.outputs.flatMap(({ final, partial }) =>
    existsSync(final) && (partial === null || !existsSync(partial)) ? [final] : [],
  )
  // Not made by the job, and so no output that was complete by then.
  job.outputs = job.outputs.filter(({ final }) => !whole.includes(final))
  return whole.length === 0 ? [] : [`Not removed, and whole: ${whole.join(', ')}.`]
}
