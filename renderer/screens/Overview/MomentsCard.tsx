// The moments that backups of the last week bring back by themselves, on a time axis; any other moment needs archived WAL too.
import type { CatalogEntry } from '../../../shared/contracts/backups'
import { backupSubject } from '../../../shared/model/backupRecord'
import { Button } from '../../components/Button'
import { plural } from '../../format/numbers'
import { formatWhen } from '../../format/time'
import { placeLink } from '../../stores/navigation'
import { momentOf, restoreLink } from '../Backups/catalog'
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

/** A day that has just begun has no room for its name before the card's edge. */
function labelled(dates: readonly Date[], now: number): Date[] {
  return dates.filter((date) => now - date.getTime() > dayMs / 3)
}

export interface MomentsCardProps {
  dumps: readonly CatalogEntry[]
  bases: readonly CatalogEntry[]
  now: number
  /** Of the archive of this server's WAL: with it and a base backup any moment in between can be chosen. */
  archiveId?: string | undefined
}

function shownWords(dumps: number, bases: number): string {
  const whole = bases === 0 ? '' : plural(bases, 'copy', 'copies')
  if (dumps + bases === 0) return `none in the last ${days} days`
  if (dumps === 0) return `${whole} of the whole cluster in the last ${days} days`
  const held = `${plural(dumps, 'dump')}${whole === '' ? '' : ` and ${whole} of the whole cluster`} in the last ${days} days`
  return whole === '' ? `${held}, each holds one database as it was then` : held
}

function between(dumps: number, bases: number): string {
  if (bases > 0) return 'the WAL archived since a copy of the whole cluster.'
  return dumps > 0
    ? 'a base backup and the WAL since.'
    : 'a base backup and the WAL since; a dump of each database is the first step.'
}

export function MomentsCard({ dumps, bases, now, archiveId }: MomentsCardProps) {
  const from = now - days * dayMs
  const x = (at: number) => 8 + ((at - from) / (now - from)) * (width - 16)
  const within = ({ record }: CatalogEntry) => Date.parse(momentOf(record)) >= from
  const [recent, copies] = [dumps.filter(within), bases.filter(within)]
  const shown = [...recent, ...copies]
  return (
    <section className="card moments" aria-label="Restorable moments">
      <div className="card-head bare">
        <h2>Restorable moments</h2>
        <span className="t3 el">{dumps.length + bases.length === 0 ? 'none yet' : shownWords(recent.length, copies.length)}</span>
        <span className="sp" />
        {archiveId !== undefined && bases.length > 0 && (
          <Button kind="ghost" size="s" href={placeLink('/restore/point', { archive: archiveId })} endIcon="right">
            Restore to a point in time
          </Button>
        )}
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
          {labelled(midnights(from, now), now).map((date) => (
            <span key={date.getTime()} className="moments-day" style={{ left: `${x(date.getTime()) / 10}%` }}>
              {weekdays[date.getDay()]} {date.getDate()}
            </span>
          ))}
          <ul>
            {shown.map((entry) => {
              const failed = checkState(entry) === 'failed'
              const words = `${backupSubject(entry.record)}, ${formatWhen(momentOf(entry.record))}${failed ? ', failed its check' : ''}`
              return (
                <li key={entry.path} style={{ left: `${x(Date.parse(momentOf(entry.record))) / 10}%` }}>
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
        {archiveId !== undefined && bases.length > 0
          ? 'Any moment in between comes back with the WAL in the archive: choose it on its timeline.'
          : `To go back to any moment in between takes ${between(dumps.length, bases.length)}`}
      </p>
    </section>
  )
}
