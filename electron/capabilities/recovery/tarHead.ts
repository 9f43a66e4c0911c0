// Looks into a tar backup without reading it in full: its label, its tablespaces, and the first segment of its WAL.
import path from 'node:path'
import { longHeaderSize, readWalHeader, type WalHeader } from '../../../shared/model/walHeader'
import { readTar, type TarMember } from '../../library/readTar'
import { unpackFile } from '../../library/unpackFile'

/** Thrown by ourselves once enough is known. */
class Enough extends Error {}

export interface TarHead {
  backupLabel: string | null
  /** Lines of tablespace_map; pg_basebackup writes it into tars alone. */
  tablespaceMap: string | null
}

/** The server sends backup_label and tablespace_map before all other files (sendFileWithContent in basebackup.c). */
export async function readTarHead(file: string, signal: AbortSignal): Promise<TarHead> {
  const head: TarHead = { backupLabel: null, tablespaceMap: null }
  await readUntil(file, signal, {
    wants: ({ name }) => {
      if (name === 'backup_label' || name === 'tablespace_map') return true
      throw new Enough()
    },
    take: ({ name }, content) => {
      if (name === 'backup_label') head.backupLabel = content.toString('utf8')
      else head.tablespaceMap = content.toString('utf8')
    },
  })
  return head
}

/** The first header of a segment: in pg_wal.tar, or among the files of base.tar where WAL was fetched. null without one. */
export async function readTarWal(file: string, signal: AbortSignal): Promise<{ name: string; header: WalHeader } | null> {
  let found: { name: string; header: WalHeader } | null = null
  await readUntil(file, signal, {
    wants: ({ name, kind }) => kind === 'file' && /^(?:pg_wal\/)?[0-9A-F]{24}$/.test(name),
    limit: longHeaderSize,
    take: ({ name }, content) => {
      const reading = readWalHeader(content)
      if (!reading.ok) return
      found = { name: path.posix.basename(name), header: reading.header }
      throw new Enough()
    },
  })
  return found
}

interface Wanted {
  wants(member: TarMember): boolean
  /** Bytes that are enough of each. */
  limit?: number
  take(member: TarMember, content: Buffer): void
}

async function readUntil(file: string, signal: AbortSignal, wanted: Wanted): Promise<void> {
  let current: TarMember | null = null
  let kept: Buffer[] | null = null
  const hand = (content: Buffer) => {
    kept = null
    if (current) wanted.take(current, content)
  }
  const reader = readTar(path.basename(file), {
    begin(member) {
      current = { ...member, name: member.name.replace(/^\.\//, '') }
      kept = wanted.wants(current) ? [] : null
    },
    data(chunk) {
      if (!kept) return
      kept.push(Buffer.from(chunk))
      const so = Buffer.concat(kept)
      if (wanted.limit !== undefined && so.length >= wanted.limit) hand(so)
    },
    end() {
      if (kept) hand(Buffer.concat(kept))
    },
  })
  try {
    await unpackFile(file, (chunk) => reader.write(chunk), { signal })
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
}

/** "16390 /srv/fast": a backslash escapes line breaks and itself (backup_label and tablespace_map of 13 and newer). */
export function parseTablespaceMap(text: string): { oid: string; location: string }[] {
  const found: { oid: string; location: string }[] = []
  let line = ''
  const take = () => {
    const match = /^(\d+) ([^]+)$/.exec(line)
    if (match?.[1] !== undefined && match[2] !== undefined) found.push({ oid: match[1], location: match[2] })
    line = ''
  }
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at)
    if (letter === '\\') {
      at += 1
      line += text.charAt(at)
    } else if (letter === '\n') take()
    else line += letter
  }
  take()
  return found
}

export function makeTablespaceMap(spaces: readonly { oid: string; location: string }[]): string {
  return spaces.map(({ oid, location }) => `${oid} ${location.replace(/[\\\n\r]/g, '\\$&')}\n`).join('')
}
