// Back up: the ways to make a backup, and the backups of the chosen server.
import { useEffect } from 'react'
import { type BackupRecord, backupSubject, isPhysical } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { Button } from '../../components/Button'
import { Card, PageHead } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { EmptyState, ErrorNote, Loading } from '../../components/Feedback'
import { Icon } from '../../components/Icon'
import { formatAgo, formatWhen } from '../../format/time'
import { api } from '../../rpc/api'
import { useSelectedConnection } from '../../stores/connections'
import { dumpDraftOf, useDrafts } from '../../stores/drafts'
import { placeLink } from '../../stores/navigation'
import { loadServer, useServer } from '../../stores/server'
import { NeedServer } from '../../wizard/NeedServer'
import { useAsk } from '../../wizard/useAsk'
import { emptyDumpDraft } from '../../wizards/dump/draft'
import { belongsTo, sortBackups } from '../Backups/catalog'
import { VerifiedMark } from '../Backups/VerifiedMark'
import { ColdBackupCard } from './ColdBackupCard'
import '../Backups/backups.css'

const shownDumps = 8

export default function Backup() {
  const connection = useSelectedConnection()
  const { page } = useServer(connection?.id)
  const draft = useDrafts((state) => (connection === undefined ? emptyDumpDraft : dumpDraftOf(state, connection.id)))
  const catalog = useAsk({}, (input, options) => api.backups.list(input, options))
  useEffect(() => {
    if (connection !== undefined) void loadServer(connection.id)
  }, [connection?.id, connection])
  if (connection === undefined) {
    return (
      <div className="page">
        <PageHead title="Back up" />
        <Card>
          <NeedServer what="back up" />
        </Card>
        <ColdBackupCard />
      </div>
    )
  }
  const system = page?.facts.systemIdentifier ?? null
  const mine = sortBackups(catalog.data?.backups ?? [], 'age', false).filter(({ record }) =>
    belongsTo(record, system, connection.label),
  )
  return (
    <div className="page">
      <PageHead title="Back up">
        <span className="t3">
          {connection.label}
          {page ? `, PostgreSQL ${formatPgVersion(page.facts.version)}` : ''}
        </span>
      </PageHead>
      <Card className="kind-card">
        <span className="kind-icon">
          <Icon name="backup" size={20} />
        </span>
        <div className="sp">
          <div className="row">
            <h2 className="kind-title">Database dump</h2>
            <Chip>
              <span className="mono">pg_dump</span>
            </Chip>
          </div>
          <p className="t2">
            One database as it is at one moment, definitions and rows, while others go on working. It restores into this or
            another server, of the same or a newer major version. Roles and tablespaces are saved beside it.
          </p>
          <p className="t2">
            After it was written it is read in full, every file gets a checksum, and only then it joins the library.
          </p>
        </div>
        <div className="col g8" style={{ alignItems: 'flex-end' }}>
          <Button kind="primary" size="l" href={placeLink('/backup/dump')} endIcon="right">
            Dump a database
          </Button>
          {draft.database !== '' && <span className="t3 sm">goes on with the draft of {draft.database}</span>}
        </div>
      </Card>
      <Card className="kind-card">
        <span className="kind-icon">
          <Icon name="server" size={20} />
        </span>
        <div className="sp">
          <div className="row">
            <h2 className="kind-title">Whole cluster</h2>
            <Chip>
              <span className="mono">pg_dumpall</span>
            </Chip>
            <Chip>
              <span className="mono">pg_dump</span>
            </Chip>
          </div>
          <p className="t2">
            Roles, tablespaces and the databases you choose, several at once, as one set with one record; or one script of the
            whole cluster, or of roles and tablespaces alone.
          </p>
        </div>
        <div className="col g8" style={{ alignItems: 'flex-end' }}>
          <Button size="l" href={placeLink('/backup/cluster')} endIcon="right">
            Dump a cluster
          </Button>
        </div>
      </Card>
      <Card className="kind-card">
        <span className="kind-icon">
          <Icon name="disk" size={20} />
        </span>
        <div className="sp">
          <div className="row">
            <h2 className="kind-title">Base backup</h2>
            <Chip>
              <span className="mono">pg_basebackup</span>
            </Chip>
          </div>
          <p className="t2">
            The files of the whole cluster while it runs, or only what changed since an earlier backup. It restores as a whole
            into the same major version, and together with a WAL archive to any moment after it.
          </p>
          <p className="t2">Every file is checked against the manifest afterwards, and only then it joins the library.</p>
        </div>
        <div className="col g8" style={{ alignItems: 'flex-end' }}>
          <Button size="l" href={placeLink('/backup/base')} endIcon="right">
            Take a base backup
          </Button>
        </div>
      </Card>
      <ColdBackupCard />
      <Card
        title={`Backups of ${connection.label}`}
        note={catalog.data ? `${mine.length}` : undefined}
        actions={
          <Button kind="ghost" size="s" href={placeLink('/backups')} endIcon="right">
            All backups
          </Button>
        }
      >
        {catalog.error && (
          <div className="card-body">
            <ErrorNote error={catalog.error} onRetry={catalog.again} />
          </div>
        )}
        {!catalog.data && !catalog.error && <Loading>Looking through the libraries…</Loading>}
        {catalog.data && mine.length === 0 && (
          <EmptyState icon="backups" title="No backup of this server yet">
            The first one takes a few clicks: choose a database and look at the review.
          </EmptyState>
        )}
        {mine.length > 0 && (
          <table className="tb">
            <thead>
              <tr>
                <th>What</th>
                <th>Taken</th>
                <th>Format</th>
                <th className="num">Size</th>
                <th>Checked</th>
                <th aria-label="Actions" />
              </tr>
            </thead>
            <tbody>
              {mine.slice(0, shownDumps).map(({ path, size, record }) => (
                <tr key={path}>
                  <td className="m wrap">{backupSubject(record)}</td>
                  <td className="nw">
                    {formatAgo(record.startedAt)} <span className="t3">{formatWhen(record.startedAt)}</span>
                  </td>
                  <td>{record.format}</td>
                  <td className="num">{formatBytes(size)}</td>
                  <td>
                    <VerifiedMark record={record} />
                  </td>
                  <td className="num nw">
                    <Button size="xs" href={againLink(record)}>
                      {isPhysical(record) ? 'Take again…' : 'Dump again…'}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Card>
    </div>
  )
}

function againLink(record: BackupRecord): string {
  if (record.kind === 'dump') return placeLink('/backup/dump', { database: record.source.database ?? '' })
  return placeLink(isPhysical(record) ? '/backup/base' : '/backup/cluster')
}
