// Finds the PostgreSQL servers that run on this machine by looking at its processes. Linux only.
import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { listProcPids } from '../process/processTable'
import { findPostmaster } from './localClusterState'

/**
 * Data directories in which a postmaster runs. Servers in containers are left out: their paths mean nothing here. Where the
 * working folder of another account's process is closed to us, its -D is believed.
 */
export async function runningDataDirectories(): Promise<string[]> {
  if (process.platform !== 'linux') return []
  const found = new Set<string>()
  for (const pid of listProcPids()) {
    const folder = dataDirectoryOf(pid)
    if (folder !== null && !found.has(folder) && (await isPostmaster(folder, pid))) found.add(folder)
  }
  return [...found].toSorted()
}

/** Server processes other than the postmaster put what they do in the place of the program's name. */
function dataDirectoryOf(pid: number): string | null {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    if (!/^(postgres|postmaster)$/.test(basename(words[0] ?? ''))) return null
    const named = words[words.indexOf('-D') + 1]
    try {
      if (readlinkSync(`/proc/${pid}/ns/mnt`) !== readlinkSync('/proc/self/ns/mnt')) return null
      return readlinkSync(`/proc/${pid}/cwd`)
    } catch {
      return words.includes('-D') && named?.startsWith('/') ? named : null // another account's
    }
  } catch {
    return null // gone while we looked
  }
}

async function isPostmaster(folder: string, pid: number): Promise<boolean> {
  try {
    return (await findPostmaster(folder))?.pid === pid
  } catch {
    return true // a data directory that is closed to us: the process itself is what we saw
  }
}
