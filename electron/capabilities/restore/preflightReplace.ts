// Preflight rows about a database that is made: where it goes, and the one whose name it takes.
import type { PreflightRow } from '../../../shared/model/preflight'
import { goTo, row, setOption } from '../../library/preflightRow'
import { ownWords } from './ownProperties'
import type { RestorePlan } from './planRestore'
import type { PreflightFacts } from './preflightFacts'
import { type OldDatabase, sessionWords } from './replaceDatabase'

/** The old one stays as it is, whatever it holds, until both names change. */
export function replaceRows({ plan, old }: PreflightFacts): PreflightRow[] {
  const { target } = plan.request
  const { database } = target
  const change = goTo('Change the destination', 'destination')
  const known = plan.server.databases.get(database)
  if (!known || !old || target.kind !== 'replace') {
    return [
      row(
        'database',
        'blocker',
        'Nothing to replace',
        `${database} does not exist on this server: restore into a new database.`,
        [change],
      ),
    ]
  }
  if (known.isTemplate || ['postgres', 'template0', 'template1'].includes(database)) {
    return [row('database', 'blocker', 'Database', `${database} belongs to the server itself and is not replaced.`, [change])]
  }
  const rows = [
    row(
      'database',
      'pass',
      'Database name',
      `${database} stays as it is until the restored one is whole, and is then kept as ${plan.replace?.kept ?? ''}.`,
    ),
    ...placeRows(plan),
  ]
  if (!plan.server.superuser && !plan.server.mayBecome.has(known.owner)) {
    rows.push(
      row('rename', 'blocker', 'Owner', `Only its owner, ${known.owner}, or a superuser can rename ${database}.`, [change]),
    )
  }
  if (old.sessions.length > 0) {
    const found = `Connected to ${database}: ${sessionWords(old.sessions)}.`
    rows.push(
      target.endSessions
        ? row('sessions', 'warning', 'Sessions', `${found} They are ended when the names change.`)
        : row('sessions', 'blocker', 'Sessions', `${found} A database in use can’t be renamed.`, [
            setOption('End them when it is replaced', 'target.endSessions', true),
          ]),
    )
  }
  return [...rows, ownRow(plan, old)]
}

/** Said before, since no archive of tables has it: what programs found at the old database they find at the restored one. */
function ownRow(plan: RestorePlan, old: OldDatabase): PreflightRow {
  const { target } = plan.request
  const { database } = target
  const check = 'Properties of the database'
  if (target.kind !== 'replace') throw new Error('only a planned replacing has a database to compare with')
  if (target.leaveOwn === true) {
    const found = `${database} has ${ownWords(old.own, { owner: '', tablespace: '' })}. It stays with the old one and is not given to the restored one.`
    return row('own', 'warning', check, found, [setOption('Carry it over', 'target.leaveOwn', false)])
  }
  const found = `The restored database gets what ${database} has: ${ownWords(old.own, target)}.`
  const special = old.own.settings.some(({ role }) => role !== null) || old.own.labels.length > 0
  if (plan.server.superuser || !special) return row('own', 'pass', check, found)
  const risk = ` Whether ${plan.server.user} may set all of it shows when the database is created, before anything is restored.`
  return row('own', 'warning', check, found + risk, [setOption('Leave it with the old one', 'target.leaveOwn', true)])
}

/** Owner and tablespace of a new database. */
export function placeRows(plan: RestorePlan): PreflightRow[] {
  const { target } = plan.request
  if (target.kind === 'existing') return []
  const rows: PreflightRow[] = []
  const change = goTo('Change the destination', 'destination')
  if (target.owner !== '' && !plan.server.roles.has(target.owner)) {
    rows.push(
      row(
        'owner',
        'blocker',
        `Owner ${target.owner} is missing`,
        'The new database can’t belong to a role that does not exist.',
        [change],
      ),
    )
  }
  if (target.tablespace !== '' && !plan.server.tablespaces.has(target.tablespace)) {
    rows.push(
      row('tablespace', 'blocker', `Tablespace ${target.tablespace} is missing`, 'The new database can’t be created there.', [
        change,
      ]),
    )
  }
  return rows
}
