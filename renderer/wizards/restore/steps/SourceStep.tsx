// Step 1: a backup of the libraries, or any file or folder that pg_dump made, and what it says of itself.
import { useState } from 'react'
import { backupSubject } from '../../../../shared/model/backupRecord'
import { formatBytes } from '../../../../shared/model/byteCount'
import { Card } from '../../../components/Card'
import { EmptyState, ErrorNote, Loading } from '../../../components/Feedback'
import { PathField } from '../../../components/PathField'
import { SearchField } from '../../../components/SearchField'
import { plural } from '../../../format/numbers'
import { formatAgo, formatWhen } from '../../../format/time'
import { api } from '../../../rpc/api'
import { filterBackups, noFilter, serverOf, sortBackups } from '../../../screens/Backups/catalog'
import { VerifiedMark } from '../../../screens/Backups/VerifiedMark'
import { PickRow } from '../../../wizard/PickRow'
import { useAsk } from '../../../wizard/useAsk'
import { chooseSource } from '../draft'
import type { RestoreStepProps } from '../Wizard'
import { FactsCard } from './FactsCard'

export function SourceStep({ draft, setDraft, facts }: RestoreStepProps) {
  const [text, setText] = useState('')
  const catalog = useAsk({}, (input, options) => api.backups.list(input, options))
  // A set is restored by its own wizard; its databases can be chosen here one by one, by their folders.
  const all = (catalog.data?.backups ?? []).filter(({ record }) => record.kind !== 'dump-set')
  const shown = sortBackups(filterBackups(all, { ...noFilter, text }), 'age', false)
  const isRecord = all.some(({ path }) => path === draft.source)
  return (
    <div className="wz-cols">
      <div className="wz-col">
        <Card className="fill" label="Backups in the libraries">
          <div className="wz-bar">
            <SearchField label={`Find in ${plural(all.length, 'backup')}`} value={text} onChange={setText} width={300} />
            <span className="sp" />
            <span className="t3 sm">newest first</span>
          </div>
          {catalog.error && (
            <div className="card-body">
              <ErrorNote error={catalog.error} onRetry={catalog.again} />
            </div>
          )}
          {!catalog.data && !catalog.error && <Loading>Looking through the libraries…</Loading>}
          {catalog.data && shown.length === 0 && (
            <EmptyState icon="backups" title={all.length === 0 ? 'No backup in the libraries yet' : 'No backup by these words'}>
              {all.length === 0 ? 'Give the path of a dump below, or dump a database first.' : 'Change or clear the search.'}
            </EmptyState>
          )}
          {shown.length > 0 && (
            <div className="wz-scroll">
              <table className="tb pick" aria-label="Backups, newest first">
                <thead>
                  <tr>
                    <th aria-label="Chosen" />
                    <th>Database</th>
                    <th>Server</th>
                    <th>Taken</th>
                    <th className="num">Size</th>
                    <th>Checked</th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map(({ path, size, record }) => (
                    <PickRow
                      key={path}
                      name="source"
                      label={`${backupSubject(record)} of ${serverOf(record)}, ${formatWhen(record.startedAt)}`}
                      checked={path === draft.source}
                      onPick={() => setDraft(chooseSource(draft, path))}
                    >
                      <td className="wrap">
                        <div className="m">{backupSubject(record)}</div>
                        {record.label !== '' && record.label !== record.source.database && (
                          <div className="t3 sm">{record.label}</div>
                        )}
                      </td>
                      <td className="wrap">{serverOf(record)}</td>
                      <td className="nw">
                        <div>{formatAgo(record.startedAt)}</div>
                        <div className="t3 sm">{formatWhen(record.startedAt)}</div>
                      </td>
                      <td className="num">{formatBytes(size)}</td>
                      <td>
                        <VerifiedMark record={record} />
                      </td>
                    </PickRow>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Card>
        <Card title="Or a file or folder" note="made by pg_dump or pg_dumpall, whatever its name" padded>
          <PathField
            label="Path on the machine that runs Walkback"
            value={isRecord ? '' : draft.source}
            onChange={(path) => setDraft(chooseSource(draft, path.trim()))}
            want="any"
            placeholder="/srv/dumps/orders.dump"
          />
        </Card>
      </div>
      <div className="wz-col scroll">
        <FactsCard facts={facts} chosen={draft.source !== ''} />
      </div>
    </div>
  )
}
