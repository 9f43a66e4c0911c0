// Step 1: which server, and what it has for streaming.
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { Card } from '../../../components/Card'
import { Loading, Note } from '../../../components/Feedback'
import { SelectField } from '../../../components/fields'
import { KeyValues } from '../../../components/KeyValues'
import { selectConnection } from '../../../stores/connections'
import type { StreamPrepared, StreamStepProps } from '../Wizard'

export function ServerStep({ connection, connections, prepared }: StreamStepProps) {
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Server">
          <div className="fieldgrid">
            <SelectField
              label="Server"
              value={connection.id}
              onChange={selectConnection}
              options={connections.map(({ id, label }) => ({ value: id, label }))}
              help="It gets a replication slot; its settings stay, unless you set a limit for its slots at the end."
            />
          </div>
        </Card>
        {prepared.data ? <Now base={prepared.data} /> : !prepared.error && <Loading>Asking {connection.label}…</Loading>}
      </div>
      <div className="wz-col scroll">
        <Card title="A streaming archive" padded>
          <p className="t2">
            <span className="mono">pg_receivewal</span> receives WAL as it is written, over the network, into a folder of this
            machine: what is missing after an accident is seconds, not segments.
          </p>
          <p className="t2" style={{ marginTop: 8 }}>
            A replication slot makes the server keep what has not arrived, so that a pause leaves no gap. It reconnects by itself,
            and a start of Walkback takes it up again.
          </p>
          <p className="t2" style={{ marginTop: 8 }}>
            It runs while Walkback runs. For a server on its own, the archive can be exported as a systemd unit.
          </p>
        </Card>
      </div>
    </div>
  )
}

function Now({ base }: { base: StreamPrepared }) {
  return (
    <Card title="Now" padded>
      <KeyValues
        labelWidth={128}
        rows={[
          { label: 'Version', value: `PostgreSQL ${formatPgVersion(base.serverVersion)}` },
          ...(base.tool ? [{ label: 'pg_receivewal', value: `${formatPgVersion(base.tool.version)}, ${base.tool.path}` }] : []),
          { label: 'Segment size', value: formatBytes(String(base.segmentSize)) },
          {
            label: 'Slots',
            value:
              base.slots.length === 0
                ? 'none'
                : base.slots.map(({ name, active }) => `${name}${active ? ' (in use)' : ''}`).join(', '),
            mono: base.slots.length > 0,
          },
          { label: 'WAL kept for slots', value: base.keepSize === '-1' ? 'without a limit' : `at most ${base.keepSize}` },
          ...(base.systemIdentifier === null ? [] : [{ label: 'System identifier', value: base.systemIdentifier, mono: true }]),
        ]}
      />
      {base.toolProblem && (
        <div style={{ marginTop: 12 }}>
          <Note tone="blocker">
            <div className="m">{base.toolProblem.message}</div>
            <div className="t2">{base.toolProblem.hint}</div>
          </Note>
        </div>
      )}
    </Card>
  )
}
