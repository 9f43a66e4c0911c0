// Copies the WAL of the dead cluster into the unfinished data directory: flushed, then named, and never while a server runs there.
import { open, rename } from 'node:fs/promises'
import path from 'node:path'
import { formatBytes } from '../../../../shared/model/byteCount'
import { longHeaderSize, readWalHeader } from '../../../../shared/model/walHeader'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { partialSuffix } from '../../../library/backupFolder'
import { copyFiles } from '../../../library/copyFiles'
import { syncFolder } from '../../../library/durability'
import { findPostmaster } from '../../../postgres/localClusterState'
import type { OsAccount } from '../../../process/processTypes'
import { fromSystemError } from '../../../process/systemError'
import { makeFolder } from '../copyBackup'
import type { PointRun, SalvageRun } from './pointRun'
import { salvageFolder, scriptFolder } from './restoreScript'

/** Throws AppError conflict when the cluster was started meanwhile, or a file is not any more what it was. */
export async function stageSalvage(
  job: JobContext,
  run: PointRun & { salvage: SalvageRun },
  root: string,
  account: OsAccount | null,
): Promise<void> {
  const { offer, dataDirectory } = run.salvage
  const folder = path.join(root, salvageFolder)
  await makeFolder(path.join(root, scriptFolder), account)
  await makeFolder(folder, account)
  const files = offer.files.map(({ file, name, size }) => ({
    ...{ file, size, source: path.join(offer.walFolder, file), name: path.join(folder, name) },
    target: path.join(folder, name) + partialSuffix,
  }))
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  const stillStopped = async () => {
    if (await findPostmaster(dataDirectory)) throw changed(`${offer.name} was started`)
  }
  await copyFiles(files, {
    ...{ signal: job.signal, account, stillGood: stillStopped, digestOf: () => null, read: () => undefined },
    onBytes: (bytes, { file }) => {
      done += bytes
      job.progress({ done, total, unit: 'bytes', label: file })
    },
    changed: ({ source }) => changed(`${source} changed`),
    cut: ({ source }) => changed(`${source} became shorter`),
  })
  await stillStopped()
  for (const { file, name, target } of files) {
    await requireSegment(target, file, run.segmentSize)
    await rename(target, name).catch((error: unknown) => {
      throw fromSystemError(error, `give ${target} its name ${name}`) ?? error
    })
    job.log(`Salvaged: ${file} from ${offer.walFolder}`)
  }
  await syncFolder(folder)
  job.progress(null)
  job.log(`${files.length} files, ${formatBytes(total)}, were salvaged. ${offer.says}`)
}

function changed(what: string): AppError {
  return new AppError('conflict', `${what} while its WAL was salvaged.`, {
    hint: 'Nothing of it was changed. Stop what works on it, and start again.',
  })
}

/** What lies here now begins like the segment that it is named after. */
async function requireSegment(file: string, name: string, segmentSize: number): Promise<void> {
  if (name.endsWith('.history')) return
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(longHeaderSize), 0, longHeaderSize, 0)
    const reading = readWalHeader(buffer.subarray(0, bytesRead))
    const { size } = await handle.stat()
    if (!reading.ok || size !== segmentSize) throw changed(`${name} became another file`)
  } finally {
    await handle.close()
  }
}
