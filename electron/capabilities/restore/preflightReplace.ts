// Preflight rows about a database that is made: where it goes, and the one whose name it takes.
import type { PreflightRow } from '../../../shared/model/preflight'
import { goTo, row, setOption } from '../../library/preflightRow'
import type { RestorePlan } from './planRestore'
import type { PreflightFacts } from './preflightFacts'
import { sessionWords } from './replaceDatabase'

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
  if (old.own.length > 0) {
    rows.push(
      row(
        'own',
        'warning',
        'Settings of the database',
        `${database} has ${old.own.join(', ')}. They stay with the old one and are not given to the restored one.`,
      ),
    )
  }
  return rows
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
