// The ticked entries of an archive: proved to be meant for this very archive, and written as pg_restore's list.
import { createHash } from 'node:crypto'
import { rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RestoreChoice } from '../../../shared/contracts/restore'
import { isChoosable, unpackIds } from '../../../shared/model/archiveSelection'
import { AppError } from '../../../shared/rpc/appError'
import type { ArchiveToc } from './readToc'

const identities = new WeakMap<ArchiveToc, string>()

/** The same for the same table of contents; ids mean something else in every other one. */
export function tocIdentity(toc: ArchiveToc): string {
  const known = identities.get(toc)
  if (known !== undefined) return known
  const hash = createHash('sha256')
  hash.update(JSON.stringify([toc.version, toc.createdAt, toc.database, toc.serverVersion, toc.dumpVersion]))
  let text = ''
  for (const { id, kind, schema, tag } of toc.entries) {
    text += `${id}\0${kind}\0${schema ?? '\0'}\0${tag}\0`
    if (text.length < 64 * 1024) continue
    hash.update(text)
    text = ''
  }
  hash.update(text)
  const identity = hash.digest('hex').slice(0, 32)
  identities.set(toc, identity)
  return identity
}

/** null when everything is ticked. Throws AppError when the choice was made for another archive. */
export function chosenIds(toc: ArchiveToc, choice: RestoreChoice | undefined): ReadonlySet<number> | null {
  if (!choice) return null
  const other = 'Open the step Objects and choose again.'
  if (choice.toc !== tocIdentity(toc)) {
    throw new AppError('conflict', 'The archive is not the one whose objects were chosen: it was made anew since.', {
      hint: other,
    })
  }
  const ids = unpackIds(choice.ids)
  const known = new Set<number>()
  for (const entry of toc.entries) if (isChoosable(entry)) known.add(entry.id)
  if (!ids?.every((id) => known.has(id))) {
    throw new AppError('bad_input', 'The choice names entries that the archive does not have.', { hint: other })
  }
  return ids.length === known.size ? null : new Set(ids)
}

/**
 * A list for --use-list, in the archive's own order: pg_restore restores in the order of the list. Named by its content, so
 * that the command shown is the one that runs; scratch is emptied at the next start.
 */
export async function writeUseList(scratch: string, toc: ArchiveToc, ids: ReadonlySet<number>): Promise<string> {
  const lines = toc.entries.filter(({ id }) => ids.has(id)).map(({ id }) => `${id};`)
  const text = `; Chosen entries of an archive, for pg_restore --use-list.\n${lines.join('\n')}\n`
  const file = join(scratch, `objects-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.list`)
  const there = await stat(file).catch(() => null)
  if (there?.size === Buffer.byteLength(text)) return file
  const unfinished = `${file}.${process.pid}-${performance.now()}`
  await writeFile(unfinished, text, { mode: 0o600 })
  await rename(unfinished, file)
  return file
}
