// Step 1: a copy of a whole cluster, out of the libraries or any folder that pg_basebackup wrote.
import { isPhysical } from '../../../../shared/model/backupRecord'
import { formatBytes } from '../../../../shared/model/byteCount'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, ErrorNote, Loading } from '../../../components/Feedback'
import { KeyValues } from '../../../components/KeyValues'
import { PathField } from '../../../components/PathField'
import { plural } from '../../../format/numbers'
import { formatAgo, formatWhen } from '../../../format/time'
import { api } from '../../../rpc/api'
import { restoreLink, serverOf, sortBackups } from '../../../screens/Backups/catalog'
import { VerifiedMark } from '../../../screens/Backups/VerifiedMark'
import { placeLink } from '../../../stores/navigation'
import { PickRow } from '../../../wizard/PickRow'
import { useAsk } from '../../../wizard/useAsk'
import { chooseBackup } from '../draft'
import type { Inspected, SourceStepProps } from '../Wizard'

export function SourceStep({ draft, setDraft, facts }: SourceStepProps) {
  const catalog = useAsk({}, (input, options) => api.backups.list(input, options))
  const backups = sortBackups(catalog.data?.backups ?? [], 'age', false).filter(({ record }) => isPhysical(record))
  const withoutWal = backups.find(
    ({ path, record }) => path === draft.source && record.kind === 'base-backup' && record.walMethod === 'none',
  )
  const isListed = backups.some(({ path }) => path === draft.source)
  return (
    <div className="wz-cols">
      <div className="wz-col">
        <Card className="fill" title="Copies of whole clusters" note={catalog.data ? `${backups.length}` : undefined}>
          {catalog.error && (
            <div className="card-body">
              <ErrorNote error={catalog.error} onRetry={catalog.again} />
            </div>
          )}
          {!catalog.data && !catalog.error && <Loading>Looking through the libraries…</Loading>}
          {catalog.data && backups.length === 0 && (
            <EmptyState
              icon="backups"
              title="No base backup in the libraries yet"
              actions={<Button href={placeLink('/backup')}>Back up</Button>}
            >
              One made elsewhere by pg_basebackup can be deployed as well: give its folder below.
            </EmptyState>
          )}
          {backups.length > 0 && (
            <div className="wz-scroll">
              <table className="tb pick" aria-label="Copies of whole clusters, newest first">
                <thead>
                  <tr>
                    <th aria-label="Chosen" />
                    <th>Server</th>
                    <th>Kind</th>
                    <th>Taken</th>
                    <th className="num">Size</th>
                    <th>Checked</th>
                  </tr>
                </thead>
                <tbody>
                  {backups.map(({ path, record }) => (
                    <PickRow
                      key={path}
                      name="backup"
                      label={`Backup of ${serverOf(record)}, ${formatWhen(record.startedAt)}`}
                      checked={path === draft.source}
                      onPick={() => setDraft(chooseBackup(draft, path))}
                    >
                      <td className="wrap">
                        <div className="m">{serverOf(record)}</div>
                        {record.label !== '' && <div className="t3 sm">{record.label}</div>}
                      </td>
                      <td className="nw">
                        {record.kind === 'cold-backup'
                          ? 'cold'
                          : `${record.kind === 'base-backup' && record.incremental ? 'incremental' : 'base'}, ${record.format}`}
                      </td>
                      <td className="nw">
                        <div>{formatAgo(record.startedAt)}</div>
                        <div className="t3 sm">{formatWhen(record.startedAt)}</div>
                      </td>
                      <td className="num nw">{isPhysical(record) ? formatBytes(record.size) : ''}</td>
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
        <Card title="Or a folder that pg_basebackup wrote" padded>
          <PathField
            label="Path on the machine that runs Walkback"
            value={isListed ? '' : draft.source}
            onChange={(path) => setDraft(chooseBackup(draft, path.trim()))}
            want="folder"
            placeholder="/home/student/basebackup"
            help="Plain, with PG_VERSION and backup_label in it, or tar, with base.tar."
          />
        </Card>
      </div>
      <div className="wz-col scroll">
        {draft.source === '' && (
          <Card padded>
            <EmptyState icon="backups" title="Choose a backup">
              It becomes a running cluster again, beside the original or in the place of a stopped one. The original is not
              touched.
            </EmptyState>
          </Card>
        )}
        {facts.error && <ErrorNote error={facts.error} onRetry={facts.again} />}
        {facts.error && withoutWal && (
          <Button kind="primary" icon="clock" href={restoreLink(withoutWal)}>
            Recover it with the WAL of its archive…
          </Button>
        )}
        {facts.busy && <Loading>Reading the backup…</Loading>}
        {facts.data && <BackupCard facts={facts.data} />}
      </div>
    </div>
  )
}

function kindWords({ kind, format, recorded, chain }: Inspected): string {
  const what = kind === 'cold-backup' ? 'cold backup' : chain.length > 0 ? 'incremental base backup' : 'base backup'
  return `${what}, ${format}${recorded ? '' : ', without a record'}`
}

function BackupCard({ facts }: { facts: Inspected }) {
  const { server, major, takenAt, size, start, stop, systemIdentifier, tablespaces, configuration, chain } = facts
  return (
    <Card
      title="This backup"
      padded
      actions={
        <Chip tone="pass" icon="check">
          {chain.length === 0 ? 'starts by itself' : 'starts with its chain'}
        </Chip>
      }
    >
      <KeyValues
        labelWidth={120}
        rows={[
          { label: 'Of', value: `${server}, PostgreSQL ${major}` },
          { label: 'Taken', value: formatWhen(takenAt) },
          { label: 'Kind', value: kindWords(facts) },
          { label: 'Size', value: `${formatBytes(size)}${chain.length === 0 ? '' : ', combined'}` },
          ...chain.map((link, at) => ({
            label: at === 0 ? 'Full backup' : `Incremental ${at}`,
            value: `${formatWhen(link.takenAt)}, ${formatBytes(link.size)}`,
          })),
          { label: 'WAL', value: start && stop ? `${start.lsn} to ${stop.lsn}` : (start?.lsn ?? ''), mono: true },
          { label: 'Timeline', value: stop ? String(stop.timeline) : start ? String(start.timeline) : '', mono: true },
          { label: 'System identifier', value: systemIdentifier ?? 'not known', mono: true },
          {
            label: 'Tablespaces',
            value: tablespaces.length === 0 ? 'none' : tablespaces.map(({ name, oid }) => name || oid).join(', '),
          },
          {
            label: 'Settings files',
            value: configuration.length === 0 ? 'none from outside' : `${plural(configuration.length, 'file')} from outside`,
          },
        ]}
      />
    </Card>
  )
}
