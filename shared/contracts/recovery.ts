// recovery: a physical backup becomes a running cluster again. Standalone: by the WAL that came with it.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { lsnText } from '../model/lsn'
import { call, contract } from '../rpc/contract'
import { commandPreview } from './dump'
import { jobStarted } from './jobs'
import { clusterOrigins } from './localClusters'

/** A backup of a library, or any folder that pg_basebackup or pg_combinebackup wrote, plain or tar. Absolute. */
export const recoverySource = z.object({ path: z.string().min(1).max(4096) })

export const recoveryDestination = z.discriminatedUnion('kind', [
  /** A data directory that is not there yet, or empty, with a server of its own beside the others. */
  z.object({ kind: z.literal('new'), folder: z.string().max(4096), port: z.int().min(1).max(65_535) }),
  /** In place of a stopped cluster of this machine: its data directory is renamed and kept, its settings elsewhere stay. */
  z.object({
    kind: z.literal('cluster'),
    dataDirectory: z.string().min(1).max(4096),
    /** Of a data directory that no service manager known here starts; absent: what its own files say. Others have theirs. */
    port: z.int().min(1).max(65_535).nullable().optional(),
  }),
])

export const standaloneRequest = z.object({
  source: recoverySource,
  destination: recoveryDestination,
  /** Folders by the tablespace's OID; each that is not named gets one beside the data directory. */
  tablespaces: z.record(z.string().regex(/^\d+$/), z.string().min(1).max(4096)),
  /** Every file is read and compared with manifest and record before anything is written. */
  verify: z.boolean(),
  /** The saved connection whose user and password log in: roles and passwords come with the backup. null: none is known. */
  login: z.string().max(100).nullable(),
  /** Typed, before a data directory is renamed: the cluster's name, and its system identifier as it was shown. */
  confirm: z.object({ name: z.string().max(200), systemIdentifier: z.string().max(40) }).nullable(),
})

const walPosition = z.object({ timeline: z.int(), lsn: lsnText })

export const recoverableBackup = z.object({
  path: z.string(),
  kind: z.enum(['base-backup', 'cold-backup']),
  format: z.enum(['plain', 'tar']),
  /** It has a record of Walkback's. */
  recorded: z.boolean(),
  /** The server it is of: its label, or its folder's name. */
  server: z.string(),
  takenAt: z.iso.datetime(),
  major: z.int(),
  systemIdentifier: z.string().nullable(),
  /** Redo begins here. null where only the server will know. */
  start: walPosition.nullable(),
  /** From here on it is consistent. */
  stop: walPosition.nullable(),
  size: byteCount,
  tablespaces: z.array(z.object({ oid: z.string(), name: z.string(), location: z.string() })),
  /** Settings files that were outside the data directory, by their paths then. */
  configuration: z.array(z.string()),
  /** Of an incremental one: the backups that are combined, the full one first, itself last. Empty for a full one. */
  chain: z.array(z.object({ path: z.string(), takenAt: z.iso.datetime(), size: byteCount })),
})

/** A cluster of this machine as a destination. */
export const recoveryTarget = z.object({
  origin: z.enum(clusterOrigins),
  name: z.string(),
  dataDirectory: z.string(),
  port: z.int().nullable(),
  /** To begin with, for one that is started with pg_ctl afterwards: its own port, else a free one; null: it has its own. */
  askPort: z.int().nullable(),
  owner: z.string().nullable(),
  major: z.int().nullable(),
  systemIdentifier: z.string().nullable(),
  /** As pg_controldata says; '' when it can't be read. */
  state: z.string(),
  running: z.boolean(),
  /** Why it can't be the destination, in a sentence; '' when it can. */
  problem: z.string(),
})

/** What the typed confirmation shows. */
export const recoveryDanger = z.object({
  name: z.string(),
  host: z.string(),
  port: z.int().nullable(),
  systemIdentifier: z.string(),
  dataDirectory: z.string(),
  keptAs: z.string(),
})

export const standalonePreview = commandPreview.extend({
  /** Files as they will be written; `added`: at the end of what the backup's own file says. */
  files: z.array(z.object({ path: z.string(), text: z.string(), added: z.boolean() })),
  renames: z.array(z.object({ from: z.string(), to: z.string() })),
  danger: recoveryDanger.nullable(),
  /** All of it as a POSIX shell script, for a machine that Walkback does not run on; null where it can't be one. */
  script: z.string().nullable(),
})

export const recovery = contract('recovery', {
  /** What the backup is. Throws AppError with the reason when it can't be deployed by itself. */
  inspect: call(recoverySource, recoverableBackup),
  /** What the form needs before a destination is chosen. */
  prepare: call(
    recoverySource,
    z.object({
      hostname: z.string(),
      /** The account that will run a new cluster, and why. */
      account: z.string(),
      defaults: z.object({ folder: z.string(), port: z.int(), login: z.string().nullable() }),
      targets: z.array(recoveryTarget),
      /** Saved connections whose user and password may be those of the backup. */
      logins: z.array(z.object({ id: z.string(), label: z.string(), user: z.string() })),
    }),
  ),
  /** Any data directory as a destination for that backup. Throws AppError for what is none, or can't be looked at. */
  target: call(recoverySource.extend({ dataDirectory: z.string().min(1).max(4096) }), recoveryTarget),
  previewStandalone: call(standaloneRequest, standalonePreview),
  startStandalone: call(standaloneRequest, jobStarted),
})

export type StandaloneRequest = z.infer<typeof standaloneRequest>
export type StandalonePreview = z.infer<typeof standalonePreview>
export type RecoverableBackup = z.infer<typeof recoverableBackup>
export type RecoveryTarget = z.infer<typeof recoveryTarget>
export type RecoveryDanger = z.infer<typeof recoveryDanger>
