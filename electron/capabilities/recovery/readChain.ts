// An incremental backup as a recovery needs it: every backup of its chain read from its folder, or why they are none.
import path from 'node:path'
import { nameOf } from '../../../shared/model/backupChain'
import type { BaseBackupRecord } from '../../../shared/model/backupRecord'
import { AppError } from '../../../shared/rpc/appError'
import { type CombineLink, chainProblems, combinedSize } from '../../library/combineChain'
import { findChain } from '../../library/findChain'
import type { RecoveryServices } from './parts'
import type { PhysicalBackup } from './readBackup'

export type KnowsLibraries = Pick<RecoveryServices, 'settings' | 'paths'>

export const chainHint =
  'An incremental backup needs all that it builds on, in plain format, in a library. Put that back from a copy, or recover from a full backup.'

/** Throws AppError preflight for what is no chain. `read`: one backup of it; `last` is the one that was asked for. */
export async function readChain(
  { settings, paths }: KnowsLibraries,
  { folder, record }: { folder: string; record: BaseBackupRecord },
  signal: AbortSignal,
  read: (link: CombineLink, last: boolean) => Promise<PhysicalBackup>,
): Promise<PhysicalBackup> {
  const libraries = [...settings.get().libraries, paths.defaultLibrary].map((one) => path.resolve(one))
  const { links, problem } = await findChain([...new Set(libraries)], folder, record, signal)
  const why = problem || (chainProblems(links)[0]?.text ?? '')
  if (why !== '') throw new AppError('preflight', why, { hint: chainHint })
  const chain: PhysicalBackup[] = []
  for (const link of links) {
    try {
      chain.push(await read(link, link === links.at(-1)))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      throw new AppError(error.code, `${nameOf(link)}: ${error.message}`, error.hint === undefined ? {} : { hint: error.hint })
    }
  }
  const last = chain.at(-1)
  if (!last) throw new AppError('internal', 'The chain has no backup.')
  const size = (await combinedSize(links, signal)) ?? chain.reduce((sum, one) => sum + BigInt(one.size), 0n)
  return { ...last, size: String(size), chain }
}
