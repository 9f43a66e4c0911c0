// What is known of a physical backup: positions, times, WAL, tablespaces, its chain, and the moments it can bring back.
import type { CatalogEntry, RestoreWindow } from '../../../shared/contracts/backups'
import { chainOf, dependentsOf, isBase, nameOf } from '../../../shared/model/backupChain'
import type { PhysicalRecord } from '../../../shared/model/backupRecord'
import { Button } from '../../components/Button'
import { Severity } from '../../components/Chip'
import { Note } from '../../components/Feedback'
import { type KeyValue, KeyValues } from '../../components/KeyValues'
import { formatCount, plural } from '../../format/numbers'
import { formatWhen } from '../../format/time'
import { placeLink } from '../../stores/navigation'
import { immediateLink, momentOf } from './catalog'
import { restorableWords } from './restorable'

export interface PhysicalDetailsProps {
  entry: CatalogEntry
  record: PhysicalRecord
  all: readonly CatalogEntry[]
  windows: readonly RestoreWindow[] | undefined
}

export function PhysicalDetails({ entry, record, all, windows }: PhysicalDetailsProps) {
  const chain = isBase(entry) ? chainOf(entry, all) : null
  const restorable = chain?.problem ? null : restorableWords(entry, windows)
  const pointArchive = restorable && windows?.find(({ path, problem }) => path === entry.path && problem === '')
  return (
    <>
      {chain?.problem && <Note tone="blocker">{chain.problem} It can’t be restored or combined as it is.</Note>}
      {restorable && (
        <section aria-label="Restorable" className="col g8">
          <h3 className="lab">Restorable</h3>
          <ul className="col g4">
            {restorable.ways.map(({ text, good }) => (
              <li key={text} className="row top">
                <Severity level={good ? 'pass' : 'warning'}>{good ? 'Yes' : 'Limited'}</Severity>
                <span className="t2 wrap">{text}</span>
              </li>
            ))}
            {windows === undefined && <li className="t3">Looking at the archives…</li>}
          </ul>
          {pointArchive && (
            <div className="row">
              <Button
                size="s"
                icon="clock"
                href={placeLink('/restore/point', { archive: pointArchive.archiveId, backup: entry.path })}
              >
                Restore to a point in time…
              </Button>
              <Button size="s" href={immediateLink(entry.path, record, { archive: pointArchive.archiveId })}>
                As soon as it is consistent…
              </Button>
            </div>
          )}
        </section>
      )}
      <div className="details-two">
        <KeyValues rows={positionRows(record)} labelWidth={104} />
        <KeyValues rows={contentRows(record)} labelWidth={104} />
      </div>
      {chain && <ChainSection entry={entry} all={all} links={chain.links} />}
    </>
  )
}

function ChainSection({ entry, all, links }: { entry: CatalogEntry; all: readonly CatalogEntry[]; links: CatalogEntry[] }) {
  const below = dependentsOf(entry, all)
  const made = entry.record.kind === 'base-backup' ? entry.record.combinedFrom : null
  if (links.length < 2 && below.length === 0 && made === null) return null
  const link = (other: CatalogEntry) => (
    <li key={other.path}>
      <a href={placeLink('/backups', { path: other.path })}>{nameOf(other)}</a>{' '}
      <span className="t3">{formatWhen(momentOf(other.record))}</span>
    </li>
  )
  return (
    <section aria-label="Chain">
      {links.length > 1 && (
        <>
          <h3 className="lab">Builds on</h3>
          <ul>{links.slice(0, -1).map(link)}</ul>
        </>
      )}
      {below.length > 0 && (
        <>
          <h3 className="lab">{plural(below.length, 'backup')} can’t be restored without it</h3>
          <ul>{below.map(link)}</ul>
        </>
      )}
      {made !== null && (
        <>
          <h3 className="lab">Combined from</h3>
          <ul>
            {made.map((id) => {
              const found = all.find(({ record }) => record.id === id)
              return found ? (
                link(found)
              ) : (
                <li key={id} className="t3 mono">
                  {id}, no longer in a library
                </li>
              )
            })}
          </ul>
        </>
      )}
    </section>
  )
}

function positionRows(record: PhysicalRecord): KeyValue[] {
  const { start, stop, startTime, stopTime, segmentSize } = record
  return [
    { label: 'Begun', value: formatWhen(startTime) },
    { label: 'Ended', value: formatWhen(stopTime) },
    { label: 'Start LSN', value: `${start.lsn}, timeline ${start.timeline}`, mono: true },
    { label: 'Stop LSN', value: `${stop.lsn}, timeline ${stop.timeline}`, mono: true },
    { label: 'WAL segment', value: `${formatCount(segmentSize / 1024 / 1024)} MiB` },
    ...(record.kind === 'cold-backup'
      ? [{ label: 'State', value: record.state }]
      : [{ label: 'Taken from', value: record.fromStandby ? 'a standby' : 'the primary' }]),
  ]
}

const walWords = {
  stream: 'in it, streamed',
  fetch: 'in it, fetched at the end',
  none: 'not in it: it needs the archive',
} as const

function contentRows(record: PhysicalRecord): KeyValue[] {
  const spaces = record.tablespaces.map(({ name, location }) => (location === '' ? name : `${name} (${location})`))
  const settings = record.configuration.map(({ original }) => original)
  const base = record.kind === 'base-backup' ? record : null
  return [
    ...(base
      ? [
          { label: 'WAL', value: walWords[base.walMethod] },
          { label: 'Label in it', value: base.backupLabel || 'none' },
          {
            label: 'Manifest',
            value: base.manifest ? `${formatCount(base.manifest.files)} files, ${base.manifest.algorithm}` : 'none',
          },
          { label: 'Compression', value: base.compression || 'none' },
        ]
      : []),
    ...(record.kind === 'cold-backup' ? [{ label: 'Data directory', value: record.dataDirectory, mono: true }] : []),
    { label: 'Tablespaces', value: spaces.join(', ') || 'none but the default' },
    { label: 'Settings files', value: settings.join(', ') || 'none came along', mono: settings.length > 0 },
    ...(base?.incremental
      ? [{ label: 'Parent at', value: `${base.incremental.from.lsn}, timeline ${base.incremental.from.timeline}`, mono: true }]
      : []),
  ]
}
