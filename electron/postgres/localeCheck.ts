// Asks the server itself whether a locale exists on its machine, by making a collation of it that is rolled back.
import type { Client } from 'pg'
import { quoteLiteral } from '../../shared/model/identifier'
import type { NewTarget } from './newDatabase'

export interface LocaleAnswer {
  /** undefined: could not be asked here. */
  exists: boolean | undefined
  /** The server's own words when not. */
  problem: string
  /** Of the library on the server's machine; null where it has none. */
  version: string | null
}

const unknown: LocaleAnswer = { exists: undefined, problem: '', version: null }

/** libc locales can be tried only in a database of the same encoding: a collation belongs to one encoding. */
export async function checkLocale(client: Client, target: NewTarget, databaseEncoding: string): Promise<LocaleAnswer> {
  const libc = target.localeProvider === '' || target.localeProvider === 'libc'
  const locale = libc ? target.collate : target.locale
  if (locale === '' || ['C', 'POSIX'].includes(locale)) return { ...unknown, exists: true }
  if (target.localeProvider === 'builtin') return unknown
  if (libc && target.encoding !== '' && normal(target.encoding) !== normal(databaseEncoding)) return unknown
  await client.query('BEGIN READ WRITE')
  try {
    const options = libc
      ? `PROVIDER = libc, LC_COLLATE = ${quoteLiteral(locale)}, LC_CTYPE = ${quoteLiteral(target.ctype === '' ? locale : target.ctype)}`
      : `PROVIDER = icu, LOCALE = ${quoteLiteral(locale)}`
    await client.query(`CREATE COLLATION pg_temp.walkback_locale_check (${options})`)
    const { rows } = await client.query<{ version: string | null }>(
      `SELECT pg_collation_actual_version(oid) AS version FROM pg_collation WHERE collname = 'walkback_locale_check'
         AND collnamespace = pg_my_temp_schema()`,
    )
    return { exists: true, problem: '', version: rows[0]?.version ?? null }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    // No right to make temporary objects, or a server in recovery: nothing was learnt about the locale.
    if (['42501', '25006'].includes(code)) return unknown
    return { exists: false, problem: error instanceof Error ? error.message : String(error), version: null }
  } finally {
    await client.query('ROLLBACK')
  }
}

function normal(encoding: string): string {
  return encoding
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^unicode$/, 'utf8')
}
