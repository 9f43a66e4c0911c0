// The preflight card: blockers first, then warnings, then passes; the best fix of the first blocker is the filled button.

import type { PreflightFix, PreflightRow } from '../../shared/model/preflight'
import { said } from '../format/said'
import { formatClock } from '../format/time'
import { Button } from './Button'
import { Chip, Severity } from './Chip'
import './preflight.css'
import './surfaces.css'

const order = { blocker: 0, warning: 1, pass: 2 } as const

export function sortPreflight(rows: readonly PreflightRow[]): PreflightRow[] {
  return [...rows].sort((a, b) => order[a.result] - order[b.result])
}

export interface PreflightTableProps {
  rows: readonly PreflightRow[]
  checkedAt: string | null
  busy: boolean
  onCheckAgain: () => void
  onFix: (fix: PreflightFix, row: PreflightRow) => void
}

export function PreflightTable({ rows, checkedAt, busy, onCheckAgain, onFix }: PreflightTableProps) {
  const sorted = sortPreflight(rows)
  const count = (result: PreflightRow['result']) => rows.filter((row) => row.result === result).length
  const [blockers, warnings, passes] = [count('blocker'), count('warning'), count('pass')]
  const first =
    sorted[0]?.result === 'blocker' ? sorted.find((row) => row.result === 'blocker' && row.fixes.length > 0) : undefined
  return (
    <section className="card" aria-label="Preflight">
      <div className="card-head">
        <h2>Preflight</h2>
        {blockers > 0 && (
          <Chip tone="blocker" icon="block">
            {blockers} {blockers === 1 ? 'blocker' : 'blockers'}
          </Chip>
        )}
        {warnings > 0 && (
          <Chip tone="warning" icon="warn">
            {warnings} {warnings === 1 ? 'warning' : 'warnings'}
          </Chip>
        )}
        {passes > 0 && (
          <Chip tone="pass" icon="check">
            {passes} passed
          </Chip>
        )}
        <span className="sp" />
        <span className="t3 sm" role="status">
          {busy ? 'checking…' : checkedAt === null ? '' : `checked ${formatClock(checkedAt)}`}
        </span>
        <Button size="xs" onClick={onCheckAgain} busy={busy}>
          Check again
        </Button>
      </div>
      <table className="tb preflight">
        <thead>
          <tr>
            <th style={{ width: 108 }}>Result</th>
            <th style={{ width: 172 }}>Check</th>
            <th>Found</th>
            <th className="num" style={{ width: 56 }}>
              Fix
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr
              key={`${row.id} ${row.found}`}
              className={row.result === 'blocker' ? 'bad' : row.result === 'pass' ? 'pass' : undefined}
            >
              <td>
                <Severity level={row.result} />
              </td>
              <td className="m wrap">{row.check}</td>
              {/* One cell for both: what was found gets all the room that its fixes leave. */}
              <td colSpan={2}>
                <div className="found">
                  <span className="t2 wrap">{said(row.found)}</span>
                  {row.fixes.length > 0 && (
                    <span className="fixes">
                      {row.fixes.map((fix, index) => (
                        <Button
                          key={fix.label}
                          size="xs"
                          kind={row === first && index === 0 ? 'primary' : 'plain'}
                          disabled={busy}
                          onClick={() => onFix(fix, row)}
                        >
                          {fix.label}
                        </Button>
                      ))}
                    </span>
                  )}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
