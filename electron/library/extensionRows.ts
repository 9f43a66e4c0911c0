// Preflight rows about the extensions of a database that is restored or copied: missing at its destination, or older there.
import { majorOf, type PgVersion } from '../../shared/model/pgVersion'
import type { PreflightRow } from '../../shared/model/preflight'
import { row } from './preflightRow'

export interface ExtensionFacts {
  /** Name, and the version in the database that was dumped; null where that is not known. */
  needed: readonly { name: string; version: string | null }[]
  /** What the destination has or would create, by name. */
  there: ReadonlyMap<string, string>
  server: PgVersion
}

/** `missing`: a row for what makes errors for certain, as the caller lets it through or not. */
export function extensionRows(
  { needed, there, server }: ExtensionFacts,
  missing: (id: string, check: string, found: string) => PreflightRow,
): PreflightRow[] {
  const rows: PreflightRow[] = []
  const available: string[] = []
  for (const { name, version } of needed) {
    if (name === 'plpgsql') continue
    const here = there.get(name)
    if (here === undefined) {
      const was = version === null ? '' : `The dumped database has version ${version}. `
      const found = `${was}This server can’t create it: its package for PostgreSQL ${majorOf(server)} is not installed there.`
      rows.push(missing(`extension:${name}`, `Extension ${name} is missing`, found))
    } else if (version !== null && isOlder(here, version)) {
      const found =
        `${version} in the dumped database, ${here} here: what came after ${here} is missing, and what uses it makes errors. ` +
        `Install version ${version} of its package for PostgreSQL ${majorOf(server)} on the server’s machine.`
      rows.push(row(`extension:${name}`, 'warning', `Extension ${name} is older here`, found))
    } else available.push(version === null || version === here ? `${name} ${here}` : `${name} ${here} (was ${version})`)
  }
  if (rows.length === 0 && available.length > 0) {
    rows.push(row('extensions', 'pass', 'Extensions', `Available here: ${available.join(', ')}.`))
  }
  return rows
}

/** By their numbers; a version without any, such as "unpackaged", is older than none. */
export function isOlder(one: string, other: string): boolean {
  const [a, b] = [numbers(one), numbers(other)]
  if (a.length === 0 || b.length === 0) return false
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function numbers(version: string): number[] {
  return (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? '').split('.').filter(Boolean).map(Number)
}
