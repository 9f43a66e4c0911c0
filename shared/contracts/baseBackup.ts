// baseBackup: a copy of a whole running cluster through pg_basebackup, verified and recorded.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { call, contract } from '../rpc/contract'
import { connectionRef } from './connections'
import { commandPreview, optionValues, toolChoice } from './dump'
import { jobStarted } from './jobs'

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
  /** The library's folder on the machine that runs Walkback, absolute. */
  library: z.string().min(1).max(4096),
  /** Free text, kept in the record and part of the folder's name. */
  label: z.string().max(200),
})

export const clusterTablespace = z.object({ oid: z.string(), name: z.string(), location: z.string(), size: byteCount.nullable() })

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
      defaults: z.object({ format: z.enum(baseBackupFormats), options: optionValues }),
    }),
  ),
  preview: call(baseBackupRequest, commandPreview),
  start: call(baseBackupRequest, jobStarted),
})

export type BaseBackupRequest = z.infer<typeof baseBackupRequest>
export type ClusterTablespace = z.infer<typeof clusterTablespace>
