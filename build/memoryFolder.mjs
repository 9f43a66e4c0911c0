// A folder in memory for the folders of tests: making, syncing and removing so many files costs a third of their processor time
// on a disk. Not /dev/shm: what lies below /dev is to the application a device and no log file.
import { spawnSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import os from 'node:os'

/** Short, since paths of sockets in it are limited to 107 bytes. */
const folder = '/tmp/wbm'
const tmpfsMagic = 0x01021994
const room = 12 * 1024 ** 3

/** Mounted until this process ends; undefined where memory is short or mounting is not ours to do: then the disk serves. */
export function memoryFolder() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || os.freemem() < room + 4 * 1024 ** 3) return undefined
  mkdirSync(folder, { recursive: true })
  if (statfsSync(folder).type !== tmpfsMagic) {
    const options = ['-t', 'tmpfs', '-o', `mode=1777,size=${room}`, 'tmpfs', folder]
    if (spawnSync('mount', options, { stdio: 'ignore' }).status !== 0) return undefined
    // Busy while another run has begun to use it: that one goes on.
    process.once('exit', () => spawnSync('umount', [folder], { stdio: 'ignore' }))
  }
  return folder
}
