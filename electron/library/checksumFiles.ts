// Reads every file of a backup once, from beginning to end, for its SHA-256, and makes it durable on the way.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import path from 'node:path'
import { syncFile, syncFileSystem, syncFolder, syncHandle } from './durability'

const chunkBytes = 1024 * 1024

export interface HashedFile {
  /** Relative to the folder, with forward slashes. */
  path: string
  size: string
  sha256: string
}

export interface FolderContents {
  /** Relative, with forward slashes, in order of their names. */
  files: string[]
  folders: string[]
  /** Links, sockets and the like: no backup holds them. */
  strange: string[]
}

/** Everything below a folder, without following links. */
export async function listFolder(folder: string): Promise<FolderContents> {
  const found: FolderContents = { files: [], folders: [], strange: [] }
  const visit = async (relative: string): Promise<void> => {
    const entries = await readdir(path.join(folder, relative), { withFileTypes: true })
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`
      if (entry.isDirectory()) {
        found.folders.push(name)
        await visit(name)
      } else if (entry.isFile()) found.files.push(name)
      else found.strange.push(name)
    }
  }
  await visit('')
  return found
}

export interface HashOptions {
  signal?: AbortSignal
  /**
   * Make the files and the folders durable. With `large` only what takes the disk long, while other work goes on: the rest is
   * for flushFiles, later and for all at once.
   */
  durable?: 'all' | 'large'
  /** Called with the bytes just read. */
  onBytes?: (bytes: number, file: string) => void
}

/** Several at a time: the disk makes the flushes of small files one write, and threads count large ones side by side. */
const filesAtOnce = 4

/** So few are flushed one by one: the file system may have much else to write. */
const fewFiles = 16

/** From here on a flush is worth its turn; hundreds of small ones would hold up all else that is written. */
const largeBytes = 1024n * 1024n

/** In the order of `files`. Rejects with the signal's reason when it is aborted, with the system's error when a file can't be read in full. */
export async function hashFiles(folder: string, files: readonly string[], options: HashOptions = {}): Promise<HashedFile[]> {
  const hashed: HashedFile[] = []
  const large = options.durable === 'large' || files.length > fewFiles
  let next = 0
  let failed = false
  const worker = async () => {
    const buffer = Buffer.allocUnsafe(chunkBytes)
    for (let at = next++; at < files.length && !failed; at = next++) {
      hashed[at] = await hashFile(folder, files[at] ?? '', buffer, large ? largeBytes : 0n, options)
    }
  }
  const outcomes = await Promise.allSettled(
    Array.from({ length: Math.min(filesAtOnce, files.length) }, () =>
      worker().catch((error: unknown) => {
        failed = true
        throw error
      }),
    ),
  )
  const problem = outcomes.find((outcome) => outcome.status === 'rejected')
  if (problem) throw problem.reason
  options.signal?.throwIfAborted()
  if (options.durable === 'all') await (large ? flushFiles(folder, files) : flushFolders(folder))
  return hashed
}

/** Makes the contents and the names of what is below a folder last. Rejects with the system's error for a file that can't be written. */
export async function flushFiles(folder: string, files: readonly string[]): Promise<void> {
  if (!(await syncFileSystem(folder))) for (const file of files) await syncFile(path.join(folder, file))
  await flushFolders(folder)
}

async function flushFolders(folder: string): Promise<void> {
  const { folders } = await listFolder(folder)
  for (const inner of ['', ...folders]) await syncFolder(path.join(folder, inner))
}

async function hashFile(
  folder: string,
  file: string,
  buffer: Buffer,
  flushFrom: bigint,
  options: HashOptions,
): Promise<HashedFile> {
  const hash = createHash('sha256')
  let size = 0n
  const noFollow = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW
  const handle = await open(path.join(folder, file), constants.O_RDONLY | noFollow)
  try {
    for (;;) {
      options.signal?.throwIfAborted()
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null)
      if (bytesRead === 0) break
      hash.update(buffer.subarray(0, bytesRead))
      size += BigInt(bytesRead)
      options.onBytes?.(bytesRead, file)
    }
    if (options.durable && size >= flushFrom) await syncHandle(handle)
  } finally {
    await handle.close()
  }
  return { path: file, size: size.toString(), sha256: hash.digest('hex') }
}
