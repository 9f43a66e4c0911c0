// Copies the files of a stopped cluster into a backup, each with the SHA-256 of what was read.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { HashedFile } from '../../library/checksumFiles'
import { type CopyRules, copyFiles, type FileToCopy } from '../../library/copyFiles'
import { digestOf } from '../../library/memberCheck'
import { fromSystemError } from '../../process/systemError'
import { changedMeanwhile, type SourceEntry } from './listSource'

export interface CopiedFiles {
  /** With the SHA-256 of what was read from the source: the copy is compared with it afterwards. */
  files: HashedFile[]
  /** How many share their blocks with the original. */
  cloned: number
}

type ClusterFile = SourceEntry & FileToCopy

/** Folders first, private to us. Files are on disk when it returns, their names are not yet. Throws AppError for a full disk and the like, conflict for a file that changes. */
export async function copyCluster(
  target: string,
  folders: readonly string[],
  files: readonly SourceEntry[],
  options: Pick<CopyRules<ClusterFile>, 'signal' | 'onBytes' | 'stillGood'>,
): Promise<CopiedFiles> {
  for (const folder of folders) {
    const made = path.join(target, folder)
    await mkdir(made, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw fromSystemError(error, `create the folder ${made}`) ?? error
    })
  }
  const sums = new Map<string, string>()
  const { cloned } = await copyFiles<ClusterFile>(
    files.map((file) => ({ ...file, target: path.join(target, file.path) })),
    {
      ...options,
      account: null,
      stampOf: ({ stamp }) => stamp,
      digestOf: () => digestOf('SHA256'),
      read: (file, sha256) => void sums.set(file.path, sha256),
      changed: ({ source }) => changedMeanwhile(source),
      cut: ({ source }) => changedMeanwhile(source),
    },
  )
  return {
    files: files.map(({ path: name, size }) => ({ path: name, size: String(size), sha256: sums.get(name) ?? '' })),
    cloned,
  }
}
