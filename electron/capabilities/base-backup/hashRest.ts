// Checksums of what a base backup's manifest does not cover, and the bytes of all of it.
import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import type { BackupPlace } from '../../library/backupFolder'
import { type HashedFile, hashFiles, listFolder } from '../../library/checksumFiles'
import { isUncovered } from '../../library/memberCheck'
import { dataName } from './planBaseBackup'
import { tablespacesName } from './tablespaceLinks'
import type { CheckedBase } from './verifyBase'

/**
 * SHA-256 of what the manifest does not cover: the tars or the WAL, the settings files, the manifest itself. Without a
 * manifest that is everything.
 */
export async function hashRest(
  job: JobContext,
  place: Pick<BackupPlace, 'partial'>,
  { manifest, tars }: Pick<CheckedBase, 'manifest' | 'tars'>,
): Promise<{ files: HashedFile[]; size: bigint }> {
  job.step('checksums')
  const { files, strange } = await listFolder(place.partial)
  const links = strange.filter((name) => !name.startsWith(`${dataName}/pg_tblspc/`) && name !== `${dataName}/pg_wal`)
  if (links[0] !== undefined) throw new AppError('tool_failed', `There is something that is no file in the backup: ${links[0]}`)
  const covered = tars ? new Set<string>() : new Set((manifest?.files ?? []).map((file) => diskPath(file.path)))
  const known = new Map((tars?.tars ?? []).map((tar) => [`${dataName}/${tar.path}`, tar]))
  const inData = (name: string) => name.slice(dataName.length + 1)
  const rest = files.filter(
    (name) => !known.has(name) && (!covered.has(name) || (name.startsWith(`${dataName}/`) && isUncovered(inData(name)))),
  )
  let done = 0
  const hashed = await hashFiles(place.partial, rest, {
    signal: job.signal,
    durable: 'all',
    onBytes: (bytes, file) => {
      done += bytes
      job.progress({ done, total: null, unit: 'bytes', label: file })
    },
  })
  job.progress(null)
  const size = await sizeOf(place.partial, files)
  const all = [...hashed, ...[...known].map(([name, tar]) => ({ ...tar, path: name }))].toSorted((a, b) =>
    a.path < b.path ? -1 : 1,
  )
  job.endStep('checksums', 'done', `${all.length} files, ${formatBytes(size)} in all`)
  return { files: all, size }
}

/** One after the other, some thousand files take as long as everything else here. */
const sizesAtOnce = 256

async function sizeOf(folder: string, files: readonly string[]): Promise<bigint> {
  let size = 0n
  for (let at = 0; at < files.length; at += sizesAtOnce) {
    const some = await Promise.all(files.slice(at, at + sizesAtOnce).map((name) => lstat(path.join(folder, name))))
    for (const one of some) size += BigInt(one.size)
  }
  return size
}

/** Where a file of the manifest lies within the backup's folder: tablespaces have folders of their own. */
function diskPath(name: string): string {
  const space = /^pg_tblspc\/(\d+)\/(.*)$/s.exec(name)
  return space ? `${tablespacesName}/${space[1]}/${space[2]}` : `${dataName}/${name}`
}
