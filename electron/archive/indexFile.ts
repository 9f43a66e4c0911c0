// The index of one archive on disk: one checksummed line for each thing learned, appended and flushed, the last one counts.

import { createHash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { type ArchiveEntry, archiveEntry } from '../../shared/model/archiveIndex'
import { setAside, writeDurably } from '../durableFile'

const line = z.discriminatedUnion('kind', [...archiveEntry.options, z.object({ kind: z.literal('gone'), file: z.string() })])
type Line = z.infer<typeof line>

/** Of the shape of the lines: an index with others is set aside, and the archive read again. */
const shape = crc32(JSON.stringify(z.toJSONSchema(line))).toString(16)

const head = z.object({ shape: z.literal(shape), folder: z.string() })

export interface IndexFile {
  readonly path: string
  /** By file name. */
  readonly entries: ReadonlyMap<string, ArchiveEntry>
  /** What was done with a damaged file; null when nothing was wrong. */
  readonly problem: string | null
  /** What took long to learn is flushed to the disk; the rest is soon learned again, and half a line is found and dropped. */
  put(entries: readonly ArchiveEntry[], options?: { gone?: readonly string[]; flush?: boolean }): void
}

export function indexPath(dataFolder: string, folder: string): string {
  return join(dataFolder, 'archive-index', `${createHash('sha256').update(folder).digest('hex').slice(0, 24)}.ndjson`)
}

/** What was read last, as long as its file is as it was left: a page and its plans ask for the same archive again and again. */
let last: { path: string; state: string; entries: Map<string, ArchiveEntry>; lines: number } | null = null

function stateOf(path: string): string {
  const { size, mtimeNs, ino } = statSync(path, { bigint: true })
  return `${ino} ${size} ${mtimeNs}`
}

/** `folder` is absolute, and the same text each time. A file that can't be trusted is set aside: everything is read again. */
export async function openIndexFile(dataFolder: string, folder: string): Promise<IndexFile> {
  const path = indexPath(dataFolder, folder)
  mkdirSync(join(dataFolder, 'archive-index'), { recursive: true, mode: 0o700 })
  const known = last?.path === path && existsSync(path) && stateOf(path) === last.state ? last : null
  const entries = known?.entries ?? new Map<string, ArchiveEntry>()
  let [lines, problem]: [number, string | null] = [known?.lines ?? 0, null]
  const remember = () => {
    last = { path, state: stateOf(path), entries, lines }
  }
  if (!known && existsSync(path)) {
    const read = readLines(path, folder, entries)
    if (typeof read === 'number') lines = read
    else {
      entries.clear()
      problem = `${read} It is kept as ${await setAside(path)}, and the archive is read again.`
    }
  }
  if (lines === 0) append(path, seal({ shape, folder }), false)
  remember()
  return {
    path,
    entries,
    problem,
    put(changed, { gone = [], flush = true } = {}) {
      for (const entry of changed) entries.set(entry.file, entry)
      for (const file of gone) entries.delete(file)
      lines += changed.length + gone.length
      if (lines > 2 * entries.size + 1000) {
        writeDurably(path, seal({ shape, folder }) + [...entries.values()].map(seal).join(''))
        lines = entries.size
        return remember()
      }
      append(path, [...changed.map(seal), ...gone.map((file) => seal({ kind: 'gone', file } satisfies Line))].join(''), flush)
      remember()
    },
  }
}

function seal(value: unknown): string {
  const text = JSON.stringify(value)
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`
}

function append(path: string, text: string, flush: boolean): void {
  if (text === '') return
  const fd = openSync(path, 'a', 0o600)
  try {
    writeSync(fd, text)
    if (flush) fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** The number of lines, or what is wrong. A last line without its end was cut by a crash: it is dropped. */
function readLines(path: string, folder: string, entries: Map<string, ArchiveEntry>): number | string {
  const text = readFileSync(path, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const [first = '', ...rest] = whole.split('\n').slice(0, -1)
  const opened = head.safeParse(unseal(first))
  if (!opened.success || opened.data.folder !== folder) return `The index of the archive ${folder} can’t be read.`
  for (const [at, sealed] of rest.entries()) {
    // The checksum and the shape in the first line prove that `put` wrote exactly this: to check ten thousand entries field
    // by field would take half of the time of opening them.
    const read = unseal(sealed) as Line | undefined
    if (read === undefined) return `The index of the archive ${folder} is damaged in line ${at + 2}.`
    if (read.kind === 'gone') entries.delete(read.file)
    else entries.set(read.file, read)
  }
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole))
  return rest.length + 1
}

function unseal(sealed: string): unknown {
  const text = sealed.slice(9)
  if (crc32(text).toString(16).padStart(8, '0') !== sealed.slice(0, 8)) return undefined
  return JSON.parse(text)
}
