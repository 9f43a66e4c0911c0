// Unpacks a tar backup to its places, every member compared with the manifest on the way, each tar with the record.
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../../shared/rpc/appError'
import { syncFolder } from '../../library/durability'
import { checkMembers, type FileProblem, isUncovered } from '../../library/memberCheck'
import { readTar, type TarMember } from '../../library/readTar'
import { unpackFile } from '../../library/unpackFile'
import { fromSystemError } from '../../process/systemError'
import { type CopyOptions, damagedFile, makeFolder } from './copyBackup'
import { own } from './destination'
import type { PlaceName } from './listBackup'
import type { PhysicalBackup } from './readBackup'

/** Files of a tar that stay behind, as of a plain backup. */
const left = new Set(['postmaster.pid', 'postmaster.opts', 'standby.signal', 'recovery.signal'])

interface TarPlace {
  folder: string
  /** Of its members in the manifest. */
  prefix: string
}

/** Throws AppError tool_failed for what is not as manifest and record say, or the disk's own words. */
export async function unpackBackup(
  backup: PhysicalBackup,
  places: ReadonlyMap<PlaceName, string>,
  options: CopyOptions,
): Promise<{ files: number; compared: number; left: string[] }> {
  const check = backup.manifest && checkMembers(backup.manifest)
  const recorded = new Map((backup.record?.files ?? []).map((file) => [file.path, file.sha256]))
  const done = { files: 0, compared: 0, left: [] as string[] }
  for (const tar of backup.tars) {
    const place = placeOf(tar, places)
    const hash = createHash('sha256')
    const folders = [place.folder]
    await makeFolder(place.folder, options.account)
    const writer = openWriter(place, check, folders, done, options)
    const reader = readTar(tar, writer)
    const onRaw = (chunk: Buffer) => {
      hash.update(chunk)
      options.onBytes(chunk.length, tar)
    }
    try {
      await unpackFile(path.join(backup.data, tar), (chunk) => reader.write(chunk), { signal: options.signal, onRaw })
      reader.finish()
    } finally {
      await writer.close()
    }
    const says = recorded.get(`${backup.record?.artifact}/${tar}`)
    if (says !== undefined && hash.digest('hex') !== says)
      throw damagedFile({ file: tar, what: 'differs from its SHA-256 in the record' })
    for (const folder of folders) await syncFolder(folder)
  }
  const [problem] = check?.finish() ?? []
  if (problem) throw damagedFile(problem)
  return done
}

function placeOf(tar: string, places: ReadonlyMap<PlaceName, string>): TarPlace {
  const data = places.get('data') ?? ''
  if (tar.startsWith('base.tar')) return { folder: data, prefix: '' }
  if (tar.startsWith('pg_wal.tar')) return { folder: path.join(data, 'pg_wal'), prefix: 'pg_wal/' }
  const oid = tar.slice(0, tar.indexOf('.'))
  const folder = places.get(oid)
  if (folder !== undefined) return { folder, prefix: `pg_tblspc/${oid}/` }
  throw damagedFile({ file: tar, what: 'is of a tablespace that the backup’s tablespace_map does not name' })
}

function openWriter(
  place: TarPlace,
  check: ReturnType<typeof checkMembers> | null,
  folders: string[],
  done: { files: number; compared: number; left: string[] },
  { account }: CopyOptions,
) {
  let out: { handle: FileHandle; name: string; compared: boolean } | null = null
  const nameOf = (member: TarMember) => {
    const name = member.name.replace(/^\.\//, '')
    if (path.posix.isAbsolute(name) || name.split('/').includes('..') || name.includes('\\')) {
      throw damagedFile({ file: member.name, what: 'would lie outside its folder' })
    }
    return name
  }
  return {
    async begin(member: TarMember) {
      const name = nameOf(member)
      const target = path.join(place.folder, name)
      if (member.kind === 'folder') {
        await makeFolder(target, account)
        folders.push(target)
      } else if (member.kind === 'link') {
        // Those of tablespaces are made anew; pg_basebackup writes no others.
        if (!/^pg_tblspc\/\d+$/.test(name)) throw damagedFile({ file: name, what: `is a link to ${member.target}` })
      } else if (place.prefix === '' && left.has(name)) {
        check?.begin(name, member.size)
        done.left.push(name)
      } else {
        check?.begin(place.prefix + name, member.size)
        const handle = await open(target, 'wx', 0o600).catch(explain(target))
        out = { handle, name: target, compared: check !== null && !isUncovered(place.prefix + name) }
      }
    },
    async data(chunk: Buffer) {
      check?.data(chunk)
      await out?.handle.writeFile(chunk).catch(explain(out.name))
    },
    async end() {
      check?.end()
      const written = out
      if (!written) return
      out = null
      await written.handle.sync().catch(explain(written.name))
      await written.handle.close()
      await own(written.name, account)
      done.files += 1
      if (written.compared) done.compared += 1
    },
    async close() {
      await out?.handle.close()
      out = null
    },
  }
}

function explain(target: string): (error: unknown) => never {
  return (error) => {
    throw fromSystemError(error, `write ${target}`) ?? new AppError('internal', `Can't write ${target}.`, { cause: error })
  }
}

/** Reads all of it without writing anything; what is not as manifest and record say. */
export async function checkTars(
  backup: PhysicalBackup,
  { signal, onBytes }: Pick<CopyOptions, 'signal' | 'onBytes'>,
): Promise<FileProblem[]> {
  const check = backup.manifest && checkMembers(backup.manifest)
  const recorded = new Map((backup.record?.files ?? []).map((file) => [file.path, file.sha256]))
  const problems: FileProblem[] = []
  for (const tar of backup.tars) {
    const prefix = tar.startsWith('base.tar')
      ? ''
      : tar.startsWith('pg_wal.tar')
        ? 'pg_wal/'
        : `pg_tblspc/${tar.slice(0, tar.indexOf('.'))}/`
    const hash = createHash('sha256')
    const reader = readTar(tar, {
      begin: (member) => {
        if (member.kind === 'file') check?.begin(prefix + member.name.replace(/^\.\//, ''), member.size)
      },
      data: (chunk) => check?.data(chunk),
      end: () => check?.end(),
    })
    const onRaw = (chunk: Buffer) => {
      hash.update(chunk)
      onBytes(chunk.length, tar)
    }
    try {
      await unpackFile(path.join(backup.data, tar), (chunk) => reader.write(chunk), { signal, onRaw })
      reader.finish()
    } catch (error) {
      if (signal.aborted || !(error instanceof AppError)) throw error
      problems.push({ file: tar, what: `can’t be read to its end (${error.message})` })
      continue
    }
    const says = recorded.get(`${backup.record?.artifact}/${tar}`)
    if (says !== undefined && hash.digest('hex') !== says)
      problems.push({ file: tar, what: 'differs from its SHA-256 in the record' })
  }
  return [...problems, ...(check?.finish() ?? [])]
}
