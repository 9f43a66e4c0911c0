// Whether another account of this machine can get to a folder.
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OsAccount } from './processTypes'
import { errorCode } from './systemError'

/** The first folder on the way to `path` (itself included) that the account may not enter; null when it can reach it. */
export async function barrierFor(account: Pick<OsAccount, 'uid' | 'gid'>, path: string): Promise<string | null> {
  const way: string[] = []
  for (let at = path; ; at = dirname(at)) {
    way.unshift(at)
    if (at === dirname(at)) break
  }
  for (const folder of way) {
    try {
      const { uid, gid, mode } = await stat(folder)
      const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
      if ((mode & bit) === 0) return folder
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null // to be made by us, with a mode that lets it through
      throw error
    }
  }
  return null
}
