// Why the server's archiver fails: from its statistics, its log where that can be read, and the folder where it can be seen.
import { readdir } from 'node:fs/promises'
import type { Client } from 'pg'
import { formatBytes } from '../../../../shared/model/byteCount'
import { AppError } from '../../../../shared/rpc/appError'
import { freeBytes } from '../../../library/freeSpace'
import { readArchiverWords } from '../../../postgres/archiverLog'
import { errorCode } from '../../../process/systemError'
import type { CheckTarget } from './activeCheck'
import type { ArchiveSource } from './readSettings'

export interface Failing {
  source: ArchiveSource
  target: CheckTarget
  segment: string
  failures: number
  failedWal: string | null
  failedAt: string | null
  /** In words. */
  waited: string
}

export async function explainArchiving(client: Client, failing: Failing): Promise<AppError> {
  const { target, segment, failures, failedWal, failedAt, waited } = failing
  const { message: log } = await readArchiverWords(client, target.folderHere !== '')
  const said = failures > 0 ? (log ?? '') : ''
  const words = said === '' ? '' : ` The server's log says: ${said}`
  const message =
    failures > 0
      ? `The archiver has failed ${failures} ${failures === 1 ? 'time' : 'times'} since the check began, last with ${failedWal ?? 'a segment'} at ${failedAt ?? 'an unknown time'}.${words}`
      : `Segment ${segment} did not arrive in ${target.serverFolder} within ${waited}, and the archiver reports no failure.${words}`
  return new AppError('postgres', message, { hint: await adviceFor(failing, said) })
}

async function adviceFor({ source, target, failedWal }: Failing, said: string): Promise<string> {
  const folder = target.folderHere || target.serverFolder
  if (/is there and differs from/.test(said))
    return `A different file of that name is in the archive already, and is never replaced. Look where it comes from: another server may archive into ${target.serverFolder}. Move it away, and archiving goes on by itself.`
  const free = target.folderHere === '' ? null : await freeBytes(folder)
  if (/No space left/.test(said) || (free !== null && free < BigInt(source.segmentSize)))
    return `The archive's disk is full${free === null ? '' : ` (${formatBytes(String(free))} free)`}. Free some space: archiving goes on by itself, and until then the server keeps its WAL.`
  if (/Permission denied/.test(said))
    return `The server's account may not write to ${target.serverFolder}. Give it to that account.`
  if (/No such file or directory/.test(said) || (await isMissing(folder, target)))
    return `${target.serverFolder} is not there. Make it again, owned by the server's account, or mount its disk.`
  return `The server keeps ${failedWal ?? 'the segment'} and tries again each minute. Its log says why.`
}

async function isMissing(folder: string, { folderHere }: CheckTarget): Promise<boolean> {
  if (folderHere === '') return false
  try {
    await readdir(folder)
    return false
  } catch (error) {
    return errorCode(error) === 'ENOENT'
  }
}
