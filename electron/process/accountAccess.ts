// What another account of this machine may do with a path: enter it, and write into it.
import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OsAccount, SpawnTool } from './processTypes'
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

/**
 * Whether the account may make files in the folder; null when that can't be told. As root the account is asked to try,
 * which also counts access lists and read-only mounts, but not groups it is in besides its own.
 */
export async function mayWriteIn(account: OsAccount | null, folder: string, spawn: SpawnTool): Promise<boolean | null> {
  if (account === null) return accessible(folder)
  if (process.getuid?.() === 0) {
    const script = 'test -d "$1" && test -w "$1" && test -x "$1"'
    return (await spawn({ file: '/bin/sh', argv: ['-c', script, 'sh', folder], runAs: account })).code === 0
  }
  try {
    if ((await barrierFor(account, folder)) !== null) return false
    const { uid, gid, mode } = await stat(folder)
    return (mode & (uid === account.uid ? 0o200 : gid === account.gid ? 0o020 : 0o002)) !== 0 ? true : null
  } catch {
    return null // a folder on the way is closed to us too
  }
}

async function accessible(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false // the answer: it may not
  }
}
