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
const there: LocaleAnswer = { ...unknown, exists: true }

/** Of the provider builtin: C and C.UTF-8 since 17, PG_UNICODE_FAST since 18. All but C are for UTF8 alone. */
const builtinLocales = ['C', 'C.UTF-8', 'C.UTF8', 'PG_UNICODE_FAST']

/** What CREATE DATABASE needs of the machine: LC_COLLATE and LC_CTYPE with every provider, and the provider's own locale. */
export async function checkLocale(client: Client, target: NewTarget, databaseEncoding: string): Promise<LocaleAnswer> {
  const libc = await checkLibc(client, target, databaseEncoding)
  if (libc.exists === false || target.localeProvider === '' || target.localeProvider === 'libc') return libc
  const own = target.localeProvider === 'icu' ? await checkIcu(client, target.locale) : checkBuiltin(target)
  return own.exists === true ? { ...own, exists: libc.exists } : own
}

/** They can be tried only in a database of the same encoding: a collation of libc belongs to one encoding. */
async function checkLibc(client: Client, target: NewTarget, databaseEncoding: string): Promise<LocaleAnswer> {
  const collate = target.collate === '' ? target.ctype : target.collate
  const ctype = target.ctype === '' ? target.collate : target.ctype
  if ([collate, ctype].every((name) => ['', 'C', 'POSIX'].includes(name))) return there
  if (target.encoding !== '' && normal(target.encoding) !== normal(databaseEncoding)) return unknown
  return probe(client, `PROVIDER = libc, LC_COLLATE = ${quoteLiteral(collate)}, LC_CTYPE = ${quoteLiteral(ctype)}`)
}

function checkIcu(client: Client, locale: string): Promise<LocaleAnswer> {
  return probe(client, `PROVIDER = icu, LOCALE = ${quoteLiteral(locale)}`)
}

function checkBuiltin({ locale, encoding }: NewTarget): LocaleAnswer {
  if (!builtinLocales.includes(locale)) {
    return { ...unknown, exists: false, problem: `The provider builtin has no locale ${locale}` }
  }
  if (locale !== 'C' && encoding !== '' && normal(encoding) !== 'utf8') {
    return { ...unknown, exists: false, problem: `The locale ${locale} is for the encoding UTF8 alone` }
  }
  return there
}

async function probe(client: Client, options: string): Promise<LocaleAnswer> {
  await client.query('BEGIN READ WRITE')
  try {
    await client.query(`CREATE COLLATION pg_temp.walkback_locale_check (${options})`)
    const { rows } = await client.query<{ version: string | null }>(
      `SELECT pg_catalog.pg_collation_actual_version(oid) AS version FROM pg_catalog.pg_collation
        WHERE collname = 'walkback_locale_check' AND collnamespace = pg_catalog.pg_my_temp_schema()`,
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
