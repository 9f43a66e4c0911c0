// Tells what a file or folder is from its content, never from its name.
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { AppError } from '../../shared/rpc/appError'

export type Sniffed =
  /** `start`: where the table of contents begins in `tocFile`. */
  { format: 'custom' | 'directory' | 'tar'; tocFile: string; start: number } | { format: 'plain'; gzip: boolean }

const otherHint = 'Choose a file or folder that pg_dump or pg_dumpall made, or a backup from a library.'

/** Throws AppError not_found, permission or bad_input, each with the way to go. */
export async function sniffFormat(path: string): Promise<Sniffed> {
  const facts = await lookAt(path)
  if (facts.isDirectory()) return sniffFolder(path)
  if (!facts.isFile()) {
    throw new AppError('bad_input', `${path} is neither a file nor a folder.`, { hint: otherHint })
  }
  if (facts.size === 0) {
    throw new AppError('bad_input', `${path} is empty: the dump that made it failed.`, {
      hint: 'A pg_dump that can’t finish leaves an empty file behind. Choose another backup.',
    })
  }
  const head = await readStart(path, 64 * 1024)
  if (head.subarray(0, 5).toString('latin1') === 'PGDMP') return sniffCustom(head, path)
  if (head.subarray(257, 262).toString('latin1') === 'ustar') return sniffTar(path)
  if (head[0] === 0x1f && head[1] === 0x8b) return sniffGzip(path, head)
  const packed = packedBy(head)
  if (packed) {
    throw new AppError('bad_input', `${path} is compressed with ${packed.name}.`, {
      hint: `Unpack it first: ${packed.command} ${path}`,
    })
  }
  if (head.subarray(0, 11).toString('latin1') === 'PGCOPY\n\xff\r\n\0') {
    throw new AppError('bad_input', `${path} holds the rows of one table in COPY’s binary format, not a dump.`, {
      hint: 'Import it into a table instead.',
    })
  }
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new AppError('bad_input', `${path} is a text in UTF-16, which PostgreSQL does not read.`, {
      hint: `PowerShell writes redirected output so. Convert it first: iconv --from-code=UTF-16 --to-code=UTF-8 ${path}`,
    })
  }
  if (head.includes(0)) {
    throw new AppError('bad_input', `${path} is neither an archive of pg_dump nor an SQL script.`, { hint: otherHint })
  }
  return { format: 'plain', gzip: false }
}

async function sniffFolder(path: string): Promise<Sniffed> {
  const names = await readdir(path)
  if (names.includes('toc.dat')) {
    const tocFile = join(path, 'toc.dat')
    const head = await readStart(tocFile, 5)
    if (head.toString('latin1') === 'PGDMP') return { format: 'directory', tocFile, start: 0 }
    throw new AppError('bad_input', `The toc.dat in ${path} is not a table of contents of pg_dump: it is damaged or empty.`, {
      hint: 'Copy the folder again from where it was made, or choose another backup.',
    })
  }
  if (names.includes('PG_VERSION') || names.includes('backup_label') || names.includes('backup_manifest')) {
    throw new AppError('bad_input', `${path} is a base backup or data directory of a whole cluster, not a dump.`, {
      hint: 'A base backup is not restored into a database: it is recovered as a cluster of its own.',
    })
  }
  if (names.includes('base.tar') || names.includes('base.tar.gz')) {
    throw new AppError('bad_input', `${path} is a base backup in tar files, not a dump.`, {
      hint: 'A base backup is not restored into a database: it is recovered as a cluster of its own.',
    })
  }
  throw new AppError('bad_input', `The folder ${path} holds no dump: there is neither toc.dat nor walkback.json in it.`, {
    hint: otherHint,
  })
}

/** A directory archive's toc.dat chosen by itself means its folder. */
function sniffCustom(head: Buffer, path: string): Sniffed {
  // Byte 10 is the format: 1 is custom; a directory's toc.dat says 3.
  if (head[10] !== 1) {
    throw new AppError('bad_input', `${path} is the table of contents of a directory archive.`, {
      hint: 'Choose the folder it is in.',
    })
  }
  return { format: 'custom', tocFile: path, start: 0 }
}

async function sniffTar(path: string): Promise<Sniffed> {
  for await (const member of tarMembers(path)) {
    if (member.name === 'toc.dat') return { format: 'tar', tocFile: path, start: member.start }
    if (member.name === 'PG_VERSION' || member.name === 'backup_label') {
      throw new AppError('bad_input', `${path} is a base backup in tar format, not a dump.`, {
        hint: 'A base backup is not restored into a database: it is recovered as a cluster of its own.',
      })
    }
  }
  throw new AppError('bad_input', `${path} is a tar file without a dump’s table of contents.`, { hint: otherHint })
}

function sniffGzip(path: string, head: Buffer): Sniffed {
  let text: Buffer
  try {
    // The head is cut off on purpose: what is there unpacks, the missing end is no error here.
    text = gunzipSync(head, { finishFlush: 2 /* Z_SYNC_FLUSH */ })
  } catch (error) {
    throw new AppError('bad_input', `${path} begins like a gzip file but can’t be unpacked.`, {
      hint: 'Copy it again from where it was made, or choose another backup.',
      cause: error,
    })
  }
  const inside = text.subarray(0, 5).toString('latin1') === 'PGDMP' ? 'an archive of pg_dump' : undefined
  const tar = text.subarray(257, 262).toString('latin1') === 'ustar' ? 'a tar file' : undefined
  if (inside || tar) {
    throw new AppError('bad_input', `${path} is ${inside ?? tar} packed with gzip; pg_restore can’t read it like that.`, {
      hint: `Unpack it first: gunzip --keep ${path}`,
    })
  }
  if (text.includes(0)) {
    throw new AppError('bad_input', `${path} is a gzip file that holds no SQL script.`, { hint: otherHint })
  }
  return { format: 'plain', gzip: true }
}

function packedBy(head: Buffer): { name: string; command: string } | undefined {
  const four = head.subarray(0, 4).toString('hex')
  if (four === '28b52ffd') return { name: 'zstd', command: 'zstd --decompress' }
  if (four === '04224d18') return { name: 'lz4', command: 'lz4 -d' }
  if (four === 'fd377a58') return { name: 'xz', command: 'xz --decompress --keep' }
  if (head.subarray(0, 3).toString('latin1') === 'BZh') return { name: 'bzip2', command: 'bunzip2 --keep' }
  if (four === '504b0304') return { name: 'zip', command: 'unzip' }
  return undefined
}

/** Many small members are walked through within one read. */
const tarWindow = 64 * 1024

/** Headers only; `start` is the member's first byte, `end` the byte after its last. Stops at the first damaged header. */
export async function* tarMembers(path: string): AsyncGenerator<{ name: string; start: number; end: number }> {
  const file = await open(path, 'r')
  try {
    let window = Buffer.alloc(0)
    let from = 0
    let at = 0
    for (;;) {
      if (at < from || at + 512 > from + window.length) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(tarWindow), 0, tarWindow, at)
        window = buffer.subarray(0, bytesRead)
        from = at
      }
      const header = window.subarray(at - from, at - from + 512)
      if (header.length < 512 || header[0] === 0) return
      const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '')
      const size = Number.parseInt(header.toString('latin1', 124, 136), 8)
      // Above 8 GB the size stands in base 256; pg_dump writes that too.
      const bytes = (header[124] ?? 0) & 0x80 ? Number(header.readBigUInt64BE(128)) : size
      if (!Number.isFinite(bytes)) return
      yield { name, start: at + 512, end: at + 512 + bytes }
      at += 512 + Math.ceil(bytes / 512) * 512
    }
  } finally {
    await file.close()
  }
}

async function readStart(path: string, length: number): Promise<Buffer> {
  try {
    const file = await open(path, 'r')
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function lookAt(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

export function unreadable(path: string, error: unknown): AppError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new AppError('not_found', `There is nothing at ${path}.`, { hint: 'Check the path; it is one of this machine’s.' })
  }
  return new AppError('permission', `${path} can’t be read: ${error instanceof Error ? error.message : String(error)}.`, {
    hint: 'Give the account that runs Walkback the right to read it.',
    cause: error,
  })
}
