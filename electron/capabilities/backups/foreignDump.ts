// Reads a dump that Walkback did not make: an archive through pg_restore, a script to its end; and describes it.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { ForeignBackup } from '../../../shared/contracts/backups'
import { type BackupRecord, recordVersion } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion, parsePgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { type HashedFile, hashFiles, listFolder } from '../../library/checksumFiles'
import { clusterMarker, readInFull, requireEndOfScript, shownReadCommand } from '../../library/readInFull'
import { readToc } from '../../library/readToc'
import { sniffFormat } from '../../library/sniffFormat'
import type { Services } from '../../services'
import { addedLater, type ForeignReading, type KeptUnder, sourceOf } from './foreignReading'

/** Throws AppError when it is not whole. */
export async function readForeignDump(
  found: ForeignBackup,
  keep: KeptUnder | null,
  job: JobContext,
  services: Pick<Services, 'tools'>,
): Promise<ForeignReading> {
  job.step('read')
  const detail = await readAll(found, job, services)
  job.endStep('read', 'done', detail)
  if (!keep) return { detail, record: null }
  job.step('checksums')
  const artifact = found.format === 'directory' ? 'data' : path.basename(found.path)
  const files = await hash(found, artifact, job)
  const bytes = files.reduce((sum, file) => sum + BigInt(file.size), 0n)
  job.endStep('checksums', 'done', `${files.length} files, ${formatBytes(bytes)}`)
  return { detail, record: await recordOf(found, keep, artifact, files, detail) }
}

async function readAll(found: ForeignBackup, job: JobContext, services: Pick<Services, 'tools'>): Promise<string> {
  if (found.kind === 'cluster-dump') {
    await requireEndOfScript(found.path, clusterMarker)
    return 'the script has its end'
  }
  if (found.format === 'plain') {
    await readInFull(job, null, 'plain', found.path)
    return 'the script has its end'
  }
  const writer = await writerOf(found)
  const reader = await services.tools.forServer('pg_restore', writer)
  const shown = shownReadCommand(reader, found.format, found.path)
  if (shown) job.command(shown)
  await readInFull(job, reader, found.format, found.path)
  return `read in full by pg_restore ${formatPgVersion(reader.version)}`
}

/** The pg_dump that wrote it: pg_restore must not be older. */
async function writerOf({ path: at }: ForeignBackup): Promise<number> {
  const sniffed = await sniffFormat(at)
  if (sniffed.format === 'plain') throw new AppError('bad_input', `${at} is a script.`)
  const toc = await readToc(sniffed.tocFile, sniffed.start)
  const version = parsePgVersion(toc.dumpVersion ?? '')
  if (version !== undefined) return version
  throw new AppError('bad_input', `${at} does not say which pg_dump wrote it.`, { hint: 'Restore it without a record.' })
}

async function hash(found: ForeignBackup, artifact: string, job: JobContext): Promise<HashedFile[]> {
  const folder = found.format === 'directory' ? found.path : path.dirname(found.path)
  const names = found.format === 'directory' ? (await listFolder(folder)).files : [path.basename(found.path)]
  const total = found.size === null ? null : Number(found.size)
  let done = 0
  const hashed = await hashFiles(folder, names, {
    signal: job.signal,
    onBytes: (bytes, file) => {
      done += bytes
      job.progress({ done, total, unit: 'bytes', label: file })
    },
  })
  job.progress(null)
  return found.format === 'directory' ? hashed.map((file) => ({ ...file, path: `${artifact}/${file.path}` })) : hashed
}

async function recordOf(
  found: ForeignBackup,
  keep: KeptUnder,
  artifact: string,
  files: HashedFile[],
  detail: string,
): Promise<BackupRecord> {
  const now = new Date().toISOString()
  const { mtime } = await stat(found.path)
  const serverVersion = parsePgVersion(found.version) ?? 0
  const writer = found.format === 'plain' ? serverVersion : await writerOf(found)
  const script = found.kind === 'cluster-dump' ? await readScript(found.path) : null
  const program = found.kind === 'dump' ? 'pg_dump' : 'pg_dumpall'
  const common = {
    id: crypto.randomUUID(),
    label: keep.label,
    // When it began nobody noted in a way that names the zone.
    ...{ startedAt: earlier(found.at, mtime), endedAt: earlier(found.at, mtime) },
    source: sourceOf(keep.server, { serverVersion: script?.version ?? serverVersion, database: found.database }),
    tools: writer === 0 ? [] : [{ program, version: writer }],
    commands: [],
    artifact,
    globals: null,
    files,
    warnings: [addedLater],
    verifications: [{ at: now, level: 'read' as const, ok: true, detail }],
  }
  if (!script) return { ...common, recordVersion, kind: 'dump', format: found.format }
  const { databases, roles, tablespaces, hashes } = script
  const content = databases.length > 0 ? 'cluster' : roles && tablespaces ? 'globals' : tablespaces ? 'tablespaces' : 'roles'
  return { ...common, recordVersion, kind: 'cluster-dump', format: 'plain', content, rolePasswords: hashes, databases }
}

function earlier(at: string, mtime: Date): string {
  return at < mtime.toISOString() ? at : mtime.toISOString()
}

interface ScriptFacts {
  version: number
  databases: string[]
  roles: boolean
  tablespaces: boolean
  hashes: boolean
}

/** From pg_dumpall's own comments and commands, to the script's end; the rows of a COPY are passed over. */
async function readScript(file: string): Promise<ScriptFacts> {
  const facts: ScriptFacts = { version: 0, databases: [], roles: false, tablespaces: false, hashes: false }
  let copying = false
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (copying) {
      copying = line !== '\\.'
      continue
    }
    if (/^COPY .* FROM stdin;$/.test(line)) copying = true
    else if (line.startsWith('CREATE ROLE ') || line.startsWith('ALTER ROLE ')) {
      facts.roles = true
      facts.hashes ||= / PASSWORD '/.test(line)
    } else if (line.startsWith('CREATE TABLESPACE ')) facts.tablespaces = true
    else if (facts.version === 0 && line.startsWith('-- Dumped from database version ')) {
      facts.version = parsePgVersion(line.slice('-- Dumped from database version '.length)) ?? 0
    } else if (line.startsWith('-- Database "') && line.endsWith('" dump')) {
      facts.databases.push(line.slice('-- Database "'.length, -'" dump'.length))
    }
  }
  return facts
}
