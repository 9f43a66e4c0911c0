// Preflight rows about the destination: its name and content, rights, locale, collation.
import type { PreflightRow } from '../../../shared/model/preflight'
import { localeRows as newLocaleRows } from '../../library/localeRows'
import { goTo, row, setOption } from '../../library/preflightRow'
import { nameProblem } from '../../postgres/newDatabase'
import type { ExistingContent } from '../../postgres/serverState'
import { madeTarget, type RestorePlan } from './planRestore'
import { collisions } from './preflightChoice'
import type { PreflightFacts } from './preflightFacts'
import { neededBy } from './preflightNeeds'
import { placeRows, replaceRows } from './preflightReplace'
import { sessionWords } from './replaceDatabase'

export function databaseRows(facts: PreflightFacts): PreflightRow[] {
  const { plan, content } = facts
  const { target } = plan.request
  const change = goTo('Change the destination', 'destination')
  const known = plan.server.databases.get(target.database)
  if (target.kind === 'new') {
    const problem = nameProblem(target.database)
    if (problem !== undefined) return [row('database', 'blocker', 'Database name', problem, [change])]
    if (known) {
      return [row('database', 'blocker', 'Database name is taken', `${target.database} exists already on this server.`, [change])]
    }
    return [row('database', 'pass', 'Database name', `${target.database} does not exist yet.`), ...placeRows(plan)]
  }
  if (target.kind === 'replace') return replaceRows(facts)
  if (!known) {
    return [row('database', 'blocker', 'Database is missing', `${target.database} does not exist on this server.`, [change])]
  }
  if (known.isTemplate || !known.allowsConnections || !content) {
    const why = known.isTemplate ? 'is a template: what is restored there comes with every new database' : 'takes no connections'
    return [row('database', 'blocker', 'Database', `${target.database} ${why}.`, [change])]
  }
  const rows = [contentRow(facts, target.database, content)]
  if (known.sessions > 0) {
    const who = known.sessions === 1 ? '1 session is' : `${known.sessions} sessions are`
    rows.push(
      row(
        'sessions',
        'warning',
        'Sessions',
        `${who} connected to ${target.database} (${sessionWords(facts.sessions)}): their locks can make the restore wait, and they will see it half done.`,
      ),
    )
  }
  return rows
}

function contentRow(facts: PreflightFacts, database: string, content: ExistingContent): PreflightRow {
  const { plan } = facts
  const { options, continueOnError } = plan.request
  const total = content.tables + content.otherObjects
  if (total === 0) return row('database', 'pass', 'Database', `${database} exists and is empty.`)
  const more = content.tables > content.examples.length ? ', …' : ''
  const tables = content.tables === 1 ? '1 table' : `${content.tables} tables`
  const held =
    `${database} holds ${content.tables === 0 ? `${content.otherObjects} objects` : `${tables} (${content.examples.join(', ')}${more})`}` +
    `${content.tables > 0 && content.otherObjects > 0 ? ` and ${content.otherObjects} other objects` : ''}.`
  if (options.clean === true) {
    return row(
      'database',
      'warning',
      'Database is not empty',
      `${held} What the archive has too is dropped first, with its rows, and is lost.`,
    )
  }
  if (options.dataOnly === true || options.noSchema === true) {
    return row('database', 'warning', 'Database is not empty', `${held} The rows are added to those that are there.`)
  }
  const sections = plan.chosen === null ? selectedSections(plan) : null
  if (sections !== null && !sections.has('pre-data')) {
    const what = sections.has('data')
      ? 'The rows are added to those that are there.'
      : 'Indexes, constraints and triggers are added to the tables that are there.'
    return row('database', 'warning', 'Database is not empty', `${held} ${what}`)
  }
  if (plan.archive.kind === 'script' && (plan.archive.script.connects.length > 0 || plan.archive.script.drops)) {
    const what = plan.archive.script.drops
      ? 'The script drops what it brings before creating it anew: that is lost.'
      : 'The script goes on elsewhere.'
    return row('database', 'warning', 'Database is not empty', `${held} ${what}`)
  }
  if (continueOnError) {
    return row(
      'database',
      'warning',
      'Database is not empty',
      `${held} Nothing is dropped; what exists already makes errors, and rows may be added to tables that are there.`,
    )
  }
  if (plan.chosen !== null) {
    const there = collisions(facts)
    if (there.length === 0) {
      return row('database', 'pass', 'Database', `${held} None of the chosen objects is there: they are added.`)
    }
    const names = there.slice(0, 3).map((entry) => (entry.schema === null ? entry.tag : `${entry.schema}.${entry.tag}`))
    const rest = there.length > names.length ? ` and ${there.length - names.length} more` : ''
    const fixes = [goTo('Change the objects', 'objects'), setOption('Restore with errors', 'continueOnError', true)]
    return row('database', 'blocker', 'Objects are there already', `${database} has ${names.join(', ')}${rest}.`, fixes)
  }
  const fixes = [goTo('Restore into a new database', 'destination')]
  if (plan.archive.kind === 'archive') fixes.push(setOption('Drop objects first', 'clean', true))
  fixes.push(setOption('Restore with errors', 'continueOnError', true))
  return row('database', 'blocker', 'Database is not empty', held, fixes)
}

/** null for a script. Without pre-data nothing is created that could be there already, but what belongs to tables. */
function selectedSections({ archive, selected }: RestorePlan): ReadonlySet<string> | null {
  if (archive.kind === 'script' || selected === null) return null
  return new Set(archive.toc.entries.filter(({ id }) => selected.has(id)).map(({ section }) => section))
}

export function privilegeRows({ plan, content }: PreflightFacts): PreflightRow[] {
  const { server, request } = plan
  const { target, options } = request
  if (server.superuser) return [row('privileges', 'pass', 'Privileges', `${server.user} is a superuser.`)]
  const rows: PreflightRow[] = []
  if (target.kind !== 'existing' && !server.createDatabase) {
    rows.push(
      row(
        'privileges',
        'blocker',
        'Privileges',
        `${server.user} may not create databases: it has neither CREATEDB nor SUPERUSER.`,
        [goTo('Restore into an existing database', 'destination')],
      ),
    )
  }
  if (
    target.kind !== 'existing' &&
    target.owner !== '' &&
    server.roles.has(target.owner) &&
    !server.mayBecome.has(target.owner)
  ) {
    rows.push(
      row(
        'owner',
        'blocker',
        `Owner ${target.owner}`,
        `${server.user} is not a member of ${target.owner} and can’t make it the owner.`,
        [goTo('Change the destination', 'destination')],
      ),
    )
  }
  if (target.kind === 'existing' && content && !content.mayCreate) {
    rows.push(row('privileges', 'warning', 'Privileges', `${server.user} may not create schemas in ${target.database}.`))
  }
  const foreign = [...neededBy(plan).roles].filter(
    ([name, need]) => need.owns > 0 && options.noOwner !== true && server.roles.has(name) && !server.mayBecome.has(name),
  )
  if (foreign.length > 0) {
    const names = foreign
      .slice(0, 5)
      .map(([name]) => name)
      .join(', ')
    const found = `${server.user} is not a member of ${names}${foreign.length > 5 ? ' and more' : ''}: giving them their objects fails.`
    rows.push(
      request.continueOnError
        ? row('owners', 'warning', 'Owners', found)
        : row('owners', 'blocker', 'Owners', found, [
            ...(plan.archive.kind === 'archive' ? [setOption('No owners', 'noOwner', true)] : []),
            setOption('Restore with errors', 'continueOnError', true),
          ]),
    )
  }
  if (rows.length === 0) rows.push(row('privileges', 'pass', 'Privileges', `${server.user} may create what is needed.`))
  return rows
}

export function localeRows({ plan, locale }: PreflightFacts): PreflightRow[] {
  const made = madeTarget(plan.request.target, plan.request.target.database, plan.replace?.old ?? null)
  if (made === null) return existingEncodingRows(plan)
  const { encoding, localeProvider, locale: sourceLocale } = plan.archive.settings
  const collationVersion = plan.archive.source.record?.source.collationVersion ?? null
  return newLocaleRows({
    target: made,
    server: plan.server,
    locale,
    source: { encoding, collationVersion, localeProvider, locale: sourceLocale },
  })
}

function existingEncodingRows(plan: RestorePlan): PreflightRow[] {
  const there = plan.server.databases.get(plan.request.target.database)
  const { encoding } = plan.archive.settings
  if (!there || encoding === null || encoding === there.encoding) return []
  return [
    row(
      'locale',
      'warning',
      'Encoding',
      `The source had ${encoding}, ${plan.request.target.database} has ${there.encoding}: rows that can’t be converted make errors.`,
    ),
  ]
}
