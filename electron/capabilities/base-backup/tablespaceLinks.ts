// The tablespaces of a plain backup: folders of its own, which the links in pg_tblspc must lead to wherever the backup lies.
import { readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../../shared/rpc/appError'
import { syncFolder } from '../../library/durability'

/** One folder for each tablespace, by its oid. */
export const tablespacesName = 'tablespaces'

export function tablespaceFolder(folder: string, oid: string): string {
  return path.join(folder, tablespacesName, oid)
}

/**
 * pg_basebackup made links to the unfinished folder's path. They become relative, so that they hold after the rename and in a
 * copy of the library, and so that a copy of the data directory alone can never write into this backup. (PostgreSQL follows
 * relative links; pg_combinebackup wants absolute ones.) Windows has junctions, which are absolute: there `final` counts.
 */
export async function relinkTablespaces(data: string, partial: string, final: string, oids: readonly string[]): Promise<void> {
  const links = path.join(data, 'pg_tblspc')
  const there = new Set(await readdir(links))
  for (const oid of oids) {
    const link = path.join(links, oid)
    if (!there.has(oid) || (await readlink(link)).replace(/[\\/]$/, '') !== tablespaceFolder(partial, oid)) {
      throw new AppError('tool_failed', `The backup has no link to the tablespace ${oid} in pg_tblspc.`, {
        hint: 'Look at the log of this job: the tablespace may have been dropped meanwhile. Take the backup again.',
      })
    }
    const temporary = `${link}.new`
    if (process.platform === 'win32') {
      await rm(link)
      await symlink(tablespaceFolder(final, oid), link, 'junction')
    } else {
      await symlink(path.join('..', '..', tablespacesName, oid), temporary)
      await rename(temporary, link)
    }
  }
  await syncFolder(links)
}
