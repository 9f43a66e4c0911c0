// Step 1: which server, and how it archives now.
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { Card } from '../../../components/Card'
import { Loading, Note } from '../../../components/Feedback'
import { SelectField } from '../../../components/fields'
import { KeyValues } from '../../../components/KeyValues'
import { selectConnection } from '../../../stores/connections'
import type { FilePrepared, FileStepProps } from '../Wizard'

export function ServerStep({ connection, connections, prepared }: FileStepProps) {
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Server">
          <div className="fieldgrid">
            <SelectField
              label="Server"
              value={connection.id}
              onChange={selectConnection}
              options={connections.map(({ id, label, readOnly }) => ({
                value: id,
                label: readOnly ? `${label} (read-only)` : label,
              }))}
              help="Its settings are changed, after a review."
            />
          </div>
        </Card>
        {prepared.data ? <Now base={prepared.data} /> : !prepared.error && <Loading>Asking {connection.label}…</Loading>}
      </div>
      <div className="wz-col scroll">
        <Card title="A file archive" padded>
          <p className="t2">
            The server itself copies each segment of WAL, 16 MB by default, to a folder as soon as it is full, through{' '}
            <span className="mono">archive_command</span>. Together with a base backup the archive brings back any moment.
          </p>
          <p className="t2" style={{ marginTop: 8 }}>
            It goes on without Walkback. What was written since the last full segment is not in it yet:{' '}
            <span className="mono">archive_timeout</span> says how much time that is at most.
          </p>
          <p className="t2" style={{ marginTop: 8 }}>
            The command never replaces a file, accepts an identical one, and each segment is on disk before it counts as archived.
          </p>
        </Card>
      </div>
    </div>
  )
}

function Now({ base }: { base: FilePrepared }) {
  const archiving = base.presentFolder ?? (base.foreign ? 'in another way' : 'no')
  return (
    <Card title="Now" padded>
      <KeyValues
        labelWidth={128}
        rows={[
          { label: 'Version', value: `PostgreSQL ${formatPgVersion(base.serverVersion)}` },
          { label: 'Archives', value: archiving, mono: base.presentFolder !== null },
          { label: 'Segment size', value: formatBytes(String(base.segmentSize)) },
          ...(base.account === '' ? [] : [{ label: 'Runs as', value: base.account, mono: true }]),
          {
            label: 'Restart',
            value: base.restart.here ? 'Walkback can restart it' : `${base.restart.why} ${base.restart.command}`,
          },
        ]}
      />
      {base.foreign && (
        <div style={{ marginTop: 12 }}>
          <Note tone="warning">
            <span className="mono">{base.foreign.setting}</span> is set already, by somebody else:{' '}
            <span className="mono wrap">{base.foreign.value}</span>
          </Note>
        </div>
      )}
    </Card>
  )
}
