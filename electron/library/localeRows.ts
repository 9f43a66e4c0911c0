// Preflight rows about the encoding, locale and collation of a database that will be made.
import { majorOf } from '../../shared/model/pgVersion'
import type { PreflightRow } from '../../shared/model/preflight'
import type { LocaleAnswer } from '../postgres/localeCheck'
import { localeProblem, type NewTarget } from '../postgres/newDatabase'
import type { ServerState } from '../postgres/serverState'
import { goTo, row } from './preflightRow'

export interface LocaleFacts {
  target: NewTarget
  server: ServerState
  locale: LocaleAnswer | null
  /** Of the database that is restored or copied; null where that is not known. */
  source: { encoding: string | null; collationVersion: string | null; localeProvider?: string | null; locale?: string | null }
}

export function localeRows({ target, server, locale, source }: LocaleFacts): PreflightRow[] {
  const change = goTo('Change the destination', 'destination')
  const problem = localeProblem(target, server.version)
  if (problem !== undefined) return [row('locale', 'blocker', 'Encoding, locale', problem, [change])]
  const named = [target.encoding, target.localeProvider, target.locale === '' ? target.collate : target.locale].filter(Boolean)
  const words = named.length === 0 ? 'The server’s defaults' : named.join(', ')
  if (locale?.exists === false) {
    const lacks = `${words}: the server’s machine lacks this locale. ${locale.problem}.`
    return [row('locale', 'blocker', 'Encoding, locale', lacks, [change])]
  }
  const providers = providerRows(target, server, source)
  return [
    localeRow(words, named.length === 0, target, locale, source.encoding),
    ...providers,
    // Versions of two libraries say nothing of each other.
    ...(providers.length === 0 ? collationRows(locale, source.collationVersion) : []),
  ]
}

/** Another library may sort and compare text in another order: nothing that PostgreSQL would say a word about. */
function providerRows(target: NewTarget, server: ServerState, source: LocaleFacts['source']): PreflightRow[] {
  const before = source.localeProvider ?? null
  const here = target.localeProvider
  // '' takes that of template0, which nobody has looked at.
  if (before === null || here === '' || before === here) return []
  const needs = before === 'builtin' ? 17 : 15
  const why = majorOf(server.version) < needs ? `, which databases of PostgreSQL ${majorOf(server.version)} can’t use` : ''
  const found =
    `The source sorts text by ${[before, source.locale].filter(Boolean).join(' ')}${why}; the new database will by ${here}. ` +
    'Text may sort in another order, which matters to range partitions and to what compares results.'
  return [row('provider', 'warning', 'Locale provider', found, [goTo('Change the destination', 'destination')])]
}

function localeRow(
  words: string,
  defaults: boolean,
  target: NewTarget,
  locale: LocaleAnswer | null,
  before: string | null,
): PreflightRow {
  if (before !== null && target.encoding !== '' && before !== target.encoding) {
    const found = `${words}. The source had ${before}: rows that can’t be converted make errors.`
    return row('locale', 'warning', 'Encoding, locale', found)
  }
  if (locale?.exists === undefined) {
    const found = `${words}. Whether the server’s machine has it shows when the database is created, before anything else.`
    return row('locale', 'warning', 'Encoding, locale', found)
  }
  return row('locale', 'pass', 'Encoding, locale', defaults ? `${words}.` : `${words} exist here.`)
}

function collationRows(locale: LocaleAnswer | null, before: string | null): PreflightRow[] {
  if (before === null || !locale?.version || before === locale.version) return []
  const found =
    `${before} there, ${locale.version} here. Indexes are built anew here and are right; text may sort in another order, ` +
    'which matters to range partitions and to what compares results.'
  return [row('collation', 'warning', 'Collation version', found)]
}
