// Walks the pieces of a span through pg_waldump: what changed relations, or which rows were touched; memory stays that of a piece.
import type { ArchiveIndex, SegmentEntry } from '../../../shared/model/archiveIndex'
import { type Lsn, toLsn } from '../../../shared/model/lsn'
import { collectChanges, type RelationChange } from '../../../shared/model/relationChanges'
import { type FileKey, type RelationRecord, readRelationRecords } from '../../../shared/model/relationRecords'
import type { RowTally } from '../../../shared/model/rowTally'
import type { WalPiece } from '../../../shared/model/walSpan'
import { AppError } from '../../../shared/rpc/appError'
import type { IndexServices } from '../../archive/readArchiveIndex'
import { stageRun } from '../../archive/stageRun'
import {
  filtersWell,
  type RecordFilter,
  readPrinted,
  type Stretch,
  type WaldumpEnd,
  type WaldumpProgram,
} from '../../archive/waldump'

export interface Walk {
  services: IndexServices
  index: ArchiveIndex
  pieces: readonly WalPiece[]
  program: WaldumpProgram
  signal: AbortSignal
  /** After each piece: bytes of WAL read, and the file that comes next. */
  onPiece(bytes: number, file: string): void
  /** What could not be read, a sentence. */
  note(text: string): void
}

/** Commits that removed files, in their order. */
export async function readChanges(walk: Walk): Promise<RelationChange[]> {
  const changes: RelationChange[] = []
  const collector = collectChanges((change) => void changes.push(change))
  const take = inOrderOnce((record) => collector.take(record))
  await eachPiece(walk, async (stretch) => {
    const options = { wanted: (xid: number) => collector.wanted(xid) }
    if (filtersWell(stretch)) {
      const all = ['Storage', 'Standby', 'Database', 'Transaction']
      return read(stretch, { rmgr: all }, { ...options, on: take('all') })
    }
    const made = ['Storage', 'Standby', 'Database'].map((rmgr) => read(stretch, { rmgr: [rmgr] }, { ...options, on: take(rmgr) }))
    const ends = await Promise.all(made)
    return worst([...ends, await read(stretch, { rmgr: ['Transaction'] }, { ...options, on: take('Transaction') })])
  })
  return changes
}

/** So many files are each looked for by pg_waldump itself, in a run of its own; of more, the lines are looked through here. */
const mostRuns = 2

/** `onEnd` gets the ends of the transactions that the tally waits for, in their order. */
export async function readRows(
  walk: Walk,
  files: ReadonlySet<FileKey>,
  tally: RowTally,
  onEnd: (record: RelationRecord & { kind: 'end' }) => void,
): Promise<void> {
  const take = inOrderOnce((record) => {
    if (record.kind === 'rows') tally.rows(record)
    else if (record.kind === 'end') onEnd(record)
  })
  await eachPiece(walk, async (stretch) => {
    const rows = { files }
    const heap = ['Heap', 'Heap2']
    const runs: { name: string; filter: RecordFilter }[] = filtersWell(stretch)
      ? files.size <= mostRuns
        ? [...files].map((relation) => ({ name: relation, filter: { rmgr: heap, relation } }))
        : [{ name: 'heap', filter: { rmgr: heap } }]
      : heap.map((rmgr) => ({ name: rmgr, filter: { rmgr: [rmgr] } }))
    const ends = await Promise.all(runs.map(({ name, filter }) => read(stretch, filter, { ...rows, on: take(name) })))
    const wanted = (xid: number) => tally.wanted(xid)
    return worst([...ends, await read(stretch, { rmgr: ['Transaction'] }, { wanted, on: take('Transaction') })])
  })
}

/**
 * A piece begins in the one before, where a record goes on in it: what was printed there already comes again. Of each run on its
 * own, since each is in order for itself.
 */
function inOrderOnce(on: (record: RelationRecord) => void): (run: string) => (record: RelationRecord) => void {
  const last = new Map<string, { hi: number; lo: number }>()
  return (run) => {
    const at = last.get(run) ?? { hi: -1, lo: -1 }
    last.set(run, at)
    return (record) => {
      if (record.hi < at.hi || (record.hi === at.hi && record.lo <= at.lo)) return
      at.hi = record.hi
      at.lo = record.lo
      on(record)
    }
  }
}

async function read(
  stretch: Stretch,
  filter: RecordFilter,
  options: Parameters<typeof readRelationRecords>[0],
): Promise<WaldumpEnd> {
  const reader = readRelationRecords(options)
  const end = await readPrinted(stretch, filter, (text) => reader.push(text))
  reader.end()
  return end
}

function worst(ends: readonly WaldumpEnd[]): WaldumpEnd {
  return ends.find(({ kind }) => kind === 'failed') ?? ends.find(({ kind }) => kind === 'damage') ?? { kind: 'sound' }
}

async function eachPiece(walk: Walk, work: (stretch: Stretch) => Promise<WaldumpEnd>): Promise<void> {
  const { services, index, pieces, program, signal, onPiece, note } = walk
  const queue = [...pieces]
  for (let piece = queue.shift(); piece; piece = queue.shift()) {
    signal.throwIfAborted()
    onPiece(0, piece.segments[0]?.file ?? '')
    const source = sourceOf(index, piece)
    const { staged, unusable } = await stageRun(services, source.folder, source.piece, signal)
    for (const { file, problem } of unusable) note(`${file} ${problem?.says ?? 'can’t be used'}: what is in it was not seen.`)
    const bad = source.piece.segments.findIndex(({ file }) => file === unusable[0]?.file)
    // What comes after one that can't be unpacked is read for itself.
    if (bad !== -1 && bad + 1 < piece.segments.length) {
      queue.unshift({ ...piece, segments: piece.segments.slice(bad + 1), before: [] })
      piece = { ...piece, segments: piece.segments.slice(0, bad + 1) }
    }
    if (staged) {
      try {
        const last = staged.files.at(-1)
        const whole: Lsn = (last?.start ?? 0n) + BigInt(staged.geometry.segmentSize)
        const to = piece.to < whole ? piece.to : whole
        const { from, geometry } = staged
        const stretch = {
          program,
          folder: staged.folder,
          timeline: piece.timeline,
          from,
          to,
          geometry,
          spawn: services.spawn,
          signal,
        }
        if (from < to) report(await work(stretch), piece, note)
      } finally {
        await staged.remove()
      }
    }
    onPiece(piece.segments.length * (piece.segments[0]?.header?.segmentSize ?? 0), piece.segments.at(-1)?.file ?? '')
  }
}

/** Salvaged segments are read from their own view, which has what of the archive comes right before them as well. */
function sourceOf(index: ArchiveIndex, piece: WalPiece): { folder: string; piece: WalPiece } {
  const view = piece.salvaged ? index.salvage?.view : undefined
  if (!view) return { folder: index.folder, piece }
  const there = ({ timeline, number }: SegmentEntry) =>
    view.segments.find((entry) => entry.timeline === timeline && entry.number === number)
  const before = piece.before.map(there)
  // Without one that is not in the view, those before it are of no use.
  const near = before.slice(before.lastIndexOf(undefined) + 1).filter((entry) => entry !== undefined)
  return {
    folder: view.folder,
    piece: { ...piece, segments: piece.segments.map((entry) => there(entry) ?? entry), before: near },
  }
}

function report(end: WaldumpEnd, { segments, to }: WalPiece, note: (text: string) => void): void {
  const [first, last] = [segments[0]?.file ?? '', segments.at(-1)?.file ?? '']
  const where = first === last ? first : `${first} to ${last}`
  if (end.kind === 'failed') {
    throw new AppError('tool_failed', `pg_waldump could not read ${where}: ${end.words}.`, {
      hint: 'Were files moved or removed meanwhile? Read the archive again on its page, then search again.',
    })
  }
  // A stretch without a whole record says so; and one that ends in the middle of one is no damage.
  if (end.kind === 'damage' && (end.lastSound !== null || segments.length > 1) && !endsThere(end, to)) {
    note(`In ${where} the WAL can’t be read to its end: ${end.words}. What follows there was not seen.`)
  }
}

/** The words name the position that could not be read: at the end of what is sound there is nothing more. */
function endsThere({ words }: WaldumpEnd & { kind: 'damage' }, to: Lsn): boolean {
  const at = /\bat ([0-9A-F]+\/[0-9A-F]+)/.exec(words)?.[1]
  return at !== undefined && toLsn(at) >= to
}
