// The moments that can be restored: the dumps of the last week on a time axis; any other moment needs what is not there yet.
import type { CatalogEntry } from '../../../shared/contracts/backups'
import { backupSubject } from '../../../shared/model/backupRecord'
import { plural } from '../../format/numbers'
import { formatWhen } from '../../format/time'
import { restoreLink } from '../Backups/catalog'
import { checkState } from './protection'

const days = 7
const dayMs = 86_400_000
const width = 1000
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

/** Local midnights from `from` to `to`. */
export function midnights(from: number, to: number): Date[] {
  const found: Date[] = []
  const date = new Date(from)
  date.setHours(24, 0, 0, 0)
  while (date.getTime() <= to) {
    found.push(new Date(date))
    date.setDate(date.getDate() + 1)
  }
  return found
}

export function MomentsCard({ dumps, now }: { dumps: readonly CatalogEntry[]; now: number }) {
  const from = now - days * dayMs
  const x = (at: number) => 8 + ((at - from) / (now - from)) * (width - 16)
  const shown = dumps.filter((entry) => Date.parse(entry.record.startedAt) >= from)
  return (
    <section className="card moments" aria-label="Restorable moments">
      <div className="card-head bare">
        <h2>Restorable moments</h2>
        <span className="t3 el">
          {dumps.length === 0
            ? 'none yet'
            : `${plural(shown.length, 'dump')} in the last ${days} days, each holds one database as it was then`}
        </span>
      </div>
      {shown.length > 0 && (
        <div className="moments-axis">
          <svg width="100%" height="56" viewBox={`0 0 ${width} 56`} preserveAspectRatio="none" aria-hidden="true">
            <rect x="0" y="26" width={width} height="14" rx="2" fill="var(--surface-3)" />
            {midnights(from, now).map((date) => (
              <path
                key={date.getTime()}
                d={`M${x(date.getTime())} 8V52`}
                stroke="var(--border)"
                vectorEffect="non-scaling-stroke"
              />
            ))}
            <path d={`M${width - 8} 20V46`} stroke="var(--text)" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
          </svg>
          {midnights(from, now).map((date) => (
            <span key={date.getTime()} className="moments-day" style={{ left: `${x(date.getTime()) / 10}%` }}>
              {weekdays[date.getDay()]} {date.getDate()}
            </span>
          ))}
          <ul>
            {shown.map((entry) => {
              const failed = checkState(entry) === 'failed'
              const words = `${backupSubject(entry.record)}, ${formatWhen(entry.record.startedAt)}${failed ? ', failed its check' : ''}`
              return (
                <li key={entry.path} style={{ left: `${x(Date.parse(entry.record.startedAt)) / 10}%` }}>
                  <a
                    className={`moment${failed ? ' failed' : ''}`}
                    {...{ href: restoreLink(entry) }}
                    title={`Restore ${words}`}
                    aria-label={`Restore ${words}`}
                  />
                </li>
              )
            })}
          </ul>
        </div>
      )}
      <p className="t3 sm">
        To go back to any moment in between takes a base backup and the WAL since;{' '}
        {shown.length > 0 ? 'neither is there yet.' : 'a dump of each database is the first step.'}
      </p>
    </section>
  )
}
