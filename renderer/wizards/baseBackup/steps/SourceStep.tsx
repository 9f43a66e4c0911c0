// Step 1: the server and what it still lacks, and whether everything is taken or only what changed since an earlier backup.
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, ErrorNote, Loading, Note } from '../../../components/Feedback'
import { KeyValues } from '../../../components/KeyValues'
import { formatAgo, formatWhen } from '../../../format/time'
import { ReadinessCard } from '../../../screens/Overview/ReadinessCard'
import '../../../screens/Overview/overview.css'
import { loadServer, type ServerPage, useServer } from '../../../stores/server'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import { PickRow } from '../../../wizard/PickRow'
import { incrementalProblem, parentOf } from '../draft'
import type { BasePrepared, BaseStepProps } from '../Wizard'

type Readiness = ServerPage['readiness'][number]

/** Worth knowing of a server, and nothing that this backup waits for: forgotten slots, and the way to later moments. */
const forTheServersPage: readonly string[] = ['max_slot_wal_keep_size', 'wal_keep_size', 'archive_mode']

/** What stands in the way of this backup. */
export function inTheWay(rows: readonly Readiness[], incremental: boolean): Readiness[] {
  return rows.filter(
    ({ id, state }) => state !== 'ready' && !forTheServersPage.includes(id) && (id !== 'summarize_wal' || incremental),
  )
}

export function SourceStep(props: BaseStepProps) {
  const { connection, draft, setDraft, prepared } = props
  const { page, error } = useServer(connection.id)
  const base = prepared.data
  const none = base ? incrementalProblem(base) : ''
  const blocking = page ? inTheWay(page.readiness, draft.incremental) : []
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        {error && <ErrorNote error={error} onRetry={() => void loadServer(connection.id)} />}
        {page && blocking.length > 0 && <ReadinessCard rows={blocking} role={page.facts.role} />}
        {page && blocking.length === 0 && (
          <Note tone="pass">
            {connection.label} is ready: the role may replicate, a replication connection was opened just now, and WAL senders and
            slots are free.
          </Note>
        )}
        <Card title="What to take">
          <ChoiceCards
            legend="What to take"
            value={draft.incremental ? 'incremental' : 'full'}
            onChange={(value) => setDraft({ ...draft, incremental: value === 'incremental' })}
            options={[
              {
                value: 'full',
                label: 'Everything',
                help: 'A copy of the whole cluster that stands by itself: every database, roles and tablespaces.',
              },
              {
                value: 'incremental',
                label: 'Only what changed',
                help:
                  none === ''
                    ? 'Incremental: the blocks that changed since an earlier backup. Small and quick, and worth something only together with all it builds on.'
                    : `Incremental. ${none}`,
                disabled: base === undefined || (none !== '' && !draft.incremental),
              },
            ]}
          />
        </Card>
        {!base && !prepared.error && <Loading>Asking {connection.label}…</Loading>}
        {base && draft.incremental && <Parents {...props} base={base} />}
      </div>
      <div className="wz-col scroll">
        <Card title="What a base backup is" padded>
          <p className="t2">
            The files of the whole cluster, copied while it runs, with the WAL that makes them agree with each other. A server can
            be started from it, and together with a WAL archive it goes back to any moment after it.
          </p>
          <p className="t2" style={{ marginTop: 8 }}>
            It restores as a whole, into the same major version ({base ? formatPgVersion(base.serverVersion).split('.')[0] : '…'}
            ). For single tables or another version, take a dump.
          </p>
        </Card>
        {base && <ServerFacts base={base} page={page} />}
      </div>
    </div>
  )
}

function Parents({ draft, setDraft, base }: BaseStepProps & { base: BasePrepared }) {
  const chosen = parentOf(draft, base)
  return (
    <Card title="Builds on" note={`${base.parents.length} of this cluster`}>
      {base.parents.length === 0 && (
        <EmptyState icon="backups" title="No base backup of this cluster">
          Take a full one first.
        </EmptyState>
      )}
      {base.parents.length > 0 && (
        <table className="tb pick" aria-label="Backups to build on">
          <thead>
            <tr>
              <th aria-label="Chosen" />
              <th>Taken</th>
              <th>Kind</th>
              <th>From</th>
              <th className="num">Size</th>
              <th>Label</th>
            </tr>
          </thead>
          <tbody>
            {base.parents.map((parent) => (
              <PickRow
                key={parent.path}
                name="parent"
                label={`The backup of ${formatWhen(parent.startedAt)}`}
                checked={parent.path === chosen}
                disabled={parent.problem !== ''}
                onPick={() => setDraft({ ...draft, parent: parent.path })}
              >
                <td className="wrap">
                  <div className="m nw">{formatAgo(parent.startedAt)}</div>
                  <div className="t3 sm">{formatWhen(parent.startedAt)}</div>
                  {parent.problem !== '' && <div className="sm t2">{parent.problem}</div>}
                </td>
                <td>{parent.incremental ? <Chip>incremental</Chip> : 'full'}</td>
                <td className="mono nw">
                  {parent.lsn}
                  <span className="t3">, timeline {parent.timeline}</span>
                </td>
                <td className="num nw">{formatBytes(parent.size)}</td>
                <td className="wrap">{parent.label || <span className="t3">none</span>}</td>
              </PickRow>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  )
}

function ServerFacts({ base, page }: { base: BasePrepared; page: ServerPage | null }) {
  const spaces = base.tablespaces.map(({ name, size }) => (size === null ? name : `${name}, ${formatBytes(size)}`))
  return (
    <Card title="The cluster" padded>
      <KeyValues
        labelWidth={112}
        rows={[
          { label: 'PostgreSQL', value: formatPgVersion(base.serverVersion) },
          {
            label: 'Databases',
            value: base.clusterSize === null ? 'size not known to this role' : formatBytes(base.clusterSize),
          },
          { label: 'Data directory', value: page?.facts.dataDirectory ?? 'not known to this role', mono: true },
          { label: 'Tablespaces', value: spaces.length === 0 ? 'none of its own' : spaces.join('; ') },
          {
            label: 'Settings files',
            value: base.configuration.length === 0 ? 'in the data directory' : base.configuration.join(', '),
            mono: base.configuration.length > 0,
          },
          { label: 'Role', value: base.inRecovery ? 'standby: it is copied as it replays' : 'primary' },
        ]}
      />
    </Card>
  )
}
