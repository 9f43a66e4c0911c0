// What a physical backup is, with or without a record: its files, tablespaces, positions, and whether it can start by itself.
// Long because each form of a backup, plain or tar, with or without a record, tells the same facts in another place.
import { existsSync } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { RecoverableBackup } from '../../../shared/contracts/recovery'
import { type BackupLabel, parseBackupLabel } from '../../../shared/model/backupLabel'
import type { BackupManifest } from '../../../shared/model/backupManifest'
import { isPhysical, type PhysicalRecord } from '../../../shared/model/backupRecord'
import { formatLsn, type Lsn, toLsn } from '../../../shared/model/lsn'
import { parseSegmentName, segmentOf } from '../../../shared/model/walFile'
import { longHeaderSize, readWalHeader } from '../../../shared/model/walHeader'
import { AppError } from '../../../shared/rpc/appError'
import { listFolder } from '../../library/checksumFiles'
import { isBackupTar, readManifest } from '../../library/readTarBackup'
import { readRecord, recordName } from '../../library/recordFile'
import { packedBy, unpackProblem } from '../../library/unpackFile'
import { readTablespaceLinks } from '../../postgres/findLocalClusters'
import { errorCode, fromSystemError } from '../../process/systemError'
import { type KnowsLibraries, readChain } from './readChain'
import { parseTablespaceMap, readTarHead, readTarWal } from './tarHead'

export interface BackupTablespace {
  oid: string
  name: string
  /** Where it was on the server, or where the link of a foreign backup leads. */
  location: string
  /** A folder, or a tar. Absolute. */
  source: string
}

export interface PhysicalBackup extends Omit<RecoverableBackup, 'tablespaces' | 'configuration' | 'chain'> {
  record: PhysicalRecord | null
  /** The data directory, or the folder with the tars. Absolute. */
  data: string
  /** base.tar first; empty for a plain backup. */
  tars: string[]
  tablespaces: BackupTablespace[]
  configuration: { original: string; file: string }[]
  manifest: BackupManifest | null
  label: BackupLabel | null
  segmentSize: number
  /** Of an incremental one: all that are combined, the full one first, itself last. Empty for a full one. */
  chain: readonly PhysicalBackup[]
}

/**
 * Throws AppError for what can't be deployed: no backup, of another kind, an incremental one whose chain is not whole; and,
 * unless an archive goes with it, one without its WAL.
 */
export async function readBackup(
  services: KnowsLibraries,
  folder: string,
  signal: AbortSignal,
  withArchive = false,
): Promise<PhysicalBackup> {
  if (!path.isAbsolute(folder) || folder.includes('\0')) {
    throw new AppError('bad_input', `${JSON.stringify(folder)} is not an absolute path.`, { hint: 'Write it from the root on.' })
  }
  try {
    const where = path.resolve(folder)
    if (!(await stat(where)).isDirectory()) throw noBackup(where)
    const record = existsSync(path.join(where, recordName)) ? await physicalRecord(where) : null
    const bare = record?.kind === 'base-backup' && record.walMethod === 'none'
    if (bare && !withArchive) throw withoutWal(record.start.lsn, record.stop.lsn)
    if (record?.kind === 'base-backup' && record.incremental) {
      return await readChain(services, { folder: where, record }, signal, (link, last) =>
        // The WAL of those before the last is of no use to it.
        readPlain(link.path, path.join(link.path, link.record.artifact), link.record, { bare: bare || !last, link: true }),
      )
    }
    const data = record ? path.join(where, record.artifact) : where
    if (existsSync(path.join(data, 'PG_VERSION'))) return await readPlain(where, data, record, { bare, link: false })
    const tars = (await readdir(data)).filter(isBackupTar)
    const base = tars.find((name) => name.startsWith('base.tar'))
    if (base === undefined) throw noBackup(where)
    return await readTars(where, data, [base, ...tars.filter((name) => name !== base).toSorted()], record, { signal, bare })
  } catch (error) {
    throw fromSystemError(error, `read the backup ${folder}`) ?? error
  }
}

function noBackup(folder: string): AppError {
  return new AppError('bad_input', `${folder} is no backup of a whole cluster.`, {
    hint: 'Choose a backup of a library, or a folder that pg_basebackup wrote: with PG_VERSION and backup_label in it, or base.tar.',
  })
}

async function physicalRecord(folder: string): Promise<PhysicalRecord> {
  const record = await readRecord(folder)
  if (isPhysical(record)) return record
  throw new AppError('bad_input', `${folder} is a dump, not a copy of a cluster’s files.`, {
    hint: 'Use Restore from a dump, or Restore a set.',
  })
}

/** Of one without a record, or whose record says that it is full. */
function incremental(from: string): AppError {
  return new AppError(
    'bad_input',
    `This is an incremental backup: it holds only what changed since ${from}, and nothing tells which backups it builds on.`,
    { hint: 'Put it and those into a library and add a record to each, on the page Backups, the full one first.' },
  )
}

function withoutWal(start: string, stop: string | null): AppError {
  return new AppError('bad_input', 'This backup was taken without its WAL, so it can’t start by itself.', {
    hint: `It needs an archive that holds all WAL from ${start}${stop === null ? ' on' : ` to ${stop}`}: recover it to a point in time instead.`,
  })
}

/** `bare`: its WAL is not asked for. `link`: it is one of a chain. */
async function readPlain(
  folder: string,
  data: string,
  record: PhysicalRecord | null,
  { bare, link }: { bare: boolean; link: boolean },
): Promise<PhysicalBackup> {
  const major = Number((await readFile(path.join(data, 'PG_VERSION'), 'utf8')).trim())
  // A cluster that was once made from a base backup keeps that one's manifest.
  const manifest = record?.kind === 'cold-backup' ? null : await manifestIn(data)
  const label = await labelIn(path.join(data, 'backup_label'))
  if (label?.incrementalFrom && !link) throw incremental(formatLsn(label.incrementalFrom.lsn))
  if (!record && !label) throw noLabel(folder)
  if (record?.kind === 'base-backup' && !label) throw noLabel(folder)
  const control = await readFile(path.join(data, 'global', 'pg_control'))
  const systemIdentifier = control.readBigUInt64LE(0).toString()
  const positions = positionsOf(record, label, manifest)
  const segments = await segmentsIn(path.join(data, 'pg_wal'))
  if (segments.length === 0 && !bare) throw withoutWal(positions.start?.lsn ?? 'its start', positions.stop?.lsn ?? null)
  const first = segments[0] ? await readHead(path.join(data, 'pg_wal', segments[0].name)) : null
  const segmentSize = record?.segmentSize ?? segments[0]?.size ?? 0
  if (record?.kind !== 'cold-backup' && !bare) refuseGaps(segments, positions, segmentSize)
  return {
    ...common(folder, record, label, manifest, (await stat(data)).mtime),
    ...positions,
    path: folder,
    format: 'plain',
    major,
    systemIdentifier: refuseOther(record, manifest, [systemIdentifier, first]),
    size: record?.size ?? String(await sizeOf(data)),
    ...{ data, tars: [], record, manifest, label, segmentSize, chain: [] },
    tablespaces: record
      ? record.tablespaces.map(({ path: inner, ...space }) => ({ ...space, source: path.join(folder, inner) }))
      : (await readTablespaceLinks(data)).map(({ oid, location }) => ({
          oid,
          name: '',
          location: path.resolve(data, 'pg_tblspc', location),
          source: path.resolve(data, 'pg_tblspc', location),
        })),
    configuration: (record?.configuration ?? []).map((file) => ({
      original: file.original,
      file: path.join(folder, file.path),
    })),
  }
}

async function readTars(
  folder: string,
  data: string,
  tars: string[],
  record: PhysicalRecord | null,
  { signal, bare }: { signal: AbortSignal; bare: boolean },
): Promise<PhysicalBackup> {
  for (const name of tars) {
    const problem = await unpackProblem(packedBy(name))
    if (problem !== '') {
      throw new AppError('tool_missing', `${name} can’t be unpacked. ${problem}`, { hint: 'Install it, then try again.' })
    }
  }
  const base = path.join(data, tars[0] ?? '')
  const head = await readTarHead(base, signal)
  const label = head.backupLabel === null ? null : (parseBackupLabel(head.backupLabel) ?? null)
  if (!label) throw noLabel(folder)
  if (label.incrementalFrom) throw incremental(formatLsn(label.incrementalFrom.lsn))
  const manifest = await manifestIn(data)
  const positions = positionsOf(record, label, manifest)
  const walTar = tars.find((name) => name.startsWith('pg_wal.tar'))
  const wal = bare ? null : await readTarWal(walTar === undefined ? base : path.join(data, walTar), signal)
  if (!wal && !bare) throw withoutWal(positions.start?.lsn ?? 'its start', positions.stop?.lsn ?? null)
  const map = head.tablespaceMap === null ? [] : parseTablespaceMap(head.tablespaceMap)
  const sourceOf = (oid: string) => path.join(data, tars.find((name) => name.startsWith(`${oid}.tar`)) ?? `${oid}.tar`)
  return {
    ...common(folder, record, label, manifest, (await stat(data)).mtime),
    ...positions,
    path: folder,
    format: 'tar',
    major: record?.major ?? wal?.header.major ?? 0,
    systemIdentifier: refuseOther(record, manifest, [wal?.header.systemIdentifier ?? null]),
    size: record?.size ?? String(await sizeOf(data)),
    ...{ data, tars, record, manifest, label, segmentSize: wal?.header.segmentSize ?? record?.segmentSize ?? 0, chain: [] },
    tablespaces: map.map(({ oid, location }) => ({
      oid,
      name: record?.tablespaces.find((space) => space.oid === oid)?.name ?? '',
      location,
      source: sourceOf(oid),
    })),
    configuration: (record?.configuration ?? []).map((file) => ({
      original: file.original,
      file: path.join(folder, file.path),
    })),
  }
}

function common(
  folder: string,
  record: PhysicalRecord | null,
  label: BackupLabel | null,
  manifest: BackupManifest | null,
  written: Date,
) {
  const said = Date.parse(label?.startTime ?? '')
  return {
    kind: record?.kind ?? ('base-backup' as const),
    recorded: record !== null,
    server: record?.source.label || path.basename(folder),
    // Of a foreign backup by its label, to the second; its zone is an abbreviation that may mean nothing here.
    takenAt: record?.stopTime ?? (Number.isNaN(said) ? written : new Date(said)).toISOString(),
    manifest,
  }
}

function noLabel(folder: string): AppError {
  return new AppError('bad_input', `${folder} has no backup_label, so it is no backup that pg_basebackup made.`, {
    hint: 'A data directory that was copied while its server ran can’t be used. If backup_label was removed, take the backup again.',
  })
}

async function labelIn(file: string): Promise<BackupLabel | null> {
  try {
    const label = parseBackupLabel(await readFile(file, 'utf8'))
    if (label) return label
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
  throw new AppError('tool_failed', `${file} is damaged: it is not what PostgreSQL writes.`, {
    hint: 'Do not rely on this backup: take it again.',
  })
}

async function manifestIn(data: string): Promise<BackupManifest | null> {
  try {
    return readManifest(await readFile(path.join(data, 'backup_manifest')))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

type Positions = Pick<PhysicalBackup, 'start' | 'stop'>

function positionsOf(record: PhysicalRecord | null, label: BackupLabel | null, manifest: BackupManifest | null): Positions {
  if (record) return { start: record.start, stop: record.stop }
  const last = manifest?.walRanges.reduce((newest, range) => (range.timeline >= newest.timeline ? range : newest))
  return {
    start: label ? { timeline: label.startTimeline, lsn: formatLsn(label.startLsn) } : null,
    stop: last ? { timeline: last.timeline, lsn: formatLsn(last.end) } : null,
  }
}

async function segmentsIn(folder: string): Promise<{ name: string; size: number }[]> {
  const names = (await readdir(folder)).filter((name) => /^[0-9A-F]{24}$/.test(name)).toSorted()
  return Promise.all(names.map(async (name) => ({ name, size: (await stat(path.join(folder, name))).size })))
}

/** The system identifier in a segment's own header; null for one that can't be read. */
async function readHead(file: string): Promise<string | null> {
  const handle = await open(file, 'r')
  try {
    const head = Buffer.alloc(longHeaderSize)
    await handle.read(head, 0, longHeaderSize, 0)
    const reading = readWalHeader(head)
    return reading.ok ? reading.header.systemIdentifier : null
  } finally {
    await handle.close()
  }
}

/** Every segment from the start to the stop must be there and whole; the record at the stop ends at or before that position. */
function refuseGaps(segments: readonly { name: string; size: number }[], { start, stop }: Positions, segmentSize: number): void {
  if (!start) return
  const there = new Map<bigint, { name: string; size: number }>()
  for (const segment of segments) {
    const id = parseSegmentName(segment.name, segmentSize)
    if (id) there.set(id.number, segment)
  }
  const first = toLsn(start.lsn)
  const last: Lsn = stop ? toLsn(stop.lsn) - 1n : first
  for (let number = segmentOf(first, segmentSize); number <= segmentOf(last, segmentSize); number += 1n) {
    const segment = there.get(number)
    if (segment?.size === segmentSize) continue
    const which = segment
      ? `${segment.name} has ${segment.size} bytes instead of ${segmentSize}`
      : `the segment for ${formatLsn(number * BigInt(segmentSize))} is missing`
    throw new AppError('tool_failed', `WAL that this backup needs is not whole: ${which}.`, {
      hint: 'Put it back from a copy or an archive, or use another backup.',
    })
  }
}

/** Throws AppError when the parts of the backup are of different clusters. */
function refuseOther(record: PhysicalRecord | null, manifest: BackupManifest | null, found: (string | null)[]): string | null {
  const known = [record?.source.systemIdentifier ?? null, manifest?.systemIdentifier ?? null, ...found].filter(
    (id) => id !== null,
  )
  const other = known.find((id) => id !== known[0])
  if (other === undefined) return known[0] ?? null
  throw new AppError('tool_failed', `This backup holds files of two clusters: ${known[0]} and ${other}.`, {
    hint: 'Somebody changed it after it was taken. Use another backup.',
  })
}

async function sizeOf(folder: string): Promise<bigint> {
  let size = 0n
  for (const name of (await listFolder(folder)).files) size += BigInt((await stat(path.join(folder, name))).size)
  return size
}
