// The definitions that differ, each to be opened: as it was then, and as it is in live.
import { Fragment, useState } from 'react'
import type { LookSchema } from '../../../shared/contracts/look'
import type { SchemaDifference, SchemaKind } from '../../../shared/model/schemaCompare'
import { Icon, type IconName } from '../../components/Icon'
import { plural } from '../../format/numbers'

const icons: Readonly<Record<SchemaKind, IconName>> = {
  extension: 'ext',
  schema: 'schema',
  type: 'part',
  table: 'table',
  column: 'part',
  constraint: 'lock',
  index: 'search',
  statistics: 'search',
  trigger: 'play',
  rule: 'edit',
  policy: 'lock',
  view: 'view',
  function: 'fn',
  sequence: 'seq',
  'event trigger': 'play',
  owner: 'user',
  privileges: 'lock',
}

const words = {
  missing: { text: 'Gone from live', icon: 'minus', tone: 'warn m' },
  changed: { text: 'Changed', icon: 'edit', tone: 'acc m' },
  added: { text: 'Made since then', icon: 'plus', tone: 't2' },
} as const satisfies Record<SchemaDifference['says'], { text: string; icon: IconName; tone: string }>

const keyOf = ({ kind, of, schema, table, name }: SchemaDifference) => JSON.stringify([kind, of, schema, table, name])

function placeOf({ kind, of, schema, table, name }: SchemaDifference): string {
  if (kind === 'schema' || of === 'schema' || schema === '') return name
  return table === '' ? `${schema}.${name}` : `${schema}.${table}: ${name}`
}

export function SchemaList({ schema }: { schema: LookSchema }) {
  const [open, setOpen] = useState<string | null>(null)
  const { differences, different } = schema
  return (
    <div className="look-scroll" tabIndex={0} role="group" aria-label="Definitions">
      <table className="tb dense look-schema">
        <thead>
          <tr>
            <th>Kind</th>
            <th>Object</th>
            <th>
              <span className="sr">In words</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {differences.map((one) => {
            const key = keyOf(one)
            const { text, icon, tone } = words[one.says]
            // A schema has no definition but its name.
            const opens = (one.recovered ?? '') !== '' || (one.live ?? '') !== ''
            return (
              <Fragment key={key}>
                <tr className={one.says === 'missing' ? 'look-lost' : undefined}>
                  <td className="nw">
                    <span className="row g4">
                      <Icon name={icons[one.kind]} className="t3" />
                      {one.of === null ? one.kind : `${one.kind} of a ${one.of}`}
                    </span>
                  </td>
                  <td className="mono wrap">
                    {opens ? (
                      <button
                        type="button"
                        className="plain-link"
                        aria-expanded={open === key}
                        onClick={() => setOpen(open === key ? null : key)}
                      >
                        {placeOf(one)}
                      </button>
                    ) : (
                      placeOf(one)
                    )}
                  </td>
                  <td>
                    <span className={`row g4 nw ${tone}`}>
                      <Icon name={icon} />
                      {text}
                    </span>
                  </td>
                </tr>
                {open === key && (
                  <tr>
                    <td colSpan={3}>
                      <div className="look-definitions">
                        <Definition title="Recovered" text={one.recovered} />
                        <Definition title="Live" text={one.live} />
                      </div>
                    </td>
                  </tr>
                )}
              </Fragment>
            )
          })}
          {differences.length === 0 && (
            <tr>
              <td colSpan={3} className="t2">
                Tables, columns, constraints, indexes, triggers, rules, row policies, views, functions, types, sequences,
                extensions, owners and privileges are alike on both sides.
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {different > differences.length && (
        <p className="card-body t3">and {plural(different - differences.length, 'more difference')}</p>
      )}
    </div>
  )
}

function Definition({ title, text }: { title: string; text: string | null }) {
  return (
    <div className="col g4">
      <div className="sm t3">{title}</div>
      {text === null ? <div className="t3">not there</div> : <pre className="code">{text}</pre>}
    </div>
  )
}
