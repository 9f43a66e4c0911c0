// Rows about the database at the destination: its name, locale, what it holds already, and who may make and fill it.
import type { PreflightRow } from '../../../shared/model/preflight'
import { localeRows } from '../../library/localeRows'
import { goTo, row, setOption } from '../../library/preflightRow'
import { nameProblem } from '../../postgres/newDatabase'
import type { PipePlan } from './planPipe'

export function databaseRows(plan: PipePlan): PreflightRow[] {
  const { target } = plan.request
  return target.kind === 'new' ? newRows(plan, target) : existingRows(plan, target.database)
}

function newRows(plan: PipePlan, target: Extract<PipePlan['request']['target'], { kind: 'new' }>): PreflightRow[] {
  const { server } = plan.destination
  const change = [goTo('Change the destination', 'destination')]
  const rows: PreflightRow[] = []
  const blocker = (id: string, check: string, found: string) => void rows.push(row(id, 'blocker', check, found, change))
  const problem = nameProblem(target.database)
  if (problem !== undefined) blocker('database', 'Database name', problem)
  else if (server.databases.has(target.database)) {
    blocker('database', 'Database name is taken', `${target.database} exists already on ${plan.destination.connection.label}.`)
  } else rows.push(row('database', 'pass', 'Database name', `${target.database} does not exist yet.`))
  if (!server.superuser && !server.createDatabase) {
    blocker('privileges', 'Privileges', `${server.user} may not create databases: it has neither CREATEDB nor SUPERUSER.`)
  }
  if (target.owner !== '' && !server.roles.has(target.owner)) {
    blocker('owner', `Owner ${target.owner} is missing`, 'The new database can’t belong to a role that does not exist.')
  } else if (target.owner !== '' && !server.superuser && !server.mayBecome.has(target.owner)) {
    blocker('owner', `Owner ${target.owner}`, `${server.user} is not a member of ${target.owner} and can’t make it the owner.`)
  }
  if (target.tablespace !== '' && !server.tablespaces.has(target.tablespace)) {
    blocker('tablespace', `Tablespace ${target.tablespace} is missing`, 'The new database can’t be created there.')
  }
  const { encoding, collationVersion, localeProvider, locale } = plan.source.facts.record
  const source = { encoding, collationVersion, localeProvider, locale }
  return [...rows, ...localeRows({ target, server, locale: plan.destination.locale, source })]
}

/** Objects are given to their owners one by one: whoever may not do that gets an error for each. */
export function ownerRows(plan: PipePlan): PreflightRow[] {
  const { server } = plan.destination
  const { restoreOptions, dumpOptions, continueOnError } = plan.request
  if (server.superuser || restoreOptions.noOwner === true || dumpOptions.noOwner === true) return []
  const foreign = plan.source.needs.roles
    .filter(({ name, owns }) => owns > 0 && server.roles.has(name) && !server.mayBecome.has(name))
    .map(({ name }) => name)
  if (foreign.length === 0) return []
  const names = foreign.slice(0, 5).join(', ')
  const found = `${server.user} is not a member of ${names}${foreign.length > 5 ? ' and more' : ''}: giving them their objects fails.`
  if (continueOnError) return [row('owners', 'warning', 'Owners', found)]
  return [
    row('owners', 'blocker', 'Owners', found, [
      setOption('No owners', 'noOwner', true),
      setOption('Copy with errors', 'continueOnError', true),
    ]),
  ]
}

function existingRows(plan: PipePlan, database: string): PreflightRow[] {
  const { server, content, connection } = plan.destination
  const change = goTo('Change the destination', 'destination')
  const known = server.databases.get(database)
  const { systemIdentifier } = plan.source.facts.record
  const same = systemIdentifier !== null && systemIdentifier === server.systemIdentifier
  if (same && database === plan.request.database) {
    return [
      row('database', 'blocker', 'Source and destination are the same', `${database} can’t be copied into itself.`, [change]),
    ]
  }
  if (!known) {
    return [row('database', 'blocker', 'Database is missing', `${database} does not exist on ${connection.label}.`, [change])]
  }
  if (known.isTemplate || !known.allowsConnections || !content) {
    const why = known.isTemplate ? 'is a template: what is copied there comes with every new database' : 'takes no connections'
    return [row('database', 'blocker', 'Database', `${database} ${why}.`, [change])]
  }
  const rows = [encodingRow(plan, known.encoding)]
  const total = content.tables + content.otherObjects
  const tables = content.tables === 1 ? '1 table' : `${content.tables} tables`
  const held = `${database} holds ${tables}${content.tables > 0 ? ` (${content.examples.join(', ')})` : ''} and ${content.otherObjects} other objects.`
  if (total === 0) rows.push(row('database', 'pass', 'Database', `${database} exists and is empty.`))
  else if (plan.request.restoreOptions.clean === true) {
    rows.push(
      row('database', 'warning', 'Database is not empty', `${held} What the source has too is dropped first, and is lost.`),
    )
  } else if (plan.request.continueOnError) {
    rows.push(row('database', 'warning', 'Database is not empty', `${held} What exists already makes errors; rows may be added.`))
  } else {
    rows.push(
      row('database', 'blocker', 'Database is not empty', held, [
        goTo('Copy into a new database', 'destination'),
        setOption('Drop objects first', 'clean', true),
        setOption('Copy with errors', 'continueOnError', true),
      ]),
    )
  }
  if (!content.mayCreate) {
    rows.push(row('privileges', 'warning', 'Privileges', `${server.user} may not create schemas in ${database}.`))
  }
  return rows
}

function encodingRow(plan: PipePlan, encoding: string): PreflightRow {
  const source = plan.source.facts.record.encoding
  if (encoding === '' || encoding === source) return row('locale', 'pass', 'Encoding', `${source}, as at the source.`)
  return row(
    'locale',
    'warning',
    'Encoding',
    `The source has ${source}, the destination ${encoding}: rows that can’t be converted make errors.`,
  )
}
