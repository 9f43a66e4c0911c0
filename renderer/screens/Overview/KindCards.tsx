// One card for each kind of protection: what there is of it, or plainly that there is none.
import type { ReactNode } from 'react'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import { backupSubject } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { Chip } from '../../components/Chip'
import { Icon, type IconName } from '../../components/Icon'
import { type KeyValue, KeyValues } from '../../components/KeyValues'
import { formatAgo, formatWhen } from '../../format/time'
import { placeLink } from '../../stores/navigation'
import { type CheckState, checkState } from './protection'

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

export function CheckChip({ state }: { state: CheckState }) {
  if (state === 'read')
    return (
      <Chip tone="pass" icon="check">
        Read in full
      </Chip>
    )
  if (state === 'checksums')
    return (
      <Chip tone="pass" icon="check">
        Checksums match
      </Chip>
    )
  if (state === 'failed')
    return (
      <Chip tone="blocker" icon="block">
        Check failed
      </Chip>
    )
  return (
    <Chip tone="warning" icon="warn">
      Never checked
    </Chip>
  )
}

export function LastDumpCard({ last, read, now }: { last: CatalogEntry | null; read: boolean; now: number }) {
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
      chip={<CheckChip state={checkState(last)} />}
      figure={formatAgo(record.startedAt, new Date(now))}
      beside={formatWhen(record.startedAt)}
      rows={[
        {
          label: 'Database',
          value: `${backupSubject(record)}${record.globals ? ', with globals' : record.kind === 'dump' ? ', without globals' : ''}`,
        },
        { label: 'Format', value: record.format },
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

export function BaseBackupCard() {
  return (
    <KindCard icon="disk" title="Last base backup" figure="None yet" rows={[]}>
      A copy of the whole cluster, the ground for going back to any moment. This version of Walkback can not make one.
    </KindCard>
  )
}
