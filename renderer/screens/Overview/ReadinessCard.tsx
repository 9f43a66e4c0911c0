// What the server has and still lacks for physical backups.
import { Fragment } from 'react'
import type { z } from 'zod'
import type { readinessRow, roleFacts } from '../../../shared/contracts/connections'
import { Chip, Severity, type SeverityLevel } from '../../components/Chip'

type Row = z.infer<typeof readinessRow>

const look: Readonly<Record<Row['state'], { level: SeverityLevel; word: string }>> = {
  ready: { level: 'pass', word: 'Ready' },
  check: { level: 'warning', word: 'Check' },
  blocked: { level: 'blocker', word: 'Missing' },
  unknown: { level: 'unknown', word: 'Unknown' },
}

export function readinessSummary(rows: readonly Row[]): string {
  const count = (state: Row['state']) => rows.filter((row) => row.state === state).length
  return [
    `${count('ready')} ready`,
    count('blocked') > 0 ? `${count('blocked')} missing` : '',
    count('check') > 0 ? `${count('check')} to check` : '',
    count('unknown') > 0 ? `${count('unknown')} unknown` : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}

export function roleAttributes(role: z.infer<typeof roleFacts>): string {
  if (role.superuser) return 'superuser'
  const attributes = [
    role.replication ? 'REPLICATION' : '',
    role.createDatabase ? 'CREATEDB' : '',
    role.createRole ? 'CREATEROLE' : '',
    role.bypassRls ? 'BYPASSRLS' : '',
    role.readServerFiles ? 'pg_read_server_files' : '',
    role.writeServerFiles ? 'pg_write_server_files' : '',
    role.executeServerProgram ? 'pg_execute_server_program' : '',
  ].filter((part) => part !== '')
  return attributes.length === 0 ? 'no special attributes' : attributes.join(', ')
}

/** What was found, up to the first semicolon; the rest is a line of its own, since the column is narrow. */
function headOf({ now }: Row): string {
  return now.split('; ', 1)[0] ?? ''
}

function tailOf(row: Row): string {
  return row.now.slice(headOf(row).length + 2)
}

export function ReadinessCard({ rows, role }: { rows: readonly Row[]; role: z.infer<typeof roleFacts> }) {
  const good = rows.every((row) => row.state === 'ready')
  return (
    <section className="card readiness" aria-label="Ready for physical backup">
      <div className="card-head">
        <h2>Ready for physical backup</h2>
        <Chip tone={good ? 'pass' : 'neutral'}>{readinessSummary(rows)}</Chip>
        <span className="sp" />
        <span className="t3 el">
          as <span className="mono">{role.name}</span>
        </span>
      </div>
      <table className="tb dense">
        <thead>
          <tr>
            <th style={{ width: 92 }}>State</th>
            <th style={{ width: '26%' }}>Check</th>
            <th style={{ width: '28%' }}>Now</th>
            <th>Needed</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Fragment key={row.id}>
              <tr className={row.howToChange === '' && tailOf(row) === '' ? undefined : 'with-how'}>
                <td>
                  <Severity level={look[row.state].level}>{look[row.state].word}</Severity>
                </td>
                <td className="m wrap">{row.check}</td>
                <td className="mono wrap">{headOf(row)}</td>
                <td className="t2">{row.needed}</td>
              </tr>
              {tailOf(row) !== '' && (
                <tr className={row.howToChange === '' ? 'how' : 'how with-how'}>
                  <td />
                  <td colSpan={3} className="t2 wrap">
                    <span className="mono">{tailOf(row)}</span>
                  </td>
                </tr>
              )}
              {row.howToChange !== '' && (
                <tr className="how">
                  <td />
                  <td colSpan={3} className="t2 wrap">
                    <span className="t3">How to change: </span>
                    {row.howToChange}
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  )
}
