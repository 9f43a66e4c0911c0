// Is the archive whole? Against its record where there is one, and against its own table of contents.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBytes } from '../../../shared/model/byteCount'
import { tarMembers } from '../../library/sniffFormat'
import type { InspectedArchive } from './inspectArchive'

export interface ArchiveCheck {
  /** In words; empty when nothing is wrong. */
  problems: string[]
  /** What was proved, in words. */
  found: string
}

/** Above this, SHA-256 is left to the start of the job: reading takes more than a few seconds. */
const quickLimit = 1024n * 1024n * 1024n

/** `full`: SHA-256 of every file whatever the size. */
export async function checkArchive(
  archive: InspectedArchive,
  full: boolean,
  signal?: AbortSignal,
  progress?: (done: number, total: number, file: string) => void,
): Promise<ArchiveCheck> {
  const { record, recordPath } = archive.source
  const own = await ownProblems(archive)
  if (!record || recordPath === null) {
    return {
      problems: own,
      found:
        'No record with checksums beside it. Its parts are where its table of contents says; only restoring proves the rest.',
    }
  }
  const problems = [...own]
  const sound: { path: string; size: number; sha256: string }[] = []
  for (const file of record.files) {
    const size = await sizeOrNull(join(recordPath, file.path))
    if (size === null) problems.push(`${file.path} is missing.`)
    else if (String(size) !== file.size) {
      problems.push(
        `${file.path} has ${String(size)} bytes, its record says ${file.size}: ${cutOrGrown(size, Number(file.size))}.`,
      )
    } else sound.push({ path: file.path, size, sha256: file.sha256 })
  }
  const count = record.files.length
  if (!full && archive.bytes > quickLimit) {
    return {
      problems,
      found: `All ${count} sizes match the record. SHA-256 of ${formatBytes(archive.bytes)} is checked when the restore starts.`,
    }
  }
  const total = sound.reduce((sum, file) => sum + file.size, 0)
  let done = 0
  for (const file of sound) {
    const path = join(recordPath, file.path)
    const hash = await hashFile(path, full, signal, (bytes) => progress?.(done + bytes, total, file.path))
    done += file.size
    if (hash !== file.sha256)
      problems.push(`${file.path} does not have the SHA-256 of its record: its content was changed or damaged.`)
  }
  return {
    problems,
    found: count === 1 ? 'Its SHA-256 matches the record.' : `All ${count} files match the SHA-256 in the record.`,
  }
}

function cutOrGrown(size: number, expected: number): string {
  return size < expected ? 'it is cut off' : 'something was added to it'
}

/** A truncated archive lists without an error: its table of contents stands at the front. So look where it points to. */
async function ownProblems(archive: InspectedArchive): Promise<string[]> {
  if (archive.kind === 'script') {
    return archive.script.complete === false
      ? ['The script has no closing line "PostgreSQL database dump complete": it is cut off.']
      : []
  }
  if (archive.facts.format === 'custom') {
    const beyond = archive.toc.entries.filter((entry) => entry.offset !== null && entry.offset >= archive.bytes)
    return beyond.length === 0
      ? []
      : [`The archive is cut off: the data of ${beyond.length} of its entries would lie after its end.`]
  }
  const withFile = archive.toc.entries.filter((entry) => entry.file !== '')
  if (archive.facts.format === 'tar') {
    // Large objects are in members of their own, whose list is blobs.toc (13 to 16) or blobs_<id>.toc (17 on).
    const blobs = withFile.some((entry) => entry.kind === 'BLOBS')
    return tarProblems(
      archive,
      withFile.flatMap((entry) => (entry.kind === 'BLOBS' ? [] : [entry.file])),
      blobs,
    )
  }
  const files = withFile.map((entry) => entry.file)
  const names = new Set(await readdir(archive.source.archive))
  const missing = files.filter((name) => !['', '.gz', '.lz4', '.zst'].some((suffix) => names.has(name + suffix)))
  return missing.length === 0 ? [] : [`${missing.length} of its files are missing, the first is ${missing[0]}.`]
}

async function tarProblems(archive: InspectedArchive, files: readonly string[], blobs: boolean): Promise<string[]> {
  const names = new Set<string>()
  let end = 0
  for await (const member of tarMembers(archive.source.archive)) {
    names.add(member.name)
    end = member.end
  }
  if (BigInt(end) > archive.bytes) return ['The archive is cut off: its last file ends after the archive does.']
  const missing = files.filter((name) => !names.has(name))
  if (blobs && ![...names].some((name) => /^blobs(_\d+)?\.toc$/.test(name))) missing.push('blobs.toc')
  return missing.length === 0 ? [] : [`The archive is cut off or damaged: ${missing.length} of its files are missing.`]
}

async function sizeOrNull(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** By path, size and times: the form asks again at each change of an option. The job itself always reads. */
const known = new Map<string, string>()
const knownLimit = 20_000

async function hashFile(
  path: string,
  full: boolean,
  signal: AbortSignal | undefined,
  progress: (bytes: number) => void,
): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path)
  const key = [path, size, mtimeMs, ctimeMs, ino].join('\0')
  const before = known.get(key)
  if (before !== undefined && !full) return before
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, ...(signal ? { signal } : {}) })) {
    const data = chunk as Buffer
    hash.update(data)
    bytes += data.length
    progress(bytes)
  }
  const found = hash.digest('hex')
  if (known.size >= knownLimit) known.clear()
  known.set(key, found)
  return found
}
