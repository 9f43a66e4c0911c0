// Adds up the bytes of a growing folder now and then, for the progress of a dump.
import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { errorCode } from '../process/systemError'
import { listFolder } from './checksumFiles'

/** Looks each second, less often in folders that take long to add up. The returned function stops it and waits for the last look. */
export function watchFolderSize(folder: string, onBytes: (bytes: number) => void): () => Promise<void> {
  const stop = new AbortController()
  const watching = lookUntil(stop.signal, folder, onBytes)
  // A failure is told to whoever stops it; until then it must not count as unhandled.
  watching.catch(() => undefined)
  return async () => {
    stop.abort()
    await watching
  }
}

async function lookUntil(signal: AbortSignal, folder: string, onBytes: (bytes: number) => void): Promise<void> {
  while (!signal.aborted) {
    const from = Date.now()
    const bytes = await folderBytes(folder)
    if (signal.aborted) return
    onBytes(bytes)
    await pause(Math.max(1000, (Date.now() - from) * 10), signal)
  }
}

/** Over at once when the signal comes. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** Files come and go while it looks; what is gone counts nothing. Links are not followed. */
export async function folderBytes(folder: string): Promise<number> {
  let sum = 0
  try {
    for (const file of (await listFolder(folder)).files) sum += await fileBytes(path.join(folder, file))
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
  return sum
}

async function fileBytes(file: string): Promise<number> {
  try {
    return (await lstat(file)).size
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0
    throw error
  }
}
