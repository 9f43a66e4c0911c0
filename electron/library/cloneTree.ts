// Copies a folder by reflinks alone: the files share their blocks with the source until either is written to.
import { chmod, mkdir, open, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../shared/rpc/appError'
import type { OsAccount } from '../process/processTypes'
import { fromSystemError } from '../process/systemError'
import { listFolder } from './checksumFiles'
import { clone } from './copyFiles'
import { syncFolder } from './durability'

/** Each clone is made durable: a few at a time share the waiting for the disk. */
const atOnce = 8

export interface CloneRules {
  /** Whom the copies belong to; null: ourselves. */
  account: OsAccount | null
  signal: AbortSignal
  /** Files at the top that stay behind. */
  without: readonly string[]
  onBytes?(bytes: number, name: string): void
}

export interface Cloned {
  files: number
  bytes: number
}

/**
 * Into a folder that is there. null where there are no reflinks between the two: what was made by then is the caller's to
 * remove. Names and contents are on disk when it resolves. Throws AppError for a full disk and the like.
 */
export async function cloneTree(source: string, target: string, rules: CloneRules): Promise<Cloned | null> {
  const { files, folders } = await listTree(source, rules.without)
  for (const folder of folders) {
    const made = path.join(target, folder)
    try {
      await mkdir(made, { mode: 0o700 })
      await ownAs(made, rules.account)
    } catch (error) {
      throw fromSystemError(error, `create the folder ${made}`) ?? error
    }
  }
  const cloned: Cloned = { files: 0, bytes: 0 }
  let next = 0
  let possible = true
  const work = async () => {
    for (let at = next++; at < files.length && possible; at = next++) {
      const name = files[at]
      if (name === undefined) return
      rules.signal.throwIfAborted()
      const bytes = await cloneOne(path.join(source, name), path.join(target, name), rules.account)
      if (bytes === null) {
        possible = false
        return
      }
      cloned.files += 1
      cloned.bytes += bytes
      rules.onBytes?.(bytes, name)
    }
  }
  // The first one tells whether there are reflinks at all.
  const workers = await Promise.allSettled(Array.from({ length: atOnce }, work))
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
  if (!possible) return null
  for (const folder of [...folders.toReversed(), '']) await syncFolder(path.join(target, folder))
  return cloned
}

/** Bytes, or null without reflinks. */
async function cloneOne(source: string, target: string, account: OsAccount | null): Promise<number | null> {
  if (!(await clone(source, target))) return null
  const { mode } = await stat(source)
  const out = await open(target, 'r+')
  try {
    if (account) await out.chown(account.uid, account.gid)
    await out.sync()
    return (await out.stat()).size
  } catch (error) {
    throw fromSystemError(error, `write ${target}`) ?? error
  } finally {
    await out.close()
    await chmod(target, mode & 0o777)
  }
}

async function ownAs(folder: string, account: OsAccount | null): Promise<void> {
  if (!account) return
  const handle = await open(folder, 'r')
  try {
    await handle.chown(account.uid, account.gid)
  } finally {
    await handle.close()
  }
}

/** Relative names, folders before what is in them. Throws AppError for what is neither file nor folder. */
export async function listTree(root: string, without: readonly string[]): Promise<{ files: string[]; folders: string[] }> {
  const { files, folders, strange } = await listFolder(root)
  if (strange[0] !== undefined) {
    throw new AppError('internal', `${path.join(root, strange[0])} is neither a file nor a folder.`)
  }
  return { files: files.filter((name) => !without.includes(name)), folders }
}
