// Whether a copy can share its blocks with the original (reflinks), so that it takes no space of its own.
import { stat, statfs } from 'node:fs/promises'

/** Magic numbers of statfs: btrfs, XFS (made with reflink=1, the default since 2018), bcachefs. */
const sharing: ReadonlySet<bigint> = new Set([0x9123683en, 0x58465342n, 0xca451a4en])

/** true when both are on one file system of a kind that has reflinks; the copy itself finds out for certain. */
export async function sharesBlocks(source: string, target: string): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([stat(source), stat(target)])
    if (one.dev !== other.dev) return false
    return process.platform === 'linux' && sharing.has((await statfs(source, { bigint: true })).type)
  } catch {
    return false // not every file system answers, and a copy can do without
  }
}
