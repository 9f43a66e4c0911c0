// Makes pg_receivewal 13 and 14 begin where the new slot keeps WAL from, as later ones do by themselves; and says where one began.
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from 'pg'
import { z } from 'zod'
import { toLsn } from '../../../../shared/model/lsn'
import { parseWalFile, segmentName, segmentOf } from '../../../../shared/model/walFile'
import { syncFolder } from '../../../library/durability'
import { errorCode } from '../../../process/systemError'

/** READ_REPLICATION_SLOT, by which pg_receivewal asks for the position of its slot. */
const asksTheSlot = 150_000

const placeSql = `
  SELECT restart_lsn::text AS restart, (SELECT setting::int FROM pg_settings WHERE name = 'wal_segment_size') AS segment,
         has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE') AS may_look, pg_is_in_recovery() AS standby
    FROM pg_replication_slots WHERE slot_name = $1`

const place = z.object({ restart: z.string().nullable(), segment: z.int(), may_look: z.boolean(), standby: z.boolean() })

export interface NewStream {
  folder: string
  slot: string
  compress: string
  version: number
}

/**
 * An empty folder makes pg_receivewal 13 and 14 begin at the segment that the server is at when it starts (main of
 * pg_receivewal.c), although the slot keeps WAL from the last checkpoint's beginning on. An unfinished segment of no bytes makes
 * it begin there instead: it is received from its beginning (FindStreamingStart; open_walfile takes a size of 0 for a new file).
 * Nothing is done where the folder holds segments, or where it can't be told on which timeline the position is.
 */
export async function beginAtSlot(client: Client, { folder, slot, compress, version }: NewStream): Promise<void> {
  if (version >= asksTheSlot || (await beginOf(folder, 0)) !== null) return
  const found = place.safeParse((await client.query(placeSql, [slot])).rows[0])
  if (!found.success || found.data.restart === null) return
  const { restart, segment, may_look, standby } = found.data
  const first = segmentName({ timeline: 1, number: segmentOf(toLsn(restart), segment) }, segment)
  const name = may_look ? await newestNamed(client, first.slice(8)) : standby ? null : await onTimelineOne(client, restart, first)
  if (name === null) return
  // pg_receivewal 13 and 14 compress with gzip alone.
  const file = await open(join(folder, `${name}${/^[1-9]$/.test(compress) ? '.gz' : ''}.partial`), 'wx', 0o600)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await syncFolder(folder)
}

/** Soon after a promotion the last checkpoint may have begun on the timeline before. */
async function newestNamed(client: Client, digits: string): Promise<string | null> {
  const { rows } = await client.query<{ name: string | null }>(
    "SELECT max(name) AS name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' AND substr(name, 9) = $1",
    [digits],
  )
  return rows[0]?.name ?? null
}

async function onTimelineOne(client: Client, restart: string, first: string): Promise<string | null> {
  const { rows } = await client.query<{ name: string }>('SELECT pg_walfile_name($1::pg_lsn) AS name', [restart])
  return rows[0]?.name === first ? first : null
}

/** The first segment in a folder, by position, with at least so many bytes in its file; null when there is none. */
export async function beginOf(folder: string, least = 1): Promise<string | null> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  })
  const segments = names
    .flatMap((name) => {
      const file = parseWalFile(name)
      return file?.kind === 'segment' ? [{ name, segment: file.name }] : []
    })
    .toSorted((a, b) => (a.segment.slice(8) + a.segment < b.segment.slice(8) + b.segment ? -1 : 1))
  for (const { name, segment } of segments) {
    const found = await stat(join(folder, name)).catch(() => null) // it has got its name without .partial since
    if (found === null || found.size >= least) return segment
  }
  return null
}
