// Step 1: a cluster of this machine, and whether it is stopped; a running one can be stopped here.
import { useState } from 'react'
import type { LocalClusterInfo } from '../../../../shared/contracts/localClusters'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, ErrorNote, Loading, Note } from '../../../components/Feedback'
import { PathField } from '../../../components/PathField'
import { api } from '../../../rpc/api'
import { PickRow } from '../../../wizard/PickRow'
import { useAsk } from '../../../wizard/useAsk'
import type { ColdStepProps } from '../Wizard'
import { originWords, stateLook } from '../words'
import { ChosenCluster } from './ChosenCluster'

export function ClusterStep({ draft, setDraft, prepared }: ColdStepProps) {
  const found = useAsk({}, (input, options) => api.localClusters.list(input, options), { keep: true })
  const clusters = found.data?.clusters ?? []
  const choose = (dataDirectory: string) => setDraft({ ...draft, dataDirectory })
  const listed = clusters.some(({ dataDirectory }) => dataDirectory === draft.dataDirectory)
  const refresh = () => {
    found.again()
    prepared.again()
  }
  return (
    <div className="wz-cols">
      <div className="wz-col">
        <Card
          className="fill"
          title="Clusters of this machine"
          note={found.data ? String(clusters.length) : undefined}
          actions={
            <Button kind="ghost" size="xs" icon="refresh" busy={found.busy} onClick={refresh}>
              Look again
            </Button>
          }
        >
          {found.error && (
            <div className="card-body">
              <ErrorNote error={found.error} onRetry={found.again} />
            </div>
          )}
          {found.data?.problems.map((problem) => (
            <div className="card-body" key={problem}>
              <Note tone="warning">{problem}</Note>
            </div>
          ))}
          {!found.data && !found.error && <Loading>Looking for clusters…</Loading>}
          {found.data && clusters.length === 0 && (
            <EmptyState icon="db" title="No cluster was found">
              Give the data directory of one below.
            </EmptyState>
          )}
          {clusters.length > 0 && <ClusterTable clusters={clusters} chosen={draft.dataDirectory} onChoose={choose} />}
        </Card>
        <OtherFolder key={listed ? '' : draft.dataDirectory} start={listed ? '' : draft.dataDirectory} onChoose={choose} />
      </div>
      <div className="wz-col scroll">
        {draft.dataDirectory === '' ? (
          <Card title="A copy of a stopped cluster" padded>
            <p className="t2">
              Every file of the cluster is copied while no server runs in it: data directory, tablespaces, and the settings files
              that lie elsewhere. The copy starts as it is, without an archive.
            </p>
            <p className="t2" style={{ marginTop: 8 }}>
              Nobody can work meanwhile. A base backup needs no stop, and is the better choice for a server in use.
            </p>
          </Card>
        ) : (
          <ChosenCluster prepared={prepared} onChanged={refresh} />
        )}
      </div>
    </div>
  )
}

interface ClusterTableProps {
  clusters: readonly LocalClusterInfo[]
  chosen: string
  onChoose: (dataDirectory: string) => void
}

function ClusterTable({ clusters, chosen, onChoose }: ClusterTableProps) {
  return (
    <div className="wz-scroll">
      <table className="tb pick" aria-label="Clusters of this machine">
        <thead>
          <tr>
            <th aria-label="Chosen" />
            <th>Cluster</th>
            <th>State</th>
            <th className="num">Port</th>
            <th>Data directory</th>
          </tr>
        </thead>
        <tbody>
          {clusters.map((cluster) => {
            const look = stateLook(cluster)
            return (
              <PickRow
                key={cluster.dataDirectory}
                name="cluster"
                label={`${cluster.name} in ${cluster.dataDirectory}, ${look.word}`}
                checked={cluster.dataDirectory === chosen}
                onPick={() => onChoose(cluster.dataDirectory)}
              >
                <td className="wrap">
                  <div className="m">{cluster.name}</div>
                  <div className="t3 sm">
                    {cluster.major === null ? '' : `PostgreSQL ${cluster.major}, `}
                    {originWords[cluster.origin]}
                  </div>
                </td>
                <td>
                  <Chip tone={look.tone} icon={look.icon}>
                    {look.word}
                  </Chip>
                </td>
                <td className="num mono">{cluster.port ?? '–'}</td>
                <td className="wrap">
                  <div className="mono sm">{cluster.dataDirectory}</div>
                  {cluster.owner !== null && <div className="t3 sm">of {cluster.owner}</div>}
                </td>
              </PickRow>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function OtherFolder({ start, onChoose }: { start: string; onChoose: (path: string) => void }) {
  const [path, setPath] = useState(start)
  const use = () => {
    if (path.trim() !== '') onChoose(path.trim())
  }
  return (
    <Card title="Or another data directory" padded>
      <div className="row g8" style={{ alignItems: 'flex-end' }}>
        <PathField
          className="sp"
          label="Folder with PG_VERSION, base and global"
          value={path}
          onChange={setPath}
          onEnter={use}
          placeholder="/var/lib/postgresql/15/main"
        />
        <Button onClick={use} disabled={path.trim() === ''}>
          Use it
        </Button>
      </div>
    </Card>
  )
}
