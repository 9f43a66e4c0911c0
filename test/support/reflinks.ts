// A file system with reflinks for tests: XFS in a file, mounted by a loop device; where that can't be had, the reason.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { stopServersIn, tempFolder } from './tempFolder'

export interface ReflinkFolder {
  /** '' where there is none. */
  folder: string
  /** Why there is none. */
  why: string
  /** Stops the servers in it. */
  remove(): Promise<void>
}

/** Needs root, mkfs.xfs (Debian: xfsprogs) and loop devices. */
export function reflinkFolder(megabytes = 900): ReflinkFolder {
  const none = (why: string): ReflinkFolder => ({ folder: '', why, remove: () => Promise.resolve() })
  const mkfs = ['/usr/sbin/mkfs.xfs', '/sbin/mkfs.xfs'].find((file) => fs.existsSync(file))
  if (process.getuid?.() !== 0) return none('only root may mount a file system')
  if (!mkfs) return none('mkfs.xfs is not installed')
  const at = tempFolder('xfs')
  const image = path.join(at, 'image')
  const folder = path.join(at, 'mounted')
  fs.mkdirSync(folder, { mode: 0o711 })
  const run = (file: string, argv: string[]) =>
    execFileSync(file, argv, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  try {
    fs.writeFileSync(image, '')
    fs.truncateSync(image, megabytes * 1024 * 1024)
    run(mkfs, ['-q', '-m', 'reflink=1', image])
    run('mount', ['-o', 'loop', image, folder])
  } catch (error) {
    return none(`a loop device can not be mounted here: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
  }
  fs.chmodSync(folder, 0o711)
  return {
    ...{ folder, why: '' },
    async remove() {
      await stopServersIn(folder)
      run('umount', [folder])
    },
  }
}
