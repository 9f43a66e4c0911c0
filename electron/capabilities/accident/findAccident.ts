// A search from its request to its result: what is asked for, how much WAL that is, and the reading of it.
import { createHash } from 'node:crypto'
import type { AccidentRequest, AccidentResult } from '../../../shared/contracts/accident'
import type { ArchiveIndex } from '../../../shared/model/archiveIndex'
import { formatLsn } from '../../../shared/model/lsn'
import type { WalArchive } from '../../../shared/model/walArchive'
import { type WalSpan, walSpan } from '../../../shared/model/walSpan'
import { AppError } from '../../../shared/rpc/appError'
import { waldumps } from '../../archive/readArchiveIndex'
import type { WaldumpProgram } from '../../archive/waldump'
import { withServer } from '../../postgres/openServer'
import { readSystemIdentifier } from '../../postgres/serverState'
import { messageOf } from '../../process/systemError'
import type { ResolvedConnection, Services } from '../../services'
import type { Parts } from './parts'
import { readTable, type TableFacts } from './readTable'
import { searchRemoved } from './searchRemoved'
import { hasHistory, searchTable } from './searchTable'

export type AccidentServices = Pick<Services, 'archives' | 'connections' | 'jobs' | 'paths' | 'spawn' | 'tools'>

/** What a request is about, as the server says. */
export interface Subject {
  request: AccidentRequest
  archive: WalArchive
  connection: ResolvedConnection | null
  /** null for removed tables. */
  table: TableFacts | null
}

/** `index`: of the archive, its records read; with the salvaged WAL in it, where that is asked for. */
export async function readIndexed(
  parts: Parts,
  { request }: Subject,
  index: ArchiveIndex,
  signal: AbortSignal,
): Promise<{ index: ArchiveIndex; notes: string[] }> {
  return request.salvage ? parts.salvage.into(index, request.salvage, signal) : { index, notes: [] }
}

/** Throws AppError for a table that can't be looked up, and conflict for a server of another cluster. */
export async function readSubject(services: AccidentServices, request: AccidentRequest, signal: AbortSignal): Promise<Subject> {
  const archive = services.archives.get(request.archiveId)
  const { subject } = request
  if (subject.connectionId === null) return { request, archive, connection: null, table: null }
  const connection = await services.connections.resolve(subject.connectionId)
  if (subject.kind === 'table') {
    return { request, archive, connection, table: await readTable(services, connection, subject, signal) }
  }
  return { request, archive, connection, table: null }
}

export interface Search extends Subject {
  index: ArchiveIndex
  span: WalSpan
  program: WaldumpProgram
  /** What of the salvaged WAL can't be had. */
  notes: string[]
  /** Bytes of WAL to be read, those that are read twice counted twice. */
  work: number
}

/** Throws AppError where nothing can be searched. `index` has its records read. */
export async function planSearch(
  services: AccidentServices,
  subject: Subject,
  { index, notes }: { index: ArchiveIndex; notes: string[] },
  signal: AbortSignal,
): Promise<Search> {
  const { request, archive, connection, table } = subject
  const whose = archive.systemIdentifier ?? index.systemIdentifier
  if (connection && whose !== null) {
    const server = table ? table.systemIdentifier : await identifierOf(services, connection, signal)
    if (server !== null && server !== whose) {
      throw new AppError(
        'conflict',
        `${connection.label} is the cluster ${server}, and ${archive.label} holds WAL of the cluster ${whose}.`,
        {
          hint: 'Choose a connection to the cluster that the archive belongs to, or to one that was recovered from it.',
        },
      )
    }
  }
  const span = walSpan(index, request.timeline, request.hours)
  const [piece] = span?.pieces ?? []
  if (!span || !piece) {
    throw new AppError('bad_input', `${archive.folder} holds no WAL of timeline ${request.timeline}.`, {
      hint: 'Choose a timeline that is in the archive.',
    })
  }
  const program = (await waldumps(services)).get(piece.major)
  if (!program) {
    throw new AppError(
      'tool_missing',
      `There is no pg_waldump of PostgreSQL ${piece.major} here, and no other can read this archive.`,
      {
        hint: `Install the server package of PostgreSQL ${piece.major}, or add its folder on the page Settings.`,
      },
    )
  }
  const bytes = span.pieces.reduce((sum, { segments }) => sum + segments.length, 0) * (index.segmentSize ?? 0)
  const rounds = table === null ? 1 : hasHistory(table) ? 2 : 1
  return { ...subject, index, notes, span, program, work: bytes * rounds }
}

/** null where it may not be known, or the server can't be asked: then names are missing, and the result says so. */
async function identifierOf(
  services: AccidentServices,
  connection: ResolvedConnection,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    return await withServer(services, connection, readSystemIdentifier, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AppError) return null
    throw new AppError('internal', `${connection.label} could not be asked: ${messageOf(error)}`, { cause: error })
  }
}

export interface SearchProgress {
  done: number
  total: number
  file: string
}

export async function runSearch(
  services: AccidentServices,
  search: Search,
  signal: AbortSignal,
  onProgress: (progress: SearchProgress) => void = () => undefined,
): Promise<AccidentResult> {
  const { index, span, program, table, connection, request, work } = search
  const began = performance.now()
  const notes = new Set([...search.notes, ...span.notes])
  if (table) for (const text of tableNotes(table, request, connection?.label ?? '')) notes.add(text)
  let done = 0
  const walk = {
    ...{ services, index, pieces: span.pieces, program, signal },
    onPiece: (bytes: number, file: string) => {
      done += bytes
      onProgress({ done, total: work, file })
    },
    note: (text: string) => void notes.add(text),
  }
  const found = table ? await searchTable(walk, table, span) : await searchRemoved(walk, services, connection, span)
  signal.throwIfAborted()
  return {
    subject: table?.words ?? 'removed tables',
    timeline: request.timeline,
    ...{ fromLsn: formatLsn(span.from), toLsn: formatLsn(span.to), fromTime: span.fromTime, toTime: span.toTime },
    ...{ segments: span.segments, bytes: String(span.bytes), reachesBeginning: span.reachesBeginning },
    ...found,
    notes: [...notes],
    seconds: Math.round((performance.now() - began) / 100) / 10,
  }
}

function tableNotes(table: TableFacts, { timeline }: AccidentRequest, server: string): string[] {
  const notes: string[] = []
  if (table.replayed === null && table.timeline !== null && table.timeline !== timeline) {
    notes.push(
      `${server} is on timeline ${table.timeline}, and this is the way to timeline ${timeline}: what it says of the table is of its own.`,
    )
  }
  if (table.replayed !== null)
    notes.push(`${server} waits in recovery at ${formatLsn(table.replayed)}: its table is that of then.`)
  if (table.partitioned)
    notes.push('Partitions that were dropped or detached since are not among these: they are found as removed tables.')
  if (table.elsewhere > 0) {
    const what = table.elsewhere === 1 ? '1 partition is' : `${table.elsewhere} partitions are`
    notes.push(`${what} on another server, whose WAL is not here.`)
  }
  return notes
}

/** What of a search makes its result: the same again is not read again. */
export function keyOf({ request, archive, table, span }: Search): string {
  const files = span.pieces.flatMap(({ segments }) => segments.map(({ file, size, modified }) => `${file} ${size} ${modified}`))
  const at = table?.replayed == null ? '' : formatLsn(table.replayed)
  const about = table ? [table.words, at, ...table.leaves.map(({ oid, file }) => `${oid} ${file}`)] : [request.subject]
  const all = [archive.folder, request.salvage ?? '', request.timeline, formatLsn(span.from), about, files]
  return createHash('sha256').update(JSON.stringify(all)).digest('hex')
}
