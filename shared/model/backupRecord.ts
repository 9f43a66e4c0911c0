// walkback.json: what a backup is, where it came from and how it was checked. Written last, inside the backup's folder.
import { z } from 'zod'
import { byteCount } from './byteCount'
import { lsnText } from './lsn'

export const recordVersion = 1

export const dumpFormats = ['directory', 'custom', 'plain', 'tar'] as const
export type DumpFormat = (typeof dumpFormats)[number]

export const recordFile = z.object({
  /** Relative to the backup's folder, with forward slashes. */
  path: z.string(),
  size: byteCount,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

export const verification = z.object({
  at: z.iso.datetime(),
  /**
   * checksums: every file against its SHA-256. read: the archive was read in full by its own program. manifest: every file of a
   * base backup against its manifest, with the WAL in it. wal: all WAL from the backup to the end of an archive. drill: restored.
   */
  level: z.enum(['checksums', 'read', 'manifest', 'wal', 'drill']),
  ok: z.boolean(),
  detail: z.string(),
})

export const backupSource = z.object({
  label: z.string(),
  host: z.string(),
  port: z.int().nullable(),
  database: z.string().nullable(),
  systemIdentifier: z.string().nullable(),
  serverVersion: z.int(),
  dataChecksums: z.boolean().nullable(),
  encoding: z.string().nullable(),
  localeProvider: z.string().nullable(),
  collate: z.string().nullable(),
  ctype: z.string().nullable(),
  /** The provider's own locale: ICU's, or the builtin provider's. */
  locale: z.string().nullable(),
  collationVersion: z.string().nullable(),
  owner: z.string().nullable(),
  databaseSize: byteCount.nullable(),
  /** Versions by name, without plpgsql; absent where they were not asked for. */
  extensions: z.record(z.string(), z.string()).optional(),
})

/** What pg_dumpall was asked for: everything, or a part of what belongs to no single database. */
export const clusterContents = ['cluster', 'globals', 'roles', 'tablespaces'] as const
export type ClusterContent = (typeof clusterContents)[number]

/** One database of a set. Its folder is a dump of its own, with its own record, and can be restored alone. */
export const setDatabase = z.object({
  name: z.string(),
  /** Relative to the set's folder, with forward slashes. */
  folder: z.string(),
  artifact: z.string(),
  source: backupSource,
  tables: z.int(),
  /** Bytes on disk. */
  size: byteCount,
  warnings: z.array(z.string()),
})

const common = z.object({
  recordVersion: z.literal(recordVersion),
  id: z.string(),
  label: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  source: backupSource,
  tools: z.array(z.object({ program: z.string(), version: z.int() })),
  /** As shown to the person, redacted. */
  commands: z.array(z.string()),
  /** The archive, relative to the folder: a file, or a folder for the directory format and for a set. */
  artifact: z.string(),
  /** Roles and tablespaces from pg_dumpall --globals-only; null when they were not taken, or are part of the artifact. */
  globals: z.object({ path: z.string(), rolePasswords: z.boolean() }).nullable(),
  files: z.array(recordFile),
  warnings: z.array(z.string()),
  verifications: z.array(verification),
})

const dumpRecord = common.extend({ kind: z.literal('dump'), format: z.enum(dumpFormats) })

/** One script of pg_dumpall. */
const clusterDumpRecord = common.extend({
  kind: z.literal('cluster-dump'),
  format: z.literal('plain'),
  content: z.enum(clusterContents),
  rolePasswords: z.boolean(),
  /** Databases that the script brings, as pg_dumpall named them while it worked. */
  databases: z.array(z.string()),
})

/** Several databases and the globals, each database in directory format. */
export const dumpSetRecord = common.extend({
  kind: z.literal('dump-set'),
  format: z.literal('directory'),
  databases: z.array(setDatabase).min(1),
})

/** Permission bits in octal: "0600". */
const fileMode = z.string().regex(/^0[0-7]{3,4}$/)

const walPosition = z.object({ timeline: z.int(), lsn: lsnText })

/** A copy of a whole cluster's files. `source.database` is null: it is of all of them. */
const physical = common.extend({
  major: z.int(),
  segmentSize: z.int(),
  /** Redo starts here; the backup needs all WAL from here to `stop`. */
  start: walPosition,
  /** From here on the files are consistent: no moment before it can be reached. */
  stop: walPosition,
  /** The server's clock just before it began and just after it ended. */
  startTime: z.iso.datetime({ precision: 6 }),
  stopTime: z.iso.datetime({ precision: 6 }),
  /** Bytes on disk of everything. */
  size: byteCount,
  /** `path` is where its files are, relative to the folder: a folder or a tar. */
  tablespaces: z.array(z.object({ oid: z.string(), name: z.string(), location: z.string(), path: z.string() })),
  /** Settings files that were outside the data directory: where they were, and where their copy is. */
  configuration: z.array(z.object({ original: z.string(), path: z.string() })),
})

/** Of a running cluster, through pg_basebackup. */
const baseBackupRecord = physical.extend({
  kind: z.literal('base-backup'),
  format: z.enum(['plain', 'tar']),
  walMethod: z.enum(['stream', 'fetch', 'none']),
  /** As given to --compress; '' when it is not compressed. */
  compression: z.string(),
  /** LABEL of backup_label. */
  backupLabel: z.string(),
  fromStandby: z.boolean(),
  /** Relative path, and what it covers; null without one: then `files` lists every file. */
  manifest: z.object({ path: z.string(), files: z.int(), algorithm: z.string() }).nullable(),
  /** `parent` is the id of the record that it builds on; null for a full backup. */
  incremental: z.object({ parent: z.string(), from: walPosition }).nullable(),
  /**
   * Ids of the chain that pg_combinebackup made it from, the full backup first; null for one that a server sent. Its times are
   * those of the chain's last backup.
   */
  combinedFrom: z.array(z.string()).nullable(),
})

/**
 * Of a stopped cluster, file by file; `files` lists every file. Shut down cleanly, `start` and `stop` are its latest
 * checkpoint; else its REDO location and the end of its WAL. Tablespaces have no names here: only a running server knows them.
 */
const coldBackupRecord = physical.extend({
  kind: z.literal('cold-backup'),
  format: z.literal('plain'),
  dataDirectory: z.string(),
  /** As pg_controldata said: "shut down", or another state when its WAL came along and it will go through crash recovery. */
  state: z.string(),
  /** Folders of include_dir, by their original paths: the server does not start without them, empty or not. */
  configurationFolders: z.array(z.string()),
  /** Of the data directory, to be given again where it is deployed: the files of the copy are Walkback's own. */
  ownership: z.object({ account: z.string(), uid: z.int(), gid: z.int(), mode: fileMode }),
  /** Files that are of another owner, or not of the mode that follows from the data directory's: 0600, or 0640 for 0750. */
  modes: z.array(z.object({ path: z.string(), mode: fileMode, uid: z.int(), gid: z.int() })),
})

export const backupRecord = z.discriminatedUnion('kind', [
  dumpRecord,
  clusterDumpRecord,
  dumpSetRecord,
  baseBackupRecord,
  coldBackupRecord,
])

export type BackupRecord = z.infer<typeof backupRecord>
export type ClusterDumpRecord = z.infer<typeof clusterDumpRecord>
export type DumpSetRecord = z.infer<typeof dumpSetRecord>
export type BaseBackupRecord = z.infer<typeof baseBackupRecord>
export type ColdBackupRecord = z.infer<typeof coldBackupRecord>
/** A copy of a cluster's files: what physical recovery can start from. */
export type PhysicalRecord = BaseBackupRecord | ColdBackupRecord
export type SetDatabase = z.infer<typeof setDatabase>
export type BackupSource = z.infer<typeof backupSource>
export type Verification = z.infer<typeof verification>

export function isPhysical(record: BackupRecord): record is PhysicalRecord {
  return record.kind === 'base-backup' || record.kind === 'cold-backup'
}

/** Whether the backup brings this database; a script of globals alone brings none. */
export function holdsDatabase(record: BackupRecord, database: string): boolean {
  if (record.kind === 'dump') return record.source.database === database
  if (record.kind === 'cluster-dump') return record.databases.includes(database)
  if (isPhysical(record)) return true
  return record.databases.some(({ name }) => name === database)
}

/** What it is of, in a few words: the database, or what of the cluster. */
export function backupSubject(record: BackupRecord): string {
  if (record.kind === 'dump') return record.source.database ?? record.label
  if (record.kind === 'base-backup') return record.incremental ? 'Whole cluster, what changed' : 'Whole cluster'
  if (record.kind === 'cold-backup') return 'Whole cluster, stopped'
  if (record.kind === 'dump-set') return record.databases.length === 1 ? '1 database' : `${record.databases.length} databases`
  const words = { cluster: 'Whole cluster', globals: 'Roles and tablespaces', roles: 'Roles', tablespaces: 'Tablespaces' }
  return words[record.content]
}
