// backups: the catalog, read from the libraries' folders each time, so that it can always be rebuilt.
import { z } from 'zod'
import { backupRecord } from '../model/backupRecord'
import { byteCount } from '../model/byteCount'
import { verifyLevels } from '../model/verifyLevels'
import { call, contract } from '../rpc/contract'
import { jobStarted } from './jobs'

export const catalogEntry = z.object({
  /** The backup's folder. */
  path: z.string(),
  library: z.string(),
  size: byteCount,
  record: backupRecord,
})

export const backupRef = z.object({ path: z.string().min(1).max(4096) })

export const verifyRequest = backupRef.extend({
  /** All that make sense for its kind when absent. */
  levels: z.array(z.enum(verifyLevels)).min(1).optional(),
  /** Up to whose end the WAL is followed; absent: every known archive of the same cluster. */
  archiveId: z.string().min(1).max(100).optional(),
})

export const backups = contract('backups', {
  list: call(
    z.object({}),
    z.object({
      backups: z.array(catalogEntry),
      /** Unfinished `.partial` folders that no running job owns, and records that can't be read: named, never hidden. */
      oddities: z.array(z.object({ path: z.string(), kind: z.enum(['partial', 'unreadable']), detail: z.string() })),
      libraries: z.array(z.object({ path: z.string(), exists: z.boolean(), freeBytes: byteCount.nullable() })),
    }),
  ),
  /** One job with a step for each level; each leaves its own dated result in the record. */
  verify: call(verifyRequest, jobStarted),
  /** Typed confirmation: `confirm` is the folder's name. Moves it to the library's `.trash`; nothing is deleted outright. */
  remove: call(backupRef.extend({ confirm: z.string() }), z.object({ movedTo: z.string() })),
})

export type VerifyRequest = z.infer<typeof verifyRequest>
export type CatalogEntry = z.infer<typeof catalogEntry>
