// Makes names and contents last through a power cut.
import { execFile } from 'node:child_process'
import { type FileHandle, open } from 'node:fs/promises'
import { release } from 'node:os'

/** Makes new, renamed and removed names in a folder last. Windows can't open folders and needs no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Windows refuses to flush a file that is open for reading only; PostgreSQL's programs flush their output themselves. */
export async function syncHandle(handle: FileHandle): Promise<void> {
  if (process.platform !== 'win32') await handle.sync()
}

export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    await syncHandle(handle)
  } finally {
    await handle.close()
  }
}

/** Before 5.8 Linux may tell errors of writing in its own log only (PostgreSQL's documentation of --sync-method). */
const honestKernel = [5, 8] as const

/**
 * Everything that is not written yet of the file system that holds the folder, by one syncfs: for many files far less work
 * than an fsync of each, as `--sync-method=syncfs` of pg_dump and pg_basebackup [17]. Resolves to false where that can't be
 * relied on or failed: then each file has to be flushed by itself, which also names the one that can't be written.
 */
export async function syncFileSystem(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false
  const [major = 0, minor = 0] = release().split('.').map(Number)
  if (major < honestKernel[0] || (major === honestKernel[0] && minor < honestKernel[1])) return false
  return new Promise((resolve) => {
    execFile('sync', ['--file-system', folder], (error) => resolve(error === null))
  })
}
