// What a source is, in the words the restore wizard uses.
import type { ArchiveFacts } from '../../../shared/contracts/restore'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { plural } from '../../format/numbers'
import { formatWhen } from '../../format/time'

export const formatWords: Record<ArchiveFacts['format'], string> = {
  directory: 'directory archive',
  custom: 'custom archive',
  tar: 'tar archive',
  plain: 'SQL script',
}

function fileName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path
}

/** The database it holds, else the file's name. */
export function sourceName(facts: ArchiveFacts, path: string): string {
  return facts.record?.source.database ?? facts.database ?? fileName(path)
}

/** "orders, 22 Nov 06:00:12 +01:00" */
export function sourceSubject(facts: ArchiveFacts, path: string): string {
  const when = sourceTime(facts)
  return when === '' ? sourceName(facts, path) : `${sourceName(facts, path)}, ${when}`
}

/** The record's moment with its zone; the archive's own time, which names no zone, as it stands. */
export function sourceTime(facts: ArchiveFacts): string {
  if (facts.record) return formatWhen(facts.record.startedAt)
  if (facts.createdAt === null) return ''
  return /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(facts.createdAt)
    ? formatWhen(facts.createdAt)
    : `${facts.createdAt}, zone not recorded`
}

export function sourceDetail(facts: ArchiveFacts): string {
  const last = facts.record?.verifications.reduce((latest, check) => (check.at >= latest.at ? check : latest), {
    at: '',
    ok: false,
    level: 'read',
    detail: '',
  })
  return [
    formatWords[facts.format],
    formatBytes(facts.size),
    last && last.at !== ''
      ? last.ok
        ? `${last.level === 'read' ? 'read in full' : 'checksums matched'} ${formatWhen(last.at)}`
        : 'its last check FAILED'
      : '',
  ]
    .filter(Boolean)
    .join(', ')
}

/** "31 tables, 12 indexes, ...", most first; the long tail as one number. */
export function entriesText(entries: ArchiveFacts['entries'], shown = 6): string {
  const sorted = Object.entries(entries).sort(([one, a], [other, b]) => b - a || one.localeCompare(other))
  const words = sorted.slice(0, shown).map(([kind, count]) => `${count.toLocaleString('en')} ${kind}`)
  const rest = sorted.slice(shown).reduce((sum, [, count]) => sum + count, 0)
  return rest === 0 ? words.join(', ') : `${words.join(', ')}, ${plural(rest, 'other entry', 'other entries')}`
}

export function dumpProgram(facts: ArchiveFacts): string {
  if (facts.dumpVersion !== null) return `pg_dump ${formatPgVersion(facts.dumpVersion)}`
  const tool = facts.record?.tools.find(({ program }) => program === 'pg_dump')
  return tool === undefined ? 'not recorded' : `pg_dump ${formatPgVersion(tool.version)}`
}

export function serverProgram(facts: ArchiveFacts): string {
  if (facts.record) return `PostgreSQL ${formatPgVersion(facts.record.source.serverVersion)}`
  return facts.serverVersion === null ? 'not recorded' : `PostgreSQL ${facts.serverVersion}`
}
