// backups: the catalog, read from the libraries' folders each time, so that it can always be rebuilt.
import { z } from 'zod'
import { transactionEnd } from '../model/archiveIndex'
import { backupRecord, dumpFormats } from '../model/backupRecord'
import { byteCount } from '../model/byteCount'
import { lsnText } from '../model/lsn'
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

/** What a program other than Walkback left in a library: there is no record of it. */
export const foreignBackup = z.object({
  /** A folder, or a file. */
  path: z.string(),
  library: z.string(),
  kind: z.enum(['dump', 'cluster-dump', 'base-backup']),
  format: z.enum(dumpFormats),
  /** Of the server, as far as it is told: "18.1", "18"; ''. */
  version: z.string(),
  database: z.string().nullable(),
  /** LABEL of backup_label; '' elsewhere. */
  label: z.string(),
  /** When its last file was written. */
  at: z.iso.datetime(),
  /** The time that it names itself, as it is written there; ''. */
  saysAt: z.string(),
  /** Bytes; null where adding up would take too long. */
  size: byteCount.nullable(),
  physical: z
    .object({
      start: z.object({ timeline: z.int(), lsn: lsnText }).nullable(),
      /** From its manifest. */
      stop: z.object({ timeline: z.int(), lsn: lsnText }).nullable(),
      systemIdentifier: z.string().nullable(),
      incremental: z.boolean(),
      manifest: z.boolean(),
    })
    .nullable(),
  /** Why no record can be added, in a sentence; ''. */
  problem: z.string(),
})

/** How far the WAL of an archive leads on from a physical backup. */
export const restoreWindow = z.object({
  path: z.string(),
  archiveId: z.string(),
  archive: z.string(),
  /** Everything up to here can be replayed. */
  reaches: z.object({ timeline: z.int(), lsn: lsnText }),
  /** The last COMMIT of the way; null with none. */
  lastCommit: transactionEnd.nullable(),
  /** Where the way ends before the archive does: a missing or damaged file, in a sentence; ''. */
  gap: z.string(),
  /** Why nothing is known, in a sentence; ''. */
  problem: z.string(),
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
      /** Bounded in depth and in time. */
      foreign: z.array(foreignBackup),
      /** Unfinished `.partial` folders that no running job owns, and records that can't be read: named, never hidden. */
      oddities: z.array(z.object({ path: z.string(), kind: z.enum(['partial', 'unreadable']), detail: z.string() })),
      libraries: z.array(z.object({ path: z.string(), exists: z.boolean(), freeBytes: byteCount.nullable() })),
    }),
  ),
  /** For each physical backup and each archive of its cluster; reads what is new in the archives when that takes seconds. */
  windows: call(z.object({}), z.object({ windows: z.array(restoreWindow) })),
  /**
   * A record for a foreign backup: it is read in full, then it moves, unchanged, one folder down beside its new walkback.json.
   * `server` is the label to list it under.
   */
  adopt: call(backupRef.extend({ server: z.string().max(200), label: z.string().max(200) }), jobStarted),
  /** The same reading, and nothing is kept or moved. */
  verifyForeign: call(backupRef, jobStarted),
  /** One job with a step for each level; each leaves its own dated result in the record. */
  verify: call(verifyRequest, jobStarted),
  /**
   * Typed confirmation: `confirm` is the folder's name. Moves it to the library's `.trash`; nothing is deleted outright.
   * Refused for a backup that others build on, unless `dependents` says that they go too.
   */
  remove: call(
    backupRef.extend({ confirm: z.string(), dependents: z.boolean().optional() }),
    z.object({ movedTo: z.string(), also: z.array(z.string()) }),
  ),
})

export type VerifyRequest = z.infer<typeof verifyRequest>
export type CatalogEntry = z.infer<typeof catalogEntry>
export type ForeignBackup = z.infer<typeof foreignBackup>
export type RestoreWindow = z.infer<typeof restoreWindow>
