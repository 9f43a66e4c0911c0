// The catalog as a list: what a search finds, in which order, and what the checks of a backup amount to.
import type { CatalogEntry } from '../../../shared/contracts/backups'
import { chainOf, isBase } from '../../../shared/model/backupChain'
import {
  type BackupRecord,
  backupSubject,
  holdsDatabase,
  isPhysical,
  type PhysicalRecord,
  type Verification,
} from '../../../shared/model/backupRecord'
import { standingVerification } from '../../../shared/model/verifyLevels'
import { placeLink } from '../../stores/navigation'

export interface CatalogFilter {
  text: string
  /** '' is every server. */
  server: string
  database: string
  kind: '' | BackupKind
  checked: '' | CheckedState
}

export const noFilter: CatalogFilter = { text: '', server: '', database: '', kind: '', checked: '' }

/** What the kind's badge says: an incremental backup is one of its own. */
export const backupKinds = ['dump', 'dump-set', 'cluster-dump', 'base-backup', 'incremental', 'cold-backup'] as const
export type BackupKind = (typeof backupKinds)[number]

export function kindOf(record: BackupRecord): BackupKind {
  return record.kind === 'base-backup' && record.incremental !== null ? 'incremental' : record.kind
}

export const checkedStates = ['whole', 'never', 'failed'] as const
export type CheckedState = (typeof checkedStates)[number]

export function checkedState(record: BackupRecord): CheckedState {
  const check = lastVerification(record)
  if (check === undefined) return 'never'
  return check.ok ? 'whole' : 'failed'
}

/** The moment of the data: a backup that was combined today may be of last week. */
export function momentOf(record: BackupRecord): string {
  return isPhysical(record) ? record.stopTime : record.startedAt
}

export const sortKeys = ['age', 'database', 'server', 'size', 'verified'] as const
export type SortKey = (typeof sortKeys)[number]

export function serverOf(record: BackupRecord): string {
  return record.source.label || record.source.host
}

/** Every database that the backup brings, by name. */
export function databasesOf(record: BackupRecord): string[] {
  if (record.kind === 'dump') return record.source.database === null ? [] : [record.source.database]
  if (record.kind === 'cluster-dump') return record.databases
  // A copy of the files brings them all, and does not know their names.
  if (isPhysical(record)) return []
  return record.databases.map(({ name }) => name)
}

/**
 * The wizard that brings it back, with the backup chosen. A copy of a whole cluster leads straight to the review, with a new place
 * beside the others: by itself, or, where its WAL is in an archive, as soon as it is consistent.
 */
export function restoreLink({ path, record }: Pick<CatalogEntry, 'path' | 'record'>): string {
  const system = record.source.systemIdentifier
  if (record.kind === 'base-backup' && record.walMethod === 'none' && system !== null)
    return immediateLink(path, record, { system })
  const wizard = isPhysical(record) ? '/restore/standalone' : record.kind === 'dump-set' ? '/restore/cluster' : '/restore/dump'
  return placeLink(wizard, { backup: path })
}

/** As soon as it is consistent, with the WAL of an archive: the one named, or that of the cluster which reaches furthest. */
export function immediateLink(path: string, { stop }: PhysicalRecord, whose: { system: string } | { archive: string }): string {
  return placeLink('/restore/point', { ...whose, backup: path, target: 'immediate', timeline: String(stop.timeline) })
}

/** By the cluster's own number where both are known, since labels and addresses change. */
export function belongsTo(record: BackupRecord, systemIdentifier: string | null, label: string): boolean {
  if (systemIdentifier !== null && record.source.systemIdentifier !== null) {
    return record.source.systemIdentifier === systemIdentifier
  }
  return serverOf(record) === label
}

/** Every word of the text must be found in the label, database, server, format or path. */
export function filterBackups(entries: readonly CatalogEntry[], filter: CatalogFilter): CatalogEntry[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  return entries.filter(({ record, path }) => {
    if (filter.server !== '' && serverOf(record) !== filter.server) return false
    if (filter.database !== '' && !holdsDatabase(record, filter.database)) return false
    if (filter.kind !== '' && kindOf(record) !== filter.kind) return false
    if (filter.checked !== '' && checkedState(record) !== filter.checked) return false
    const hay = [
      record.label,
      kindOf(record),
      backupSubject(record),
      ...databasesOf(record),
      serverOf(record),
      record.source.host,
      record.format,
      path,
    ]
      .join(' ')
      .toLowerCase()
    return words.every((word) => hay.includes(word))
  })
}

/** The newest check of each level counts: a backup that was whole once and fails now is broken. */
export function lastVerification(record: BackupRecord): Verification | undefined {
  return standingVerification(record)
}

/** From worst to best, so that what needs a look comes first. */
function verificationRank(record: BackupRecord): string {
  const check = lastVerification(record)
  if (check === undefined) return '1'
  return check.ok ? `2${check.at}` : '0'
}

const compare = new Intl.Collator('en', { numeric: true }).compare

function bySize(one: string, other: string): number {
  return one.length === other.length ? (one < other ? -1 : one > other ? 1 : 0) : one.length - other.length
}

const orders: Record<SortKey, (one: CatalogEntry, other: CatalogEntry) => number> = {
  age: (one, other) => compare(momentOf(other.record), momentOf(one.record)),
  database: (one, other) => compare(backupSubject(one.record), backupSubject(other.record)),
  server: (one, other) => compare(serverOf(one.record), serverOf(other.record)),
  // Byte counts are decimal strings that can pass 2^53: the longer one is larger.
  size: (one, other) => bySize(other.size, one.size),
  verified: (one, other) => compare(verificationRank(one.record), verificationRank(other.record)),
}

/** First direction: newest, A to Z, largest, worst checked. Ties are broken by age, newest first. */
export function sortBackups(entries: readonly CatalogEntry[], key: SortKey, reverse: boolean): CatalogEntry[] {
  const sign = reverse ? -1 : 1
  return [...entries].sort((one, other) => sign * orders[key](one, other) || orders.age(one, other))
}

export interface CatalogRow {
  entry: CatalogEntry
  /** How many backups above it in the list it builds on; 0 for one that stands by itself. */
  depth: number
  /** Nothing follows below the same full backup. */
  last: boolean
  /** Why its chain is broken, in a sentence; ''. */
  broken: string
}

/** In the order given, but each incremental backup stands below the full one of its chain, the oldest first. */
export function arrangeChains(shown: readonly CatalogEntry[], all: readonly CatalogEntry[]): CatalogRow[] {
  const there = new Set(shown.map(({ path }) => path))
  const rootOf = new Map<string, string>()
  const made = new Map<string, CatalogRow>()
  for (const entry of shown) {
    const row: CatalogRow = { entry, depth: 0, last: true, broken: '' }
    made.set(entry.path, row)
    if (!isBase(entry) || entry.record.incremental === null) continue
    const { links, problem } = chainOf(entry, all)
    row.broken = problem
    const [root] = links
    if (problem !== '' || !root || !there.has(root.path)) continue
    rootOf.set(entry.path, root.path)
    row.depth = links.filter(({ path }) => there.has(path)).length - 1
  }
  const rows: CatalogRow[] = []
  const done = new Set<string>()
  for (const entry of shown) {
    const root = rootOf.get(entry.path) ?? entry.path
    if (done.has(root)) continue
    done.add(root)
    const below = shown
      .filter(({ path }) => rootOf.get(path) === root)
      .toSorted((one, other) => compare(momentOf(one.record), momentOf(other.record)))
    const head = made.get(root)
    if (head) rows.push(head)
    for (const [at, { path }] of below.entries()) {
      const row = made.get(path)
      if (row) rows.push({ ...row, last: at === below.length - 1 })
    }
  }
  return rows
}

/** Distinct and sorted, for the filter's choices. */
export function distinct(values: readonly string[]): string[] {
  return [...new Set(values.filter((value) => value !== ''))].sort(compare)
}

/** The folder's own name: what the person types to confirm its removal. */
export function folderName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path
}
