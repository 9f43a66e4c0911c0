// Restore: the way back from a dump, and the newest backups to start from.
import { backupSubject } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button } from '../../components/Button'
import { Card, PageHead } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { EmptyState, ErrorNote, Loading } from '../../components/Feedback'
import { Icon } from '../../components/Icon'
import { formatAgo, formatWhen } from '../../format/time'
import { api } from '../../rpc/api'
import { useDrafts } from '../../stores/drafts'
import { placeLink } from '../../stores/navigation'
import { useAsk } from '../../wizard/useAsk'
import { folderName, restoreLink, serverOf, sortBackups } from '../Backups/catalog'
import { VerifiedMark } from '../Backups/VerifiedMark'
import '../Backups/backups.css'

const shownBackups = 8

export default function Restore() {
  const draft = useDrafts((state) => state.restore)
  const catalog = useAsk({}, (input, options) => api.backups.list(input, options))
  const newest = sortBackups(catalog.data?.backups ?? [], 'age', false)
  return (
    <div className="page">
      <PageHead title="Restore" />
      <Card className="kind-card">
        <span className="kind-icon">
          <Icon name="clock" size={20} />
        </span>
        <div className="sp">
          <div className="row">
            <h2 className="kind-title">To a point in time</h2>
            <Chip>
              <span className="mono">recovery_target_time</span>
            </Chip>
          </div>
          <p className="t2">
            A cluster as it was at a moment you choose, to the microsecond: from a base backup and the WAL since. It becomes a
            server of its own beside the original, which stays untouched, and pauses there so that you can look before you decide.
          </p>
        </div>
        <div className="col g8" style={{ alignItems: 'flex-end' }}>
          <Button size="l" href={placeLink('/restore/point')} endIcon="right">
            Restore to a point in time
          </Button>
        </div>
      </Card>
      <Card className="kind-card">
        <span className="kind-icon">
          <Icon name="restore" size={20} />
        </span>
        <div className="sp">
          <div className="row">
            <h2 className="kind-title">From a dump</h2>
            <Chip>
              <span className="mono">pg_restore</span>
            </Chip>
            <Chip>
              <span className="mono">psql</span>
            </Chip>
          </div>
          <p className="t2">
            A database back to the moment of its dump: from the libraries, or from any file or folder that pg_dump or pg_dumpall
            made. It goes into a new database beside the others unless you choose otherwise, so that you can look before you
            decide.
          </p>
          <p className="t2">
            Before it starts, missing roles, tablespaces and extensions, versions and free space are checked, each with a way to
            put it right.
          </p>
        </div>
        <div className="col g8" style={{ alignItems: 'flex-end' }}>
          <Button kind="primary" size="l" href={placeLink('/restore/dump')} endIcon="right">
            Restore from a dump
          </Button>
          {draft.source !== '' && (
            <span className="t3 sm el kind-draft">goes on with the draft of {folderName(draft.source)}</span>
          )}
        </div>
      </Card>
      <Card className="kind-card">
        <span className="kind-icon">
          <Icon name="server" size={20} />
        </span>
        <div className="sp">
          <div className="row">
            <h2 className="kind-title">From another server</h2>
            <Chip>
              <span className="mono">pg_dump | pg_restore</span>
            </Chip>
          </div>
          <p className="t2">
            A database straight from one server to another, also to a newer PostgreSQL, with no file in between. Its rows are
            counted on both sides at the end.
          </p>
        </div>
        <div className="col g8" style={{ alignItems: 'flex-end' }}>
          <Button href={placeLink('/restore/server')} endIcon="right">
            Copy a database to another server
          </Button>
        </div>
      </Card>
      <Card className="kind-card">
        <span className="kind-icon">
          <Icon name="server" size={20} />
        </span>
        <div className="sp">
          <div className="row">
            <h2 className="kind-title">A set of databases</h2>
            <Chip>
              <span className="mono">pg_restore</span>
            </Chip>
          </div>
          <p className="t2">
            Roles and tablespaces that are missing, then every database of a set, several at once, each made new. A script of
            pg_dumpall is restored from a dump, above.
          </p>
        </div>
        <div className="col g8" style={{ alignItems: 'flex-end' }}>
          <Button size="l" href={placeLink('/restore/cluster')} endIcon="right">
            Restore a set
          </Button>
        </div>
      </Card>
      <Card className="kind-card">
        <span className="kind-icon">
          <Icon name="server" size={20} />
        </span>
        <div className="sp">
          <div className="row">
            <h2 className="kind-title">A whole cluster</h2>
            <Chip>
              <span className="mono">pg_ctl</span>
            </Chip>
          </div>
          <p className="t2">
            A base backup or cold backup becomes a running cluster again: in a new folder on a free port, or in the place of a
            stopped one, which is kept. It starts by the WAL that came with it.
          </p>
        </div>
        <div className="col g8" style={{ alignItems: 'flex-end' }}>
          <Button size="l" href={placeLink('/restore/standalone')} endIcon="right">
            Recover a cluster
          </Button>
        </div>
      </Card>
      <Card
        title="Newest backups"
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
        {catalog.data && newest.length === 0 && (
          <EmptyState
            icon="backups"
            title="No backup in the libraries yet"
            actions={<Button href={placeLink('/backup')}>Back up</Button>}
          >
            A dump made elsewhere restores as well: give its path in the wizard.
          </EmptyState>
        )}
        {newest.length > 0 && (
          <table className="tb">
            <thead>
              <tr>
                <th>Database</th>
                <th>Server</th>
                <th>Taken</th>
                <th className="num">Size</th>
                <th>Checked</th>
                <th aria-label="Actions" />
              </tr>
            </thead>
            <tbody>
              {newest.slice(0, shownBackups).map(({ path, size, record }) => (
                <tr key={path}>
                  <td className="m wrap">{backupSubject(record)}</td>
                  <td className="wrap">{serverOf(record)}</td>
                  <td className="nw">
                    {formatAgo(record.startedAt)} <span className="t3">{formatWhen(record.startedAt)}</span>
                  </td>
                  <td className="num">{formatBytes(size)}</td>
                  <td>
                    <VerifiedMark record={record} />
                  </td>
                  <td className="num nw">
                    <Button
                      size="xs"
                      href={restoreLink({ path, record })}
                      aria-label={`Restore ${backupSubject(record)} of ${formatWhen(record.startedAt)}`}
                    >
                      Restore…
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
