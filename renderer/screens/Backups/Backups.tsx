// Backups: everything in the libraries as one list, what is odd in them, and how much room is left.
import { type ReactNode, useState } from 'react'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button } from '../../components/Button'
import { Card, PageHead } from '../../components/Card'
import { EmptyState, ErrorNote, Loading } from '../../components/Feedback'
import { SelectField } from '../../components/fields'
import { Icon } from '../../components/Icon'
import { SearchField } from '../../components/SearchField'
import { plural } from '../../format/numbers'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { useJobs } from '../../stores/jobs'
import { placeLink, replacePlace } from '../../stores/navigation'
import { useNow } from '../../stores/useNow'
import { useAsk } from '../../wizard/useAsk'
import { BackupDetails } from './BackupDetails'
import { BackupRow } from './BackupRow'
import {
  arrangeChains,
  backupKinds,
  databasesOf,
  distinct,
  filterBackups,
  kindOf,
  noFilter,
  type SortKey,
  serverOf,
  sortBackups,
} from './catalog'
import { ForeignCard } from './ForeignCard'
import { LibrariesCard, OdditiesCard } from './LibraryCards'
import './backups.css'

const checkedChoices = [
  { value: '', label: 'Checked or not' },
  { value: 'whole', label: 'Last check passed' },
  { value: 'never', label: 'Never checked' },
  { value: 'failed', label: 'Last check failed' },
] as const

export default function Backups({ query }: ScreenProps) {
  const [filter, setFilter] = useState(noFilter)
  const [sort, setSort] = useState<{ key: SortKey; reverse: boolean }>({ key: 'age', reverse: false })
  // Looked through again whenever a job ends: dumps, checks and removals all change the list.
  const ended = useJobs((state) => state.jobs.filter((job) => job.endedAt !== null).length)
  const catalog = useAsk({ ended }, (_input, options) => api.backups.list({}, options), { keep: true })
  const windows = useAsk({ ended }, (_input, options) => api.backups.windows({}, options), { keep: true })
  useNow(30_000)
  const all = catalog.data?.backups ?? []
  const shown = sortBackups(filterBackups(all, filter), sort.key, sort.reverse)
  const open = all.find(({ path }) => path === query.get('path'))
  const total = all.reduce((sum, { size }) => sum + BigInt(size), 0n)
  const kinds = backupKinds.filter((kind) => all.some(({ record }) => kindOf(record) === kind))
  const show = (path: string | null) => replacePlace(placeLink('/backups', path === null ? {} : { path }))
  const choices = (values: string[], every: string) => [
    { value: '', label: every },
    ...values.map((value) => ({ value, label: value })),
  ]

  const head = (key: SortKey, label: string, numeric = false): ReactNode => (
    <th
      {...(numeric ? { className: 'num' } : {})}
      aria-sort={sort.key !== key ? 'none' : sort.reverse !== (key === 'age' || key === 'size') ? 'descending' : 'ascending'}
    >
      <button type="button" onClick={() => setSort({ key, reverse: sort.key === key && !sort.reverse })}>
        {label}
        {sort.key === key && <Icon name={sort.reverse ? 'up' : 'down'} size={14} />}
      </button>
    </th>
  )
  return (
    <div className="page">
      <PageHead
        title="Backups"
        actions={
          <>
            <Button icon="refresh" onClick={catalog.again} busy={catalog.busy}>
              Look again
            </Button>
            {all.length > 0 && (
              <Button kind="primary" href={placeLink('/backup/dump')} icon="backup">
                Dump a database
              </Button>
            )}
          </>
        }
      >
        {catalog.data && (
          <span className="t3">{all.length === 0 ? '' : `${plural(all.length, 'backup')}, ${formatBytes(total)}`}</span>
        )}
      </PageHead>
      {catalog.error && <ErrorNote error={catalog.error} onRetry={catalog.again} />}
      {catalog.data && <OdditiesCard oddities={catalog.data.oddities} onChanged={catalog.again} />}
      <Card label="Backups">
        {all.length > 0 && (
          <div className="wz-bar">
            <SearchField
              label="Find by name, server, path"
              value={filter.text}
              onChange={(text) => setFilter({ ...filter, text })}
              width={230}
            />
            <SelectField
              label="Server"
              value={filter.server}
              onChange={(server) => setFilter({ ...filter, server })}
              options={choices(distinct(all.map(({ record }) => serverOf(record))), 'Every server')}
            />
            <SelectField
              label="Database"
              value={filter.database}
              onChange={(database) => setFilter({ ...filter, database })}
              options={choices(distinct(all.flatMap(({ record }) => databasesOf(record))), 'Every database')}
            />
            <SelectField
              label="Kind"
              value={filter.kind}
              onChange={(kind) => setFilter({ ...filter, kind })}
              options={[{ value: '', label: 'Every kind' }, ...kinds.map((value) => ({ value, label: value }))]}
            />
            <SelectField
              label="Checked"
              value={filter.checked}
              onChange={(checked) => setFilter({ ...filter, checked })}
              options={checkedChoices}
            />
            <span className="sp" />
            {shown.length !== all.length && (
              <>
                <span className="t3 sm nw">
                  {shown.length} of {all.length}
                </span>
                <Button size="xs" kind="ghost" onClick={() => setFilter(noFilter)}>
                  Show all
                </Button>
              </>
            )}
          </div>
        )}
        {!catalog.data && !catalog.error && <Loading>Looking through the libraries…</Loading>}
        {catalog.data && all.length === 0 && (
          <EmptyState
            icon="backups"
            title="No backup yet"
            actions={
              <Button kind="primary" href={placeLink('/backup/dump')} icon="backup">
                Dump a database
              </Button>
            }
          >
            A dump is the first backup to have. It takes a few clicks, and the result is read in full before it counts.
          </EmptyState>
        )}
        {all.length > 0 && shown.length === 0 && <EmptyState icon="search" title="No backup by these words" />}
        {shown.length > 0 && (
          <table className="tb two-line">
            <thead>
              <tr>
                <th>Kind</th>
                {head('database', 'Database')}
                {head('server', 'Server')}
                {head('age', 'Taken')}
                {head('size', 'Size', true)}
                <th>Format</th>
                {head('verified', 'Checked')}
                <th aria-label="Actions" />
              </tr>
            </thead>
            <tbody>
              {arrangeChains(shown, all).map((row) => (
                <BackupRow key={row.entry.path} row={row} windows={windows.data?.windows} onOpen={() => show(row.entry.path)} />
              ))}
            </tbody>
          </table>
        )}
      </Card>
      {catalog.data && <ForeignCard foreign={catalog.data.foreign} onChanged={catalog.again} />}
      {catalog.data && <LibrariesCard libraries={catalog.data.libraries} backups={all} />}
      <BackupDetails
        entry={open}
        all={all}
        windows={windows.data?.windows}
        onClose={() => show(null)}
        onChanged={catalog.again}
      />
    </div>
  )
}
