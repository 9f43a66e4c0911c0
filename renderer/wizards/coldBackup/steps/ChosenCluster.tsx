// The chosen cluster: what it is, whether it can be copied now, and the two ways on when its server runs.
import { useState } from 'react'
import { formatBytes } from '../../../../shared/model/byteCount'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { ConfirmDialog } from '../../../components/ConfirmDialog'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { type KeyValue, KeyValues } from '../../../components/KeyValues'
import { plural } from '../../../format/numbers'
import { findRoute } from '../../../routes'
import { placeLink } from '../../../stores/navigation'
import type { Asked } from '../../../wizard/useAsk'
import { useClusterControl } from '../useClusterControl'
import type { ColdPrepared } from '../Wizard'
import { stateLook } from '../words'

export interface ChosenClusterProps {
  prepared: Asked<ColdPrepared>
  onChanged: () => void
}

export function ChosenCluster({ prepared, onChanged }: ChosenClusterProps) {
  const { data, error } = prepared
  const control = useClusterControl(onChanged)
  if (error) return <ErrorNote error={error} onRetry={prepared.again} />
  if (!data) return <Loading>Looking at the cluster…</Loading>
  const { cluster } = data
  const look = stateLook(cluster)
  return (
    <>
      <Card
        title={cluster.name}
        actions={
          <Chip tone={look.tone} icon={look.icon}>
            {control.busy === '' ? look.word : `${control.busy}…`}
          </Chip>
        }
        padded
      >
        <KeyValues rows={factsOf(data)} labelWidth={132} />
        {!cluster.running && cluster.canStart && (
          <div className="row" style={{ marginTop: 12 }}>
            <Button size="s" icon="play" busy={control.busy !== ''} onClick={() => void control.start(cluster)}>
              Start it
            </Button>
          </div>
        )}
      </Card>
      {cluster.running && <TwoWays data={data} control={control} />}
      {control.error && !cluster.running && <ErrorNote error={control.error} />}
      {control.failed && (
        <Note tone="blocker">
          <a href={placeLink(`/jobs/${encodeURIComponent(control.failed.id)}`)}>It did not work</a>: {control.failed.message}
        </Note>
      )}
      {!cluster.running && cluster.control && !/^shut down/.test(cluster.control.state) && (
        <Note tone="warning">
          No server runs, but it was not shut down: pg_controldata says “{cluster.control.state}”. It can be copied when all WAL
          since its latest checkpoint is there; the copy then goes through crash recovery when it starts. The review looks at it.
        </Note>
      )}
    </>
  )
}

function factsOf({ cluster, size, files, tablespaces, configuration, hostname }: ColdPrepared): KeyValue[] {
  const { control } = cluster
  return [
    { label: 'Data directory', value: cluster.dataDirectory, mono: true },
    { label: 'State', value: control === null ? 'not known' : `“${control.state}”` },
    { label: 'System identifier', value: control?.systemIdentifier ?? 'not known', mono: true },
    {
      label: 'Latest checkpoint',
      value: control === null ? 'not known' : `${control.checkpoint}, timeline ${control.timeline}`,
      mono: true,
    },
    { label: 'Size', value: `${formatBytes(size)} in ${plural(files, 'file')}` },
    {
      label: 'Tablespaces',
      value:
        tablespaces.length === 0
          ? 'none'
          : tablespaces.map((space) => `${space.location}, ${formatBytes(space.size)}`).join('; '),
    },
    {
      label: 'Settings files',
      value: configuration.length === 0 ? 'in the data directory' : `${plural(configuration.length, 'file')} outside it`,
    },
    { label: 'Data checksums', value: control?.dataChecksums === true ? 'on' : 'off' },
    { label: 'Owner', value: `${cluster.owner ?? 'not known'} on ${hostname}` },
  ]
}

/** Where base backups are made; until that page exists, where all kinds of backup are. */
const hotBackup = '/backup/base'

function TwoWays({ data, control }: { data: ColdPrepared; control: ReturnType<typeof useClusterControl> }) {
  const { cluster, hostname } = data
  const [asking, setAsking] = useState(false)
  return (
    <Note tone="blocker">
      <div className="m">
        {cluster.name} is running (process {cluster.running?.pid}).
      </div>
      <div className="t2">
        Files that a server writes to can’t be copied into a usable backup. There are two ways on: stop it, or take a base backup,
        which is made for a running server.
      </div>
      <div className="row wr g8" style={{ marginTop: 8 }}>
        <Button size="s" icon="stop" busy={control.busy !== ''} onClick={() => setAsking(true)}>
          Stop it…
        </Button>
        <Button size="s" href={placeLink(findRoute(hotBackup) ? hotBackup : '/backup')} endIcon="right">
          Back up while it runs
        </Button>
      </div>
      <ConfirmDialog
        open={asking}
        title={`Stop ${cluster.name}?`}
        facts={[
          { label: 'Host', value: hostname, mono: true },
          { label: 'Port', value: cluster.port === null ? 'not known' : String(cluster.port), mono: true },
          { label: 'System identifier', value: cluster.control?.systemIdentifier ?? 'not known', mono: true },
          { label: 'Data directory', value: cluster.dataDirectory, mono: true },
        ]}
        typeToConfirm={cluster.name}
        typeLabel="its name"
        action="Shut it down"
        busy={control.busy !== ''}
        error={control.error}
        onConfirm={() => void control.stop(cluster, cluster.name).then((done) => done && setAsking(false))}
        onClose={() => setAsking(false)}
      >
        Everybody who works on it is disconnected, and what they had not committed is rolled back. Nothing that was committed is
        lost. It stays stopped until somebody starts it again.
      </ConfirmDialog>
    </Note>
  )
}
