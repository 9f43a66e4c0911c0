// The WAL that a dead cluster holds and its archive does not: which cluster it is, whether it may be taken, and from where.
import { realpath } from 'node:fs/promises'
import path from 'node:path'
import type { LocalClusterInfo } from '../../../../shared/contracts/localClusters'
import type { ArchiveIndex } from '../../../../shared/model/archiveIndex'
import { AppError } from '../../../../shared/rpc/appError'
import { type PgWal, readSalvage, type SalvageProgress } from '../../../archive/readSalvage'
import { inspectCluster } from '../../../postgres/findLocalClusters'
import { errorCode, fromSystemError } from '../../../process/systemError'
import type { PointServices } from './pointFacts'

export interface Salvage extends PgWal {
  ok: true
  name: string
  /** As it is known on this machine, links followed. */
  dataDirectory: string
  /** Its pg_wal, links followed: it may be on a disk of its own. */
  walFolder: string
}

export type SalvageAnswer = Salvage | { ok: false; says: string }

/** Of a data directory anywhere on this machine. Never throws for what is wrong with it. */
export async function salvageFrom(
  services: PointServices,
  dataDirectory: string,
  index: ArchiveIndex,
  signal: AbortSignal,
): Promise<SalvageAnswer> {
  try {
    return await salvageOf(services, await inspectCluster(services, dataDirectory, signal), index, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    return { ok: false, says: `${error.message} ${error.hint ?? ''}`.trim() }
  }
}

/** Throws AppError for what can't be read. A control file that is damaged does not matter: each segment names its cluster. */
export async function salvageOf(
  services: PointServices,
  { name, dataDirectory, running, control }: LocalClusterInfo,
  index: ArchiveIndex,
  signal: AbortSignal,
  onProgress?: (progress: SalvageProgress) => void,
): Promise<SalvageAnswer> {
  const no = (says: string) => ({ ok: false as const, says })
  if (running) return no(`${name} runs (process ${running.pid}): its WAL is still being written. Stop it first.`)
  if (control && index.systemIdentifier !== null && control.systemIdentifier !== index.systemIdentifier) {
    return no(
      `${dataDirectory} is of the cluster ${control.systemIdentifier}, and the archive ${index.folder} of ${index.systemIdentifier}: nothing of its WAL is salvaged.`,
    )
  }
  const walFolder = await findWal(dataDirectory)
  const read = await readSalvage(services, { folder: walFolder, index, signal, onProgress })
  return read.ok ? { ...read, name, dataDirectory, walFolder } : read
}

async function findWal(dataDirectory: string): Promise<string> {
  const folder = path.join(dataDirectory, 'pg_wal')
  try {
    return await realpath(folder)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw fromSystemError(error, `read ${folder}`) ?? error
    throw new AppError('not_found', `${folder} is not there, or leads nowhere: there is no WAL to be salvaged.`, {
      hint: 'If it was on a disk of its own, mount that one. Or go on without: then the archive’s end is the end.',
    })
  }
}
