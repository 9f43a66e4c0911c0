// Works out how well a server is protected from what is known: its databases and the dumps in the libraries. Pure.
import type { z } from 'zod'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { databaseFacts } from '../../../shared/contracts/connections'
import { type BackupRecord, holdsDatabase, isPhysical } from '../../../shared/model/backupRecord'
import type { SavedConnection } from '../../../shared/model/connection'
import { formatRoughDuration } from '../../format/duration'
import { plural } from '../../format/numbers'
import { formatAgo } from '../../format/time'

export type DatabaseFacts = z.infer<typeof databaseFacts>

/** How a dump's last checks came out. `none`: it was never checked after it was made. */
export type CheckState = 'read' | 'checksums' | 'failed' | 'none'

export interface DatabaseProtection {
  database: DatabaseFacts
  /** Nothing in it that a person put there, as far as its size tells. */
  needed: boolean
  last: CatalogEntry | null
  check: CheckState
}

/** A freshly made `postgres` database of any version is below this. */
const emptyDatabaseBytes = 10 * 1024 * 1024
const day = 86_400_000
/** Older than this, the last dump is something to look at. */
const staleAfter = 2 * day

/** By system identifier where both sides know it; by host and port where not, since a role may not be allowed to read it. */
export function isOfServer(entry: CatalogEntry, connection: SavedConnection, systemIdentifier: string | null): boolean {
  const source = entry.record.source
  if (systemIdentifier !== null && source.systemIdentifier !== null) return source.systemIdentifier === systemIdentifier
  return source.host === connection.settings.host && (source.port ?? 5432) === (connection.settings.port ?? 5432)
}

export function dumpsOfServer(
  entries: readonly CatalogEntry[],
  connection: SavedConnection,
  systemIdentifier: string | null,
  wanted: (record: BackupRecord) => boolean = (record) => !isPhysical(record),
): CatalogEntry[] {
  return entries
    .filter(
      (entry) =>
        wanted(entry.record) &&
        (entry.record.kind !== 'cluster-dump' || entry.record.content === 'cluster') &&
        isOfServer(entry, connection, systemIdentifier),
    )
    .sort((a, b) => b.record.startedAt.localeCompare(a.record.startedAt))
}

/** Copies of the cluster's files that can be started by themselves, newest first. */
export function basesOfServer(
  entries: readonly CatalogEntry[],
  connection: SavedConnection,
  systemIdentifier: string | null,
): CatalogEntry[] {
  return dumpsOfServer(entries, connection, systemIdentifier, isPhysical)
}

/** The latest result of each level counts; one that failed outweighs all. */
export function checkState(entry: CatalogEntry): CheckState {
  const latest = new Map(
    [...entry.record.verifications]
      .sort((a, b) => a.at.localeCompare(b.at))
      .map((verification) => [verification.level, verification.ok]),
  )
  if ([...latest.values()].includes(false)) return 'failed'
  if (latest.get('read') === true || latest.get('manifest') === true || latest.get('drill') === true) return 'read'
  return latest.get('checksums') === true ? 'checksums' : 'none'
}

export function protectDatabases(databases: readonly DatabaseFacts[], dumps: readonly CatalogEntry[]): DatabaseProtection[] {
  return databases
    .filter((database) => !database.isTemplate && database.allowsConnections)
    .map((database) => {
      const last = dumps.find((entry) => holdsDatabase(entry.record, database.name)) ?? null
      const empty = database.name === 'postgres' && database.size !== null && Number(database.size) < emptyDatabaseBytes
      return { database, needed: !empty, last, check: last ? checkState(last) : 'none' }
    })
    .sort((a, b) => Number(b.database.size ?? 0) - Number(a.database.size ?? 0))
}

export interface Verdict {
  tone: 'pass' | 'warning' | 'blocker'
  title: string
  /** What would be lost now. */
  loss: string
  /** Short, for the chips; each is something to look at. */
  concerns: string[]
  next:
    | { label: string; note: string; kind: 'dump'; database: string }
    | { label: string; note: string; kind: 'restore'; path: string; set: boolean }
    | null
}

function concernsOf(each: DatabaseProtection, now: number): string[] {
  if (!each.needed) return []
  if (!each.last) return [`${each.database.name} never dumped`]
  const age = now - Date.parse(each.last.record.startedAt)
  return [
    ...(each.check === 'failed' ? [`dump of ${each.database.name} failed its check`] : []),
    ...(each.check === 'none' ? [`dump of ${each.database.name} never checked`] : []),
    ...(age > staleAfter ? [`dump of ${each.database.name} is ${formatRoughDuration(age)} old`] : []),
  ]
}

/** Changes made after a dump began are not in it, so the loss counts from its start. `readOnly`: nothing is restored here. */
export function judge(
  protections: readonly DatabaseProtection[],
  now: number,
  readOnly = false,
  bases: readonly CatalogEntry[] = [],
): Verdict {
  const needed = protections.filter((each) => each.needed)
  const dumped = needed.filter((each) => each.last !== null && each.check !== 'failed')
  const missing = needed.filter((each) => each.last === null)
  const failed = needed.filter((each) => each.check === 'failed')
  const concerns = needed.flatMap((each) => concernsOf(each, now))
  const dumpNext = (each: DatabaseProtection, label: string, note: string): Verdict['next'] => ({
    kind: 'dump',
    database: each.database.name,
    label,
    note,
  })

  if (needed.length === 0) {
    return {
      tone: 'pass',
      title: 'Nothing to protect yet',
      loss: 'This server has no database with anything in it.',
      concerns,
      next: null,
    }
  }
  const base = bases.find((entry) => checkState(entry) !== 'failed' && standsAlone(entry.record))
  if (base && missing.length + failed.length > 0) {
    const age = now - Date.parse(base.record.startedAt)
    const since = formatAgo(base.record.startedAt, new Date(now)).replace(/ ago$/, '')
    const [[first], [distrusted]] = [missing, failed]
    return {
      tone: distrusted ? 'warning' : 'pass',
      title: distrusted ? 'Protected by a base backup, but a dump failed its check' : 'Protected by a base backup',
      loss: `If it were lost now, you would lose at most ${since} of changes: what was written since the base backup was taken.`,
      concerns: [
        ...failed.map(({ database }) => `dump of ${database.name} failed its check`),
        ...(checkState(base) === 'none' ? ['base backup never checked'] : []),
        ...(age > staleAfter ? [`base backup is ${formatRoughDuration(age)} old`] : []),
      ],
      next: distrusted
        ? dumpNext(distrusted, `Dump ${distrusted.database.name} again`, 'its last dump can not be trusted')
        : first
          ? dumpNext(first, `Dump ${first.database.name} too`, 'a dump brings back a single database')
          : null,
    }
  }
  const oldest = [...dumped].sort((a, b) => (a.last?.record.startedAt ?? '').localeCompare(b.last?.record.startedAt ?? ''))[0]
  const [firstMissing, firstFailed] = [missing[0], failed[0]]
  if (!oldest) {
    return {
      tone: firstFailed ? 'blocker' : 'warning',
      title: firstFailed ? 'Not protected: the last dump failed its check' : 'Not protected: no backup yet',
      loss: `If it were lost now, you would lose all of ${plural(needed.length, 'database')}.`,
      concerns,
      next: firstFailed
        ? dumpNext(firstFailed, `Dump ${firstFailed.database.name} again`, 'its last dump can not be trusted')
        : firstMissing
          ? dumpNext(firstMissing, `Dump ${firstMissing.database.name} now`, 'the first backup of this server')
          : null,
    }
  }
  const since = formatAgo(oldest.last?.record.startedAt ?? '', new Date(now)).replace(/ ago$/, '')
  const loss =
    missing.length + failed.length > 0
      ? `If it were lost now, you would lose all of ${[...missing, ...failed].map((each) => each.database.name).join(', ')}, and up to ${since} of changes in the rest.`
      : `If it were lost now, you would lose at most ${since} of changes: what was written since ${oldest.database.name} was last dumped.`
  if (firstFailed) {
    return {
      tone: 'blocker',
      title: `Protected in part: the dump of ${firstFailed.database.name} failed its check`,
      loss,
      concerns,
      next: dumpNext(firstFailed, `Dump ${firstFailed.database.name} again`, 'its last dump can not be trusted'),
    }
  }
  if (firstMissing) {
    return {
      tone: 'warning',
      title: `Protected in part: ${dumped.length} of ${plural(needed.length, 'database')} ${dumped.length === 1 ? 'has' : 'have'} a dump`,
      loss,
      concerns,
      next: dumpNext(firstMissing, `Dump ${firstMissing.database.name} now`, 'it was never dumped'),
    }
  }
  const title =
    concerns.length === 0 ? 'Protected by dumps' : `Protected by dumps, with ${plural(concerns.length, 'thing')} to look at`
  const age = now - Date.parse(oldest.last?.record.startedAt ?? '')
  const largest = needed[0]
  const next: Verdict['next'] =
    age > day || readOnly || !largest?.last
      ? dumpNext(oldest, `Dump ${oldest.database.name} now`, `its last dump is ${formatRoughDuration(age)} old`)
      : {
          kind: 'restore',
          path: largest.last.path,
          set: largest.last.record.kind === 'dump-set',
          label: 'Try a restore…',
          note: `of ${largest.database.name}, into a new database`,
        }
  return { tone: 'pass', title, loss, concerns, next }
}

/** Without its WAL, or without what it builds on, nothing can be started from it. */
function standsAlone(record: BackupRecord): boolean {
  if (record.kind === 'base-backup') return record.walMethod !== 'none' && record.incremental === null
  return isPhysical(record)
}
