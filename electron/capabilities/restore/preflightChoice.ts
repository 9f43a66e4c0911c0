// Preflight rows about what was ticked, and about the name to type before something is put aside or dropped.
import type { RestoreDanger } from '../../../shared/contracts/restore'
import { graphOf, missingNeeds } from '../../../shared/model/archiveGraph'
import { needWords } from '../../../shared/model/archiveSelection'
import type { PreflightRow } from '../../../shared/model/preflight'
import { goTo, row, setOption } from '../../library/preflightRow'
import type { PreflightFacts } from './preflightFacts'
import type { TocEntry } from './readToc'

/** In an existing database what is missing may be there; what is there already may be in the way. */
export function choiceRows({ plan, names }: PreflightFacts): PreflightRow[] {
  const { archive, chosen, selected, request } = plan
  if (archive.kind !== 'archive' || chosen === null || selected === null) return []
  const change = goTo('Change the objects', 'objects')
  const left = [...chosen].filter((id) => !selected.has(id)).length
  const more = [...selected].filter((id) => !chosen.has(id)).length
  if (selected.size === 0 || more > 0) {
    const found =
      more > 0
        ? `pg_restore would restore ${more} entries that are not ticked.`
        : chosen.size === 0
          ? 'No object is ticked.'
          : `Of the ${chosen.size} ticked entries the options leave none.`
    return [row('objects', 'blocker', 'Objects', found, [change])]
  }
  const rows: PreflightRow[] = []
  const entries = `${selected.size.toLocaleString('en-US')} of the archive’s entries are restored`
  rows.push(
    left === 0
      ? row('objects', 'pass', 'Objects', `${entries}, as ticked.`)
      : row(
          'objects',
          'warning',
          'Objects',
          `${entries}; ${left.toLocaleString('en-US')} more are ticked, but the options leave them out.`,
        ),
  )
  const { entries: all } = archive.toc
  const { place } = graphOf(all)
  const missing = missingNeeds(all, selected).filter(({ needs }) => {
    const needed = all[place(needs)]
    return needed !== undefined && !(names !== null && isThere(needed, names))
  })
  if (missing.length === 0) {
    const where = names === null ? 'No ticked object needs an unticked one.' : 'What ticked objects need is ticked or there.'
    return [...rows, row('dependencies', 'pass', 'Dependencies', where)]
  }
  const examples = missing.slice(0, 3).flatMap(({ id, needs, why }) => {
    const [entry, needed] = [all[place(id)], all[place(needs)]]
    return entry && needed ? [`${entry.kind} ${entry.tag}: ${needWords(entry, needed, why)} (${label(needed)})`] : []
  })
  const rest = missing.length > examples.length ? `, and ${missing.length - examples.length} more` : ''
  const found = `${examples.join('; ')}${rest}.`
  const add = setOption('Add what is missing', 'objects.add', true)
  rows.push(
    request.continueOnError
      ? row('dependencies', 'warning', 'Dependencies', found, [add])
      : row('dependencies', 'blocker', 'Dependencies', found, [
          add,
          change,
          setOption('Restore with errors', 'continueOnError', true),
        ]),
  )
  return rows
}

function label(entry: TocEntry): string {
  return entry.schema === null ? entry.tag : `${entry.schema}.${entry.tag}`
}

/** Names of what a database holds: relations and indexes, schemas, types, functions, extensions. */
export interface ExistingNames {
  relations: ReadonlySet<string>
  constraints: ReadonlySet<string>
  schemas: ReadonlySet<string>
  types: ReadonlySet<string>
  routines: ReadonlySet<string>
  extensions: ReadonlySet<string>
}

const relationKinds = new Set(['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE', 'SEQUENCE', 'INDEX'])

export function isThere(entry: TocEntry, names: ExistingNames): boolean {
  const within = (name: string) => JSON.stringify([entry.schema, name])
  if (relationKinds.has(entry.kind)) return names.relations.has(within(entry.tag))
  // Rows that a foreign key points to: whether they are there shows only when it is created.
  if (entry.kind === 'TABLE DATA') return names.relations.has(within(entry.tag))
  if (entry.kind === 'SCHEMA') return names.schemas.has(entry.tag)
  if (entry.kind === 'EXTENSION') return names.extensions.has(entry.tag)
  if (['TYPE', 'DOMAIN', 'SHELL TYPE'].includes(entry.kind)) return names.types.has(within(entry.tag))
  if (['FUNCTION', 'PROCEDURE', 'AGGREGATE'].includes(entry.kind)) {
    return names.routines.has(within(entry.tag.slice(0, Math.max(0, entry.tag.indexOf('(')))))
  }
  if (entry.kind.endsWith('CONSTRAINT')) return names.constraints.has(within(entry.tag))
  return false
}

/** Ticked objects that the destination has already: creating them fails. */
export function collisions({ plan, names }: PreflightFacts): TocEntry[] {
  const { archive, selected } = plan
  if (archive.kind !== 'archive' || selected === null || names === null) return []
  return archive.toc.entries.filter((entry) => {
    if (!selected.has(entry.id) || ['SCHEMA', 'EXTENSION', 'TABLE DATA'].includes(entry.kind)) return false
    return isThere(entry, names)
  })
}

export function dangerOf({ plan, content, old, sessions }: PreflightFacts): RestoreDanger | null {
  const { target, options } = plan.request
  const { host, port } = plan.connection.settings
  const where = { database: target.database, host, port, systemIdentifier: plan.server.systemIdentifier }
  if (target.kind === 'replace' && old) return { what: 'replace', ...where, sessions: old.sessions }
  const drops = target.kind === 'existing' && options.clean === true && content !== null
  if (drops && content.tables + content.otherObjects > 0) return { what: 'clean', ...where, sessions }
  return null
}

export function confirmRows({ plan }: PreflightFacts, danger: RestoreDanger | null): PreflightRow[] {
  if (!danger) return []
  const { confirm } = plan.request
  const name = danger.database
  const confirmed = confirm?.name === name && confirm.systemIdentifier === danger.systemIdentifier
  const doing = danger.what === 'replace' ? `Replacing ${name}` : `Dropping objects in ${name}`
  if (confirmed) return [row('confirm', 'pass', 'Confirmed', `${doing} was confirmed by typing its name.`)]
  const other = confirm?.name === name ? 'It was confirmed for another server. ' : ''
  return [row('confirm', 'blocker', `${doing} is not confirmed`, `${other}Type the database’s name, ${name}, to go on.`)]
}
