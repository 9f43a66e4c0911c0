// A stopped cluster that no service manager known here starts: the port that its files say, its links, settings that differ.
import { lstat, readFile, realpath } from 'node:fs/promises'
import path from 'node:path'
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import { readPostmasterFile } from '../../postgres/localClusterState'
import { errorCode } from '../../process/systemError'

/** Started with pg_ctl, as a new cluster is, and by settings in its own data directory. */
export function startedByHand({ origin }: Pick<LocalClusterInfo, 'origin'>): boolean {
  return origin !== 'debian' && origin !== 'practice'
}

/**
 * Where its server listened: by the lock file, which a crash leaves and which knows of a port on the command line, too; else
 * as it would by its settings. null where none of them says, or they can't be read.
 */
export async function portItSays(dataDirectory: string): Promise<number | null> {
  const written = await readPostmasterFile(dataDirectory).catch(() => null)
  if (written?.port) return written.port
  for (const name of ['postgresql.auto.conf', 'postgresql.conf']) {
    const port = portSet(await textOf(path.join(dataDirectory, name)))
    if (port !== null) return port
  }
  return null
}

/** The last one counts. */
export function portSet(text: string): number | null {
  const last = [...text.matchAll(/^\s*port\s*(?:=\s*|\s+)'?(\d{1,5})'?\s*(?:#.*)?$/gim)].at(-1)
  const port = Number(last?.[1] ?? 0)
  return port >= 1 && port <= 65_535 ? port : null
}

/** Where its pg_wal leads, when it is a link. */
export async function walLink(dataDirectory: string): Promise<string | null> {
  const folder = path.join(dataDirectory, 'pg_wal')
  try {
    return (await lstat(folder)).isSymbolicLink() ? await realpath(folder) : null
  } catch {
    return null // gone, or leads nowhere
  }
}

const compared = ['postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf'] as const

/** Its own settings files that are not those of the backup. `theirs`: null for a tar, whose files are not read before. */
export async function differingSettings(
  dataDirectory: string,
  theirs: { has(name: string): boolean; get(name: string): string | undefined } | null,
): Promise<string[]> {
  const found: string[] = []
  for (const name of compared) {
    const own = await textOf(path.join(dataDirectory, name))
    if (own !== '' && own !== theirs?.get(name)) found.push(name)
  }
  return found
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return '' // absent, or closed to us: the owner's row says so
  }
}
