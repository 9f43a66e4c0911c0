// Step 1: the cluster to go back in time with, the archive that holds its WAL, and how far the two reach.

import { useState } from 'react'
import { formatBytes } from '../../../../shared/model/byteCount'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, ErrorNote, Loading, Note } from '../../../components/Feedback'
import { SelectField } from '../../../components/fields'
import { KeyValues } from '../../../components/KeyValues'
import { type ShownError, shownError } from '../../../format/errors'
import { plural } from '../../../format/numbers'
import { said } from '../../../format/said'
import { fullMoment } from '../../../format/zone'
import { api } from '../../../rpc/api'
import { placeLink } from '../../../stores/navigation'
import { useZone } from '../../../stores/zone'
import { reachOf } from '../../../timeline/reach'
import { PickRow } from '../../../wizard/PickRow'
import { useAsk } from '../../../wizard/useAsk'
import { chooseCluster } from '../draft'
import type { PointStepProps } from '../Wizard'
import { SalvageCard } from './SalvageCard'

export function SourceStep({ draft, setDraft, facts }: PointStepProps) {
  const sources = useAsk({}, (input, options) => api.recoveryPoint.sources(input, options))
  const clusters = sources.data?.clusters ?? []
  const { moments } = facts
  const chosen = moments.data?.systemIdentifier ?? draft.systemIdentifier
  return (
    <div className="wz-cols">
      <div className="wz-col">
        <Card className="fill" title="Clusters" note={sources.data ? String(clusters.length) : undefined}>
          {sources.error && (
            <div className="card-body">
              <ErrorNote error={sources.error} onRetry={sources.again} />
            </div>
          )}
          {!sources.data && !sources.error && <Loading>Looking through libraries and archives…</Loading>}
          {sources.data && clusters.length === 0 && (
            <EmptyState
              icon="wal"
              title="Neither a base backup nor a WAL archive yet"
              actions={
                <>
                  <Button href={placeLink('/backup/base')}>Take a base backup</Button>
                  <Button href={placeLink('/wal')}>Set up a WAL archive</Button>
                </>
              }
            >
              A point in time takes both: a base backup to begin with, and the WAL since.
            </EmptyState>
          )}
          {clusters.length > 0 && (
            <div className="wz-scroll">
              <table className="tb pick" aria-label="Clusters with base backups and archives">
                <thead>
                  <tr>
                    <th aria-label="Chosen" />
                    <th>Cluster</th>
                    <th className="num">Base backups</th>
                    <th>WAL archive</th>
                  </tr>
                </thead>
                <tbody>
                  {clusters.map((cluster) => (
                    <PickRow
                      key={cluster.systemIdentifier}
                      name="cluster"
                      label={cluster.server}
                      checked={cluster.systemIdentifier === chosen}
                      disabled={cluster.archives.length === 0}
                      onPick={() => setDraft(chooseCluster(draft, cluster.systemIdentifier))}
                    >
                      <td className="wrap">
                        <div className="m">{cluster.server}</div>
                        <div className="t3 sm">
                          PostgreSQL {cluster.major ?? 'not known'}, system identifier{' '}
                          <span className="mono">{cluster.systemIdentifier}</span>
                        </div>
                      </td>
                      <td className="num">{cluster.backups === 0 ? 'none' : cluster.backups}</td>
                      <td className="wrap">
                        {cluster.archives.length === 0 ? (
                          <span className="t2">
                            none: <a href={placeLink('/wal')}>add one</a>
                          </span>
                        ) : (
                          cluster.archives.map(({ id, label, folder }) => (
                            <div key={id}>
                              {label} <span className="mono t3 wrap">{folder}</span>
                            </div>
                          ))
                        )}
                      </td>
                    </PickRow>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Card>
      </div>
      <div className="wz-col scroll">
        {chosen === '' && (
          <Card padded>
            <EmptyState icon="restore" title="Choose a cluster">
              It becomes as it was at a moment you choose, in a folder of its own beside the original. The original is not
              touched.
            </EmptyState>
          </Card>
        )}
        {moments.error && <ErrorNote error={moments.error} onRetry={moments.again} />}
        {moments.busy && !moments.data && <Loading>Looking at the backups and the archive…</Loading>}
        {moments.data && <ReachCard {...{ draft, setDraft }} moments={moments.data} />}
        <SalvageCard {...{ draft, setDraft }} offers={facts.offers} />
      </div>
    </div>
  )
}

type ReachCardProps = Pick<PointStepProps, 'draft' | 'setDraft'> & {
  moments: NonNullable<PointStepProps['facts']['moments']['data']>
}

function ReachCard({ draft, setDraft, moments }: ReachCardProps) {
  const zone = useZone()
  const { server, major, archives, archiveId, lanes, mainTimeline, backups, restorePoints, toRead, problems } = moments
  const spans = reachOf(lanes.find(({ timeline }) => timeline === mainTimeline))
  const [first, last] = [spans[0], spans.at(-1)]
  const missing = lanes.reduce((sum, { gaps }) => sum + gaps.reduce((all, { segments }) => all + segments, 0), 0)
  return (
    <Card
      title={server}
      padded
      actions={
        spans.length > 0 && (
          <Chip tone="pass" icon="check">
            reachable
          </Chip>
        )
      }
    >
      <div className="col g12">
        {archives.length > 1 && (
          <SelectField
            label="Archive"
            value={archiveId}
            onChange={(archive) => setDraft(chooseCluster(draft, draft.systemIdentifier, archive))}
            options={archives.map(({ id, label, folder }) => ({ value: id, label: `${label}, ${folder}` }))}
          />
        )}
        <KeyValues
          labelWidth={120}
          rows={[
            { label: 'PostgreSQL', value: major === null ? 'not known' : String(major) },
            { label: 'From', value: first ? fullMoment(first.from, zone) : 'no moment can be reached by time' },
            { label: 'To', value: last ? fullMoment(last.to, zone) : '' },
            { label: 'In between', value: spans.length > 1 ? plural(spans.length - 1, 'dead zone') : 'every moment' },
            { label: 'Base backups', value: String(backups.filter(({ problem }) => problem === '').length) },
            { label: 'Restore points', value: String(restorePoints.length) },
            { label: 'Timelines', value: lanes.map(({ timeline }) => timeline).join(', ') || 'none' },
            { label: 'Missing', value: missing === 0 ? 'no segment' : plural(missing, 'segment') },
          ]}
        />
        {BigInt(toRead) > 0n && <ToRead archiveId={archiveId} bytes={toRead} />}
        {problems.map((problem) => (
          <Note key={problem} tone="warning">
            {said(problem)}
          </Note>
        ))}
      </div>
    </Card>
  )
}

function ToRead({ archiveId, bytes }: { archiveId: string; bytes: string }) {
  const [error, setError] = useState<ShownError | null>(null)
  const read = async () => {
    setError(null)
    try {
      await api.walArchive.index({ archiveId })
    } catch (cause) {
      setError(shownError(cause))
    }
  }
  return (
    <>
      {error && <ErrorNote error={error} />}
      <Note>
        <div className="row wr">
          <span className="sp">
            {formatBytes(bytes)} of WAL here was not read yet: which moments it holds is not known. It is read once.
          </span>
          <Button kind="primary" size="s" onClick={() => void read()}>
            Read it now
          </Button>
        </div>
      </Note>
    </>
  )
}
