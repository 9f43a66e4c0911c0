// Space and write access of the place where a library is or will be.
import { existsSync } from 'node:fs'
import { access, constants, stat, statfs } from 'node:fs/promises'
import path from 'node:path'

/** The folder itself, or the nearest one above it that is there. */
export function nearestExisting(folder: string): string {
  let current = path.resolve(folder)
  while (!existsSync(current)) {
    const parent = path.dirname(current)
    if (parent === current) return current
    current = parent
  }
  return current
}

/** Bytes that this account may still write there; null where the system does not say. */
export async function freeBytes(folder: string): Promise<bigint | null> {
  try {
    const found = await statfs(nearestExisting(folder), { bigint: true })
    return found.bavail * found.bsize
  } catch {
    return null // not every file system answers, and a backup can do without
  }
}

/** Why nothing can be written there, in words that follow a path; '' when it can. */
export async function writeProblem(folder: string): Promise<string> {
  const existing = nearestExisting(folder)
  if (!(await stat(existing)).isDirectory()) return `${existing} is a file, not a folder`
  try {
    await access(existing, constants.W_OK | constants.X_OK)
    return ''
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'EROFS') return `${existing} is on a read-only file system`
    return `the account that runs Walkback may not write to ${existing}`
  }
}
