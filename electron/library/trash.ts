// Takes a backup out of a library without deleting it: it moves to the library's own trash.
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { fromSystemError } from '../process/systemError'
import { syncFolder } from './durability'
import { trashName } from './scanLibrary'

/** Returns where it is now. Same file system, so it is one rename: all of it or nothing. */
export async function moveToTrash(folder: string, library: string): Promise<string> {
  const trash = path.join(library, trashName)
  try {
    await mkdir(trash, { recursive: true, mode: 0o700 })
    const target = freeName(trash, path.basename(folder))
    await rename(folder, target)
    await syncFolder(trash)
    await syncFolder(path.dirname(folder))
    return target
  } catch (error) {
    throw fromSystemError(error, `move ${folder} to ${trash}`) ?? error
  }
}

function freeName(trash: string, name: string): string {
  for (let count = 1; ; count += 1) {
    const candidate = path.join(trash, count === 1 ? name : `${name}-${count}`)
    if (!existsSync(candidate)) return candidate
  }
}
