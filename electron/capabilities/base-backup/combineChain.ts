// The backups that are to be combined, read anew from their folders, and the links to their tablespaces.
import { lstat, readdir, readlink, rename, symlink } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import type { CombineLink } from '../../library/combineChain'
import { syncFolder } from '../../library/durability'
import { readRecord } from '../../library/recordFile'
import { dataName } from './planBaseBackup'
import { tablespaceFolder, tablespacesName } from './tablespaceLinks'

/** Throws AppError for a folder that is no base backup. */
export async function readLinks(folders: readonly string[]): Promise<CombineLink[]> {
  const links: CombineLink[] = []
  for (const folder of folders) {
    if (!path.isAbsolute(folder)) {
      throw new AppError('bad_input', `${JSON.stringify(folder)} is not an absolute path.`, {
        hint: 'Write it from the root on.',
      })
    }
    const at = path.resolve(folder)
    const record = await readRecord(at)
    if (record.kind !== 'base-backup') {
      throw new AppError('bad_input', `${at} is no base backup.`, { hint: 'Only a chain of base backups can be combined.' })
    }
    links.push({ path: at, library: path.dirname(path.dirname(at)), record })
  }
  return links
}

/** The tablespaces of a plain backup with a folder of their own, and whether its links lead there by a relative path. */
export async function tablespaceLinks({ path: folder, record }: CombineLink): Promise<{ oid: string; relative: boolean }[]> {
  const links = path.join(folder, dataName, 'pg_tblspc')
  const found: { oid: string; relative: boolean }[] = []
  for (const oid of (await readdir(links)).filter((name) => record.tablespaces.some((space) => space.oid === name))) {
    const link = path.join(links, oid)
    if (!(await lstat(link)).isSymbolicLink()) continue // "in place": a folder like any other
    found.push({ oid, relative: !path.isAbsolute(await readlink(link)) })
  }
  return found
}

/**
 * pg_combinebackup refuses relative links in the last backup of a chain. While it runs they are absolute; they are made
 * relative again at the job's end, in whatever way it ends. After a crash they stay absolute, which holds where the backup lies.
 */
export async function makeLinksAbsolute(job: JobContext, link: CombineLink): Promise<void> {
  const spaces = (await tablespaceLinks(link)).filter(({ relative }) => relative)
  if (spaces.length === 0) return
  const folder = path.join(link.path, dataName, 'pg_tblspc')
  job.onCleanup('the links to the tablespaces', async () => {
    for (const { oid } of spaces) await replaceLink(folder, oid, path.join('..', '..', tablespacesName, oid))
    await syncFolder(folder)
  })
  for (const { oid } of spaces) await replaceLink(folder, oid, tablespaceFolder(link.path, oid))
}

async function replaceLink(folder: string, oid: string, target: string): Promise<void> {
  const temporary = path.join(folder, `${oid}.new`)
  await symlink(target, temporary)
  await rename(temporary, path.join(folder, oid))
}
