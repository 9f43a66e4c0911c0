// The services that capabilities are built from, as interfaces; app.ts makes them once, by hand, and passes them on.
import type { Client } from 'pg'
import type { PasswordInput } from '../shared/contracts/connections'
import type { Installation, Settings } from '../shared/contracts/host'
import type { ConnectionSettings, SavedConnection } from '../shared/model/connection'
import type { PgVersion } from '../shared/model/pgVersion'
import type { ArchiveStore } from './archive/archiveStore'
import type { JobManager } from './jobs/jobTypes'
import type { SpawnTool } from './process/processTypes'
import type { Secret } from './process/secret'

/** Folders of the application, absolute. Everything private is 0700. */
export interface AppPaths {
  data: string
  jobs: string
  practice: string
  /** The library that exists before the person adds another. */
  defaultLibrary: string
  /** Short-lived private files: passfiles, use-lists. Emptied at start. */
  scratch: string
}

/** Where passwords are kept between starts. The desktop encrypts by the system's keyring; serve can't and says so. */
export interface SecretVault {
  canRemember: boolean
  /** Why not, in a sentence; '' when it can. */
  reason: string
  encrypt(secret: Secret): Promise<string>
  decrypt(text: string): Promise<Secret>
}

/** Settings with service and defaults filled in: every field as libpq would use it. */
export interface ResolvedConnection {
  id: string
  label: string
  readOnly: boolean
  settings: ConnectionSettings & { port: number }
  /** From memory, the vault, the service or a passfile; null when none is known. */
  password: Secret | null
  /** A passfile has a line per database: what came from one is looked up again for each database that is opened. */
  passwordFrom?: 'saved' | 'service' | 'passfile' | 'none'
}

/** What a person enters for a connection; `password.keep` is what is stored for the id, as long as it is the same server and user. */
export interface ConnectionDraft {
  /** null for a new one. */
  id: string | null
  settings: ConnectionSettings
  password: PasswordInput
}

export interface ConnectionStore {
  list(): SavedConnection[]
  /** Throws AppError not_found. */
  get(id: string): SavedConnection
  resolve(id: string): Promise<ResolvedConnection>
  /** The same for what is not saved yet. */
  resolveDraft(draft: ConnectionDraft): Promise<ResolvedConnection>
  save(draft: ConnectionDraft & Pick<SavedConnection, 'label' | 'colour' | 'readOnly'>): Promise<SavedConnection>
  /** Throws AppError conflict for a practice cluster's own. */
  remove(id: string): void
  /**
   * A connected client, lc_messages C where the role may set it, application_name walkback. Throws AppError in plain words.
   * search_path is empty, so that nothing in the database can stand in for a pg_catalog name: qualify every name. Times and
   * intervals come in ISO form. On a connection marked read-only every transaction is read-only unless it says otherwise.
   */
  open(connection: ResolvedConnection, database?: string, signal?: AbortSignal): Promise<Client>
  /** Throws AppError permission when the connection is marked read-only; `action` reads like "Restoring". */
  requireWritable(id: string, action: string): void
  /**
   * Environment for libpq programs: PGHOST, PGPORT, PGUSER, PGSSLMODE ..., PGPASSFILE naming a 0600 file of its own in
   * scratch; `remove` deletes it. Never PGPASSWORD. The database is left to the program's own option.
   */
  toolEnvironment(connection: ResolvedConnection): Promise<{ env: Record<string, string>; remove: () => Promise<void> }>
  /** For practice clusters: adds or replaces the connection that belongs to one. */
  putPractice(connection: Omit<SavedConnection, 'password'>): void
  removePractice(name: 'main' | 'replica'): void
}

export interface Tools {
  installations(refresh?: boolean): Promise<Installation[]>
  /**
   * For dumps: the server's own major if present, else the nearest newer, never older.
   * Throws AppError tool_missing or version_mismatch with the versions and the fix.
   */
  forServer(program: string, server: PgVersion): Promise<{ path: string; version: PgVersion; program: string }>
}

export interface SettingsStore {
  get(): Settings
  save(settings: Settings): Settings
}

export interface HostInfo {
  kind: 'desktop' | 'serve'
  version: string
}

export interface Services {
  host: HostInfo
  paths: AppPaths
  settings: SettingsStore
  vault: SecretVault
  connections: ConnectionStore
  archives: ArchiveStore
  tools: Tools
  jobs: JobManager
  spawn: SpawnTool
}
