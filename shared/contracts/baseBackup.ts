// baseBackup: a copy of a whole running cluster through pg_basebackup, verified and recorded.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { lsnText } from '../model/lsn'
import { call, contract } from '../rpc/contract'
import { connectionRef } from './connections'
import { commandPreview, optionValues, toolChoice } from './dump'
import { jobRef, jobStarted } from './jobs'

export const baseBackupFormats = ['plain', 'tar'] as const

export const baseBackupRequest = connectionRef.extend({
  format: z.enum(baseBackupFormats),
  /** By the keys of the pg_basebackup table; what the application sets itself is refused in here. */
  options: optionValues,
  /** The finished backup in a library that an incremental one builds on; null for a full backup. */
  parent: z.string().max(4096).nullable(),
  /** Settings files outside the data directory come along. */
  configuration: z.boolean(),
  /** Every file is checked against the manifest afterwards. */
  verify: z.boolean(),
  /** A slot that this backup makes stays also when the backup fails; one that it did not make is never dropped. */
  keepSlot: z.boolean(),
  /** The library's folder on the machine that runs Walkback, absolute. */
  library: z.string().min(1).max(4096),
  /** Free text, kept in the record and part of the folder's name. */
  label: z.string().max(200),
})

export const clusterTablespace = z.object({ oid: z.string(), name: z.string(), location: z.string(), size: byteCount.nullable() })

/** A finished base backup that an incremental one may build on. */
export const baseParent = z.object({
  path: z.string(),
  label: z.string(),
  startedAt: z.iso.datetime(),
  timeline: z.int(),
  lsn: lsnText,
  incremental: z.boolean(),
  /** Bytes on disk. */
  size: byteCount,
  /** Why nothing can build on it, in a sentence; '' when something can. */
  problem: z.string(),
})

/** A full backup made of a chain by pg_combinebackup [17]. */
export const combineRequest = z.object({
  /** Folders of the backups, the full one first, each of the rest building on the one before it. */
  chain: z.array(z.string().min(1).max(4096)).min(1).max(1000),
  /** By the keys of the pg_combinebackup table; what the application sets itself is refused in here. */
  options: optionValues,
  /** Where the result goes: the library's folder, absolute. */
  library: z.string().min(1).max(4096),
  label: z.string().max(200),
})

export const combineSource = baseParent
  .pick({ path: true, label: true, startedAt: true, timeline: true, lsn: true, size: true })
  .extend({
    incremental: z.boolean(),
    format: z.enum(baseBackupFormats),
    stopTime: z.iso.datetime({ precision: 6 }),
  })

/** The replication slot that a base backup made and did not drop, since it was ended before that. */
export const leftSlot = z.object({
  server: z.string(),
  host: z.string(),
  port: z.int(),
  /** null where this role can't read it. */
  systemIdentifier: z.string().nullable(),
  slot: z.string(),
  /** It is there, and this job's. */
  there: z.boolean(),
  /** Why not, to go on a sentence; ''. */
  why: z.string(),
  /** The server's process that uses it now: then it is not dropped. */
  pid: z.int().nullable(),
  restartLsn: lsnText.nullable(),
  /** Bytes of WAL that the server keeps for it. */
  keptBytes: byteCount.nullable(),
  /** What drops it. */
  statement: z.string(),
})

export const baseBackup = contract('baseBackup', {
  /** What the form needs before anything is chosen. `tool` is null with the reason when no pg_basebackup fits. */
  prepare: call(
    connectionRef,
    z.object({
      serverVersion: z.int(),
      tool: toolChoice.nullable(),
      toolProblem: z.object({ message: z.string(), hint: z.string() }).nullable(),
      /** Bytes of all databases. */
      clusterSize: byteCount.nullable(),
      tablespaces: z.array(clusterTablespace),
      /** Settings files outside the data directory, by their path on the server. */
      configuration: z.array(z.string()),
      inRecovery: z.boolean(),
      /** archive_mode is on, with a command or a library. */
      archiving: z.boolean(),
      /** summarize_wal; null before 17. */
      summarizing: z.boolean().nullable(),
      libraries: z.array(z.object({ path: z.string(), freeBytes: byteCount.nullable() })),
      /** Of this cluster, the newest first. */
      parents: z.array(baseParent),
      defaults: z.object({
        format: z.enum(baseBackupFormats),
        options: optionValues,
        /** For --compress when the format is tar: the best that the program and this machine have. */
        tarCompression: z.string(),
      }),
    }),
  ),
  preview: call(baseBackupRequest, commandPreview),
  start: call(baseBackupRequest, jobStarted),
  /** The chain that ends in this backup (its folder), from the records of the libraries. */
  prepareCombine: call(
    z.object({ path: z.string().min(1).max(4096) }),
    z.object({
      /** As far as it is known, the oldest first. */
      chain: z.array(combineSource),
      /** Why it is no chain that begins with a full backup; ''. */
      problem: z.string(),
      serverVersion: z.int(),
      serverLabel: z.string(),
      tool: toolChoice.nullable(),
      toolProblem: z.object({ message: z.string(), hint: z.string() }).nullable(),
      libraries: z.array(z.object({ path: z.string(), freeBytes: byteCount.nullable() })),
    }),
  ),
  previewCombine: call(combineRequest, commandPreview),
  combine: call(combineRequest, jobStarted),
  /** ALTER SYSTEM SET summarize_wal = on, and a reload; answers with the statements that ran. */
  summarize: call(connectionRef, z.object({ statements: z.array(z.string()) })),
  /** Of an ended job that did not succeed. */
  leftSlot: call(jobRef, leftSlot),
  /** `confirm` is the slot's name. Refused while it is in use, and when it is not this job's any more. */
  dropLeftSlot: call(
    jobRef.extend({ confirm: z.string().max(63), systemIdentifier: z.string().nullable() }),
    z.object({ statement: z.string() }),
  ),
})

export type BaseBackupRequest = z.infer<typeof baseBackupRequest>
export type CombineRequest = z.infer<typeof combineRequest>
export type CombineSource = z.infer<typeof combineSource>
export type LeftSlot = z.infer<typeof leftSlot>
export type BaseParent = z.infer<typeof baseParent>
export type ClusterTablespace = z.infer<typeof clusterTablespace>
