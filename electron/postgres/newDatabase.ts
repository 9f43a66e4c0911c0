// CREATE DATABASE for a restore: always from template0, with the source's encoding and locale in this server's own words.
import { Buffer } from 'node:buffer'
import type { RestoreTarget } from '../../shared/contracts/restore'
import { quoteIdentifier, quoteLiteral } from '../../shared/model/identifier'
import { formatPgVersion, majorOf, type PgVersion } from '../../shared/model/pgVersion'
import type { ServerState } from './serverState'

/** Of the database that is copied or restored; null where that is not known. */
export interface DatabaseSettings {
  encoding: string | null
  localeProvider: string | null
  collate: string | null
  ctype: string | null
  locale: string | null
  owner: string | null
}

export type NewTarget = Extract<RestoreTarget, { kind: 'new' }>

/** template1 may hold additions that collide with the archive; template0 also lets encoding and locale be chosen. */
export function createDatabaseSql(target: NewTarget, server: PgVersion): string {
  const major = majorOf(server)
  const parts = [`CREATE DATABASE ${quoteIdentifier(target.database)}`, '  TEMPLATE template0']
  if (target.owner !== '') parts.push(`  OWNER ${quoteIdentifier(target.owner)}`)
  if (target.encoding !== '') parts.push(`  ENCODING ${literal(target.encoding)}`)
  if (target.localeProvider !== '' && major >= 15) parts.push(`  LOCALE_PROVIDER ${target.localeProvider}`)
  if (target.collate !== '') parts.push(`  LC_COLLATE ${literal(target.collate)}`)
  if (target.ctype !== '') parts.push(`  LC_CTYPE ${literal(target.ctype)}`)
  // ICU_LOCALE came with 15, BUILTIN_LOCALE with 17.
  if (target.localeProvider === 'icu' && target.locale !== '') parts.push(`  ICU_LOCALE ${literal(target.locale)}`)
  if (target.localeProvider === 'builtin' && target.locale !== '') parts.push(`  BUILTIN_LOCALE ${literal(target.locale)}`)
  if (target.tablespace !== '') parts.push(`  TABLESPACE ${quoteIdentifier(target.tablespace)}`)
  return parts.join('\n')
}

/** Why this server can't have such a database, with the reason; undefined when nothing speaks against it. */
export function localeProblem(target: NewTarget, server: PgVersion): string | undefined {
  const major = majorOf(server)
  const name = `PostgreSQL ${formatPgVersion(server)}`
  if (target.localeProvider === 'icu' && major < 15) {
    return `${name} has no databases with ICU locales; they came with 15.`
  }
  if (target.localeProvider === 'builtin' && major < 17) {
    return `${name} has no builtin locale provider; it came with 17.`
  }
  if (target.localeProvider === 'builtin' && target.locale === 'PG_UNICODE_FAST' && major < 18) {
    return `${name} has no locale PG_UNICODE_FAST; it came with 18.`
  }
  if ((target.localeProvider === 'icu' || target.localeProvider === 'builtin') && target.locale === '') {
    return `A database with the provider ${target.localeProvider} needs its locale named.`
  }
  return undefined
}

/** The source's settings, as far as this server can have them; the rest is left to its defaults. */
export function suggestTarget(database: string, settings: DatabaseSettings, server: ServerState): NewTarget {
  const provider = settings.localeProvider
  const wanted: NewTarget = {
    kind: 'new',
    database,
    owner: settings.owner !== null && server.roles.has(settings.owner) ? settings.owner : '',
    encoding: settings.encoding ?? '',
    localeProvider: provider === 'libc' || provider === 'icu' || provider === 'builtin' ? provider : '',
    collate: settings.collate ?? '',
    ctype: settings.ctype ?? '',
    locale: provider === 'icu' || provider === 'builtin' ? (settings.locale ?? '') : '',
    tablespace: '',
  }
  if (localeProblem(wanted, server.version) === undefined) return wanted
  return { ...wanted, localeProvider: 'libc', locale: '' }
}

/** The source's own name, or with date and time when that is taken: 63 bytes at the most, as the server keeps them. */
export function suggestName(source: string | null, server: ServerState, now: Date): string {
  const base = source === null || source === '' ? 'restored' : source
  if (!server.databases.has(base)) return base
  const two = (n: number) => String(n).padStart(2, '0')
  const stamp = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}_${two(now.getHours())}${two(now.getMinutes())}`
  for (let n = 1; ; n += 1) {
    const end = `_${stamp}${n === 1 ? '' : `_${n}`}`
    const name = cutToBytes(base, 63 - end.length) + end
    if (!server.databases.has(name)) return name
  }
}

/** `shop_before_20261122_060012`, in 63 bytes at the most; the second of the same second ends in `_2`. */
export function nameBeside(
  database: string,
  word: 'before' | 'restoring' | 'copying',
  now: Date,
  taken: { has(name: string): boolean },
): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`
  for (let n = 1; ; n += 1) {
    const end = `_${word}_${day}_${time}${n === 1 ? '' : `_${n}`}`
    const name = cutToBytes(database, 63 - end.length) + end
    if (!taken.has(name)) return name
  }
}

function cutToBytes(text: string, bytes: number): string {
  let cut = ''
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > bytes) break
    cut += character
  }
  return cut
}

/** Names longer than 63 bytes are cut by the server without an error: two could become one. */
export function nameProblem(name: string): string | undefined {
  if (name.includes('\0')) return 'A database’s name can’t hold a zero byte.'
  const bytes = Buffer.byteLength(name)
  return bytes > 63 ? `The name has ${bytes} bytes; PostgreSQL keeps 63.` : undefined
}

function literal(text: string): string {
  return quoteLiteral(text).trim()
}
