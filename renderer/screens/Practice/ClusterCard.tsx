// One practice cluster: its state, where it is, and what can be done with it.
import { useState } from 'react'
import type { PracticeCluster } from '../../../shared/contracts/practice'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { Chip, type Tone } from '../../components/Chip'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { ErrorNote, Note } from '../../components/Feedback'
import { SelectField } from '../../components/fields'
import { Icon, type IconName } from '../../components/Icon'
import { api } from '../../rpc/api'
import { selectConnection } from '../../stores/connections'
import { navigate, placeLink } from '../../stores/navigation'
import { usePracticeJob } from './usePracticeJob'

export interface ClusterCardProps {
  cluster: PracticeCluster
  installations: readonly { folder: string; version: number }[]
  possible: boolean
  onChanged: () => void
}

const looks: Record<PracticeCluster['state'], { tone: Tone; icon: IconName }> = {
  running: { tone: 'pass', icon: 'play' },
  stopped: { tone: 'neutral', icon: 'stop' },
  absent: { tone: 'neutral', icon: 'minus' },
  unclean: { tone: 'warning', icon: 'warn' },
  unfinished: { tone: 'warning', icon: 'warn' },
}

/** A word or two for the chip; what takes a sentence stands below, in the core's own words. */
function stateWord({ state, stateText }: PracticeCluster): string {
  if (state === 'running') return stateText
  if (state === 'absent') return stateText.length > 20 ? 'Not Walkback’s' : stateText
  return { stopped: 'Stopped', unclean: 'Not running', unfinished: 'Unfinished' }[state]
}

function purpose({ name, state, filled }: PracticeCluster, making: boolean): string {
  if (making) return 'being made'
  if (name === 'replica') return state === 'absent' ? 'a second cluster, to restore into' : 'beside main, to restore into'
  if (state === 'absent') return 'a cluster to practise on, filled with sample data'
  return filled ? 'primary, filled with sample data' : 'primary, without the sample data'
}

export function ClusterCard({ cluster, installations, possible, onChanged }: ClusterCardProps) {
  const { name, state } = cluster
  const [removing, setRemoving] = useState(false)
  const [filling, setFilling] = useState(false)
  const job = usePracticeJob(name, onChanged)
  const look = looks[state]
  const making = job.running !== undefined && state === 'unfinished'
  const word = stateWord(cluster)
  const openOverview = () => {
    if (cluster.connectionId === null) return
    selectConnection(cluster.connectionId)
    navigate(placeLink('/overview'))
  }
  return (
    <Card className="cluster" label={`Cluster ${name}`}>
      <div className="row g12">
        <span className="kind-icon">
          <Icon name="db" size={20} />
        </span>
        <div className="sp">
          <h2 className="cluster-name">{name}</h2>
          <div className="t3 sm">{purpose(cluster, making)}</div>
        </div>
        {job.running ? (
          <Chip tone="accent" icon="jobs">
            {job.running.title}
          </Chip>
        ) : (
          <Chip tone={look.tone} icon={look.icon}>
            {word}
          </Chip>
        )}
      </div>
      {state === 'absent' ? (
        <MakeCluster name={name} installations={installations} possible={possible && !job.busy} busy={job.busy} run={job.run} />
      ) : (
        <>
          <dl className="cluster-facts">
            <Fact label="Port" value={cluster.port === null ? '–' : String(cluster.port)} mono />
            <Fact
              label="PostgreSQL"
              value={cluster.version === null ? (making ? '–' : 'not known') : formatPgVersion(cluster.version)}
            />
            <Fact label="Size" value={making ? '–' : cluster.size === null ? 'not known' : formatBytes(cluster.size)} />
            <Fact label="Data" value={cluster.dataDirectory} mono />
          </dl>
          <div className="row wr">
            {state === 'running' && (
              <Button icon="stop" busy={job.busy} onClick={() => void job.run(() => api.practice.stop({ name }))}>
                Stop
              </Button>
            )}
            {(state === 'stopped' || state === 'unclean') && (
              <Button icon="play" busy={job.busy} onClick={() => void job.run(() => api.practice.start({ name }))}>
                Start
              </Button>
            )}
            {state === 'running' && name === 'main' && (
              <Button
                disabled={job.busy}
                onClick={() => (cluster.filled ? setFilling(true) : void job.run(() => api.practice.fill({ name })))}
              >
                {cluster.filled ? 'Fill again…' : 'Fill it'}
              </Button>
            )}
            <Button kind="danger" icon="trash" disabled={job.busy} onClick={() => setRemoving(true)}>
              Remove…
            </Button>
            <span className="sp" />
            {state === 'running' && cluster.connectionId !== null && (
              <Button kind="ghost" endIcon="right" onClick={openOverview}>
                Open overview
              </Button>
            )}
          </div>
        </>
      )}
      {!job.running && state !== 'stopped' && cluster.stateText !== word && <Note tone="warning">{cluster.stateText}.</Note>}
      {job.error && !removing && !filling && <ErrorNote error={job.error} />}
      {job.failed && !job.busy && (
        <div className="sm t2">
          <a href={placeLink(`/jobs/${encodeURIComponent(job.failed.id)}`)}>{job.failed.title}</a> failed:{' '}
          {job.failed.error?.message}
        </div>
      )}
      <ConfirmDialog
        open={removing}
        title={`Remove the practice cluster ${name}`}
        typeToConfirm={name}
        typeLabel="its name"
        action="Remove with all its data"
        busy={job.busy}
        error={job.error}
        facts={[
          { label: 'Data', value: cluster.dataDirectory, mono: true },
          { label: 'Port', value: cluster.port === null ? 'none' : String(cluster.port), mono: true },
          { label: 'System identifier', value: cluster.systemIdentifier ?? 'not known', mono: true },
        ]}
        onConfirm={() =>
          void job.run(() => api.practice.remove({ name, confirm: name })).then((done) => done && setRemoving(false))
        }
        onClose={() => setRemoving(false)}
      >
        The folder is removed with all databases in it. Dumps in the libraries stay.
      </ConfirmDialog>
      <ConfirmDialog
        open={filling}
        title="Fill main again"
        action="Drop and fill"
        busy={job.busy}
        error={job.error}
        onConfirm={() => void job.run(() => api.practice.fill({ name })).then((done) => done && setFilling(false))}
        onClose={() => setFilling(false)}
      >
        The sample databases <span className="mono">shop</span> and <span className="mono">course</span> are dropped and made
        again as they were in the beginning. What was changed in them is lost.
      </ConfirmDialog>
    </Card>
  )
}

interface MakeClusterProps {
  name: PracticeCluster['name']
  installations: readonly { folder: string; version: number }[]
  possible: boolean
  busy: boolean
  run: (start: () => Promise<unknown>) => Promise<boolean>
}

function MakeCluster({ name, installations, possible, busy, run }: MakeClusterProps) {
  const [chosen, setChosen] = useState('')
  const newest = [...installations].sort((one, other) => other.version - one.version)[0]
  const folder = chosen || newest?.folder || ''
  return (
    <div className="cluster-make">
      <SelectField
        label="PostgreSQL installation"
        value={folder}
        onChange={setChosen}
        disabled={!possible}
        options={installations.map((entry) => ({
          value: entry.folder,
          label: `PostgreSQL ${formatPgVersion(entry.version)}, ${entry.folder}`,
        }))}
      />
      <Button
        icon="plus"
        busy={busy}
        disabled={!possible || folder === ''}
        onClick={() => void run(() => api.practice.make({ name, folder, fill: name === 'main' }))}
      >
        Make {name}
      </Button>
    </div>
  )
}

function Fact({ label, value, mono = false }: { label: string; value: string; mono?: boolean }) {
  return (
    <div>
      <dt className="sm t3">{label}</dt>
      <dd className={mono ? 'mono wrap' : 'wrap'}>{value}</dd>
    </div>
  )
}
