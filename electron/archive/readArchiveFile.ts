// Tells one file of an archive by its name and its beginning: what it is, and whether it is what its name says.
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArchiveEntry, FileProblem, SegmentEntry } from '../../shared/model/archiveIndex'
import { parseBackupLabel } from '../../shared/model/backupLabel'
import { formatLsn } from '../../shared/model/lsn'
import { parseTimelineHistory } from '../../shared/model/timelineHistory'
import { isSegmentSize, parseSegmentName, parseWalFile, segmentName, segmentOf, type WalFile } from '../../shared/model/walFile'
import { longHeaderSize, readWalHeader } from '../../shared/model/walHeader'
import { readPageStart } from '../../shared/model/walPages'
import type { SpawnTool } from '../process/processTypes'
import { fromSystemError } from '../process/systemError'
import { type UnpackRequest, unpackStart, unpackText } from './unpackSegment'

export interface FileOnDisk {
  file: string
  size: number
  modified: number
  /** A folder, a socket or the like. */
  special: boolean
}

export interface ReadFileOptions {
  folder: string
  spawn: SpawnTool
  signal: AbortSignal
}

/** Never throws for what is wrong with the file; for a cancel it does. */
export async function readArchiveFile(found: FileOnDisk, options: ReadFileOptions): Promise<ArchiveEntry> {
  const { file, size, modified } = found
  const disk = { file, size, modified }
  const other = (problem: FileProblem): ArchiveEntry => ({ kind: 'other', ...disk, problem })
  const parsed = parseWalFile(file)
  if (found.special) return other({ fault: 'unknown', says: 'is no plain file' })
  if (!parsed) return other({ fault: 'unknown', says: unknownName(file) })
  try {
    if (parsed.kind === 'segment') return await readSegment(disk, parsed, options)
    return await readText(disk, parsed, options)
  } catch (error) {
    options.signal.throwIfAborted()
    const problem = fromSystemError(error, 'be read')
    if (!problem) throw error
    return other({ fault: 'unreadable', says: problem.message.replace(/^Can't/, 'can’t').replace(/\.$/, '') })
  }
}

function unknownName(file: string): string {
  if (file.startsWith('.') || /\.(tmp|part|temp)$/.test(file)) return 'has the name of a file that is still being written'
  return 'has no name of a WAL file'
}

type Disk = Pick<ArchiveEntry, 'file' | 'size' | 'modified'>

async function readSegment(
  disk: Disk,
  parsed: WalFile & { kind: 'segment' },
  { folder, spawn, signal }: ReadFileOptions,
): Promise<SegmentEntry> {
  const { timeline, partial, compressed } = parsed
  const entry: SegmentEntry = {
    ...{ kind: 'segment', ...disk, problem: null, timeline, number: null, partial, compressed, header: null, continues: false },
    ...{ own: null, inherited: null, end: null, damage: null, unread: null, joined: false },
  }
  const path = join(folder, disk.file)
  const request: UnpackRequest = { file: path, how: compressed ?? 'gz', spawn, signal, unfinished: partial }
  const start =
    compressed === null ? { ok: true as const, value: await readStart(path) } : await unpackStart(request, longHeaderSize)
  if (!start.ok) return { ...entry, problem: { fault: 'unreadable', says: start.says } }
  const reading = readWalHeader(start.value)
  if (!reading.ok) return { ...entry, problem: { fault: 'header', says: headerWords(reading.reason) } }
  const { header } = reading
  if (!isSegmentSize(header.segmentSize) || !isPageSize(header.pageSize)) {
    const says = `says that segments have ${header.segmentSize} bytes and pages ${header.pageSize}, which can’t be`
    return { ...entry, problem: { fault: 'header', says } }
  }
  const at = segmentOf(header.start, header.segmentSize)
  const known: SegmentEntry = {
    ...entry,
    number: Number(at),
    header: { ...header, start: formatLsn(header.start) },
    continues: readPageStart(start.value).continues,
  }
  const named = parseSegmentName(parsed.name, header.segmentSize)
  if (named?.number !== at || header.timeline > timeline) {
    const real = segmentName({ timeline: header.timeline, number: at }, header.segmentSize)
    return { ...known, problem: { fault: 'name', says: `begins like ${real} (${formatLsn(header.start)})` } }
  }
  // A .partial may be cut where its writer was stopped; pg_receivewal's is filled up with zeros.
  if (compressed === null && disk.size !== header.segmentSize && !(partial && disk.size < header.segmentSize)) {
    return { ...known, problem: sizeProblem(disk.size, header.segmentSize) }
  }
  return known
}

export function sizeProblem(size: number, segmentSize: number): FileProblem {
  const bytes = (count: number) => count.toLocaleString('en-US')
  return { fault: 'size', says: `has ${bytes(size)} of ${bytes(segmentSize)} bytes` }
}

/** The reasons of readWalHeader are whole sentences: "it has only 12 bytes". */
function headerWords(reason: string): string {
  return reason.replace(/^it /, '').replace(/^its first page/, 'is damaged: its first page')
}

function isPageSize(bytes: number): boolean {
  return Number.isInteger(Math.log2(bytes)) && bytes >= 1024 && bytes <= 65536
}

async function readStart(path: string): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(longHeaderSize), 0, longHeaderSize, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function readText(
  disk: Disk,
  parsed: WalFile & { kind: 'history' | 'backup' },
  { folder, spawn, signal }: ReadFileOptions,
): Promise<ArchiveEntry> {
  const path = join(folder, disk.file)
  const bad = (says: string): ArchiveEntry => ({ kind: 'other', ...disk, problem: { fault: 'content', says } })
  if (disk.size > 1024 * 1024) return bad('is too long for what its name says')
  const text =
    parsed.compressed === null
      ? await readFile(path, 'utf8')
      : await unpackText({ file: path, how: parsed.compressed, spawn, signal, unfinished: false })
  if (parsed.kind === 'history') {
    const read = parseTimelineHistory(text, parsed.timeline)
    if (!read.ok) return bad(`is no timeline history: ${read.reason}`)
    if (read.switches.length === 0) return bad('is no timeline history: it names no timeline')
    const switches = read.switches.map((one) => ({ ...one, at: formatLsn(one.at) }))
    return { kind: 'history', ...disk, problem: null, timeline: parsed.timeline, switches }
  }
  const label = parseBackupLabel(text)
  if (!label) return bad('is no backup history: it names no START WAL LOCATION')
  return {
    ...{ kind: 'backup', ...disk, problem: null, timeline: parsed.timeline, segment: parsed.segment, label: label.label },
    start: formatLsn(label.startLsn),
    stop: label.stop ? formatLsn(label.stop.lsn) : null,
    startTime: label.startTime,
    stopTime: label.stop?.time ?? null,
  }
}
