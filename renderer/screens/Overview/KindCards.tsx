// One card for each kind of protection: what there is of it, or plainly that there is none.
import type { ReactNode } from 'react'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import { backupSubject, isPhysical } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { standingVerification } from '../../../shared/model/verifyLevels'
import { Chip } from '../../components/Chip'
import { verificationWord } from '../../components/checkWords'
import { Icon, type IconName } from '../../components/Icon'
import { type KeyValue, KeyValues } from '../../components/KeyValues'
import { formatAgo, formatWhen } from '../../format/time'
import { placeLink } from '../../stores/navigation'

interface KindCardProps {
  icon: IconName
  title: string
  chip?: ReactNode
  figure: ReactNode
  beside?: ReactNode
  rows: readonly KeyValue[]
  children?: ReactNode
}

export function KindCard({ icon, title, chip, figure, beside, rows, children }: KindCardProps) {
  return (
    <section className="card kind" aria-label={title}>
      <div className="row kind-head">
        <Icon name={icon} className="t3" />
        <h2>{title}</h2>
        <span className="sp" />
        {chip}
      </div>
      <div className="kind-figure el">
        {figure} <span className="t3">{beside}</span>
      </div>
      {rows.length > 0 && <KeyValues rows={rows} spread />}
      {children !== undefined && <p className="t3 sm">{children}</p>}
    </section>
  )
}

const chips = {
  ok: { tone: 'pass', icon: 'check' },
  warn: { tone: 'warning', icon: 'warn' },
  err: { tone: 'blocker', icon: 'block' },
} as const

function CheckChip({ record }: Pick<CatalogEntry, 'record'>) {
  const { word, tone } = verificationWord(standingVerification(record))
  return <Chip {...chips[tone]}>{word}</Chip>
}

interface LastDumpCardProps {
  last: CatalogEntry | null
  /** Every dump of the server: any of them may have been drilled last. */
  all: readonly CatalogEntry[]
  read: boolean
  now: number
}

export function LastDumpCard({ last, all, read, now }: LastDumpCardProps) {
  if (!last) {
    return (
      <KindCard icon="backups" title="Last dump" figure={read ? 'None yet' : '…'} rows={[]}>
        {read ? 'No dump of this server is in the libraries.' : 'Reading the libraries.'}
      </KindCard>
    )
  }
  const { record } = last
  const from = record.source.databaseSize === null ? '' : ` from ${formatBytes(record.source.databaseSize)}`
  return (
    <KindCard
      icon="backups"
      title="Last dump"
      chip={<CheckChip record={record} />}
      figure={formatAgo(record.startedAt, new Date(now))}
      beside={formatWhen(record.startedAt)}
      rows={[
        {
          label: 'Database',
          value: `${backupSubject(record)}${record.globals ? ', with globals' : record.kind === 'dump' ? ', without globals' : ''}`,
        },
        { label: 'Format', value: record.format },
        { label: 'Last drill', value: <LastDrill all={all} now={now} /> },
        {
          label: 'Size',
          value: (
            <>
              {formatBytes(last.size)}
              {from} · <a href={placeLink('/backups', { path: last.path })}>Show</a>
            </>
          ),
        },
      ]}
    />
  )
}

interface BaseBackupCardProps {
  last: CatalogEntry | null
  /** Every physical backup of the server: any of them may have been drilled last. */
  all: readonly CatalogEntry[]
  read: boolean
  now: number
}

/** "passed 3 days ago", of the newest drill of any of them; null for never. */
export function lastDrillWords(all: readonly CatalogEntry[], now: number): { ok: boolean; words: string } | null {
  const drills = all.flatMap(({ record }) => record.verifications.filter(({ level }) => level === 'drill'))
  const newest = drills.toSorted((a, b) => (a.at < b.at ? 1 : -1))[0]
  if (newest === undefined) return null
  return { ok: newest.ok, words: `${newest.ok ? 'passed' : 'failed'} ${formatAgo(newest.at, new Date(now))}` }
}

/** A failed one is seen to be failed, by word, mark and colour. */
function LastDrill({ all, now }: Pick<LastDumpCardProps, 'all' | 'now'>) {
  const last = lastDrillWords(all, now)
  if (last === null) return <span className="warn">never</span>
  if (last.ok) return last.words
  return (
    <span className="err" style={{ display: 'inline-flex', alignItems: 'center', gap: 4 }}>
      <Icon name="block" size={14} />
      {last.words}
    </span>
  )
}

export function BaseBackupCard({ last, all, read, now }: BaseBackupCardProps) {
  if (!last || !isPhysical(last.record)) {
    return (
      <KindCard icon="disk" title="Last base backup" figure={read ? 'None yet' : '…'} rows={[]}>
        A copy of the whole cluster, the ground for going back to any moment. <a href={placeLink('/backup/base')}>Take one…</a>
      </KindCard>
    )
  }
  const { record } = last
  const wal = record.kind === 'base-backup' && record.walMethod === 'none' ? 'in the archive alone' : 'came along'
  return (
    <KindCard
      icon="disk"
      title="Last base backup"
      chip={<CheckChip record={record} />}
      figure={formatAgo(record.startedAt, new Date(now))}
      beside={formatWhen(record.startedAt)}
      rows={[
        { label: 'Holds', value: backupSubject(record) },
        { label: 'Its WAL', value: wal },
        { label: 'Last drill', value: <LastDrill all={all} now={now} /> },
        {
          label: 'Size',
          value: (
            <>
              {formatBytes(record.size)} · <a href={placeLink('/backups', { path: last.path })}>Show</a>
            </>
          ),
        },
      ]}
    />
  )
}
