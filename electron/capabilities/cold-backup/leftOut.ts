// What a copy of a stopped cluster leaves out, by PostgreSQL's own list of what need not be in a backup, and why.

/**
 * Folders whose contents are left out; the folders themselves are needed. Source: "Making a Base Backup Using the Low Level
 * API" in the documentation of 13 to 18, and excludeDirContents of basebackup.c. Kept although pg_basebackup leaves them out:
 * pg_wal (a stopped cluster starts from its own WAL) and unlogged tables (a clean shutdown has written them).
 */
const emptiedFolders: Readonly<Record<string, string>> = {
  pg_dynshmem: 'made anew at each start',
  pg_notify: 'made anew at each start',
  pg_serial: 'made anew at each start',
  pg_snapshots: 'made anew at each start',
  pg_stat_tmp: 'made anew at each start',
  pg_subtrans: 'made anew at each start',
  // A slot of the copy would hold back WAL for a client that goes on reading from the original, until the disk is full; and
  // when the copy takes the original's place, the slot's position is long past.
  pg_replslot: 'replication slots: a copy with them would keep WAL for clients that never come',
}

/** In the data directory itself. */
const leftFiles: Readonly<Record<string, string>> = {
  'postmaster.pid': 'the lock of a server',
  'postmaster.opts': 'how the last server was started',
  'postgresql.auto.conf.tmp': 'unfinished',
  'current_logfiles.tmp': 'unfinished',
}

/** Why the contents of this folder of the data directory are left out; undefined when they come along. */
export function emptiedFolder(name: string): string | undefined {
  return emptiedFolders[name]
}

/** Why an entry is left out; undefined when it comes along. `depth` 0 is the data directory itself. */
export function leftOut(name: string, depth: number): string | undefined {
  if (depth === 0 && leftFiles[name] !== undefined) return leftFiles[name]
  if (name.startsWith('pgsql_tmp')) return 'temporary files of queries that have ended'
  // Also pg_internal.init.<pid>, which a server leaves behind when it is killed.
  if (name === 'pg_internal.init' || /^pg_internal\.init\.\d+$/.test(name)) return 'a cache, made anew when it is missing'
  return undefined
}

/** Folders of PostgreSQL's own that may be links to another disk; a link to any other folder is left out, as pg_basebackup does. */
export function mayBeLinked(name: string): boolean {
  return name === 'pg_wal' || name === 'pg_stat_tmp' || name === 'pg_xact' || name === 'base' || name === 'global'
}
