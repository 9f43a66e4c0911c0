// The level checksums: every file that the record lists by its size and SHA-256, and what is there that nothing lists.
import { type BackupRecord, isPhysical } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import type { JobContext } from '../../jobs/jobTypes'
import { hashFiles, listFolder } from '../../library/checksumFiles'
import { isRecordFile } from '../../library/recordFile'
import { type Difference, judged, type LevelResult, type Subject } from './levelResult'
import { diskPath, isExpectedLink, manifestOf } from './physicalFiles'

export async function verifyChecksums(subject: Subject, job: JobContext): Promise<LevelResult> {
  const { folder, record } = subject
  const differences = await compareNames(subject)
  const bytes = await compareContents(folder, record, differences, job)
  const count = record.files.length
  const beside = record.kind === 'base-backup' && record.manifest !== null && record.format === 'plain'
  return judged(differences, `${count} files${beside ? ' beside those of the manifest' : ''}, ${formatBytes(bytes)}`)
}

/** Files that are missing, and what is there that neither record nor manifest lists. */
async function compareNames({ folder, record }: Subject): Promise<Difference[]> {
  const { files, strange } = await listFolder(folder)
  const there = new Set(files)
  const missing = record.files.filter((file) => !there.has(file.path)).map((file) => ({ file: file.path, what: 'is missing' }))
  const known = new Set(record.files.map((file) => file.path))
  if (record.kind === 'base-backup' && record.format === 'plain') {
    const manifest = await manifestOf({ folder, record })
    // Without it nothing tells which files were added; that it does not hold is told by its own SHA-256.
    if (manifest && !('files' in manifest)) return missing
    for (const file of manifest?.files ?? []) known.add(diskPath(record, file.path))
  }
  const strangers = strange.filter((file) => !known.has(file) && !(isPhysical(record) && isExpectedLink(record, file)))
  return [
    ...missing,
    ...files
      .filter((file) => !known.has(file) && !isRecordFile(file))
      .map((file) => ({ file, what: `was added: ${listedBy(record)}` })),
    ...strangers.map((file) => ({ file, what: 'was added and is no plain file' })),
  ]
}

function listedBy(record: BackupRecord): string {
  const manifest = record.kind === 'base-backup' && record.manifest !== null && record.format === 'plain'
  return manifest ? 'neither the record nor the manifest lists it' : 'the record does not list it'
}

/** Returns the bytes read. Every file that is there is read in full, also after the first that differs. */
async function compareContents(
  folder: string,
  record: BackupRecord,
  differences: Difference[],
  job: JobContext,
): Promise<number> {
  const total = record.files.reduce((sum, file) => sum + Number(file.size), 0)
  const missing = new Set(differences.map((difference) => difference.file))
  let done = 0
  for (const file of record.files) {
    if (missing.has(file.path)) continue
    try {
      const [found] = await hashFiles(folder, [file.path], {
        signal: job.signal,
        onBytes: (bytes) => {
          done += bytes
          job.progress({ done: Math.min(done, total), total, unit: 'bytes', label: file.path })
        },
      })
      if (found && found.size !== file.size) {
        const shorter = BigInt(found.size) < BigInt(file.size) ? 'is cut off' : 'has grown'
        differences.push({ file: file.path, what: `${shorter}: ${found.size} bytes, recorded are ${file.size}` })
      } else if (found && found.sha256 !== file.sha256) differences.push({ file: file.path, what: 'differs from its SHA-256' })
    } catch (error) {
      if (job.signal.aborted) throw error
      differences.push({ file: file.path, what: `can't be read: ${error instanceof Error ? error.message : String(error)}` })
    }
  }
  job.progress(null)
  return done
}
