// Step 2: a new folder and port beside the original (the default), or the place of a stopped cluster of this machine.
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, Loading, Note } from '../../../components/Feedback'
import { TextField } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import { placeLink } from '../../../stores/navigation'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import { PickRow } from '../../../wizard/PickRow'
import { portOf } from '../placement'
import type { PlacementStepProps, Prepared } from '../placementSteps'

export function DestinationStep({ draft, setDraft, facts, prepared, besides }: PlacementStepProps) {
  const base = prepared.data
  if (!base || !facts) return prepared.error ? null : <Loading>Looking at this machine…</Loading>
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Where it goes" note={`on ${base.hostname}`}>
          <ChoiceCards
            legend="Destination"
            value={draft.kind}
            onChange={(kind) => setDraft({ ...draft, kind })}
            options={[
              {
                value: 'new',
                label: 'A new folder and port',
                help: 'A server of its own beside the others. Nothing that exists is touched: look at it, then decide.',
              },
              {
                value: 'cluster',
                label: 'The place of a stopped cluster',
                help: 'Its data directory is renamed and kept, after you typed its name. Its settings elsewhere stay.',
              },
            ]}
          />
          {draft.kind === 'new' && (
            <div className="fieldgrid">
              <PathField
                className="wide"
                label="New data directory"
                value={draft.folder ?? base.defaults.folder}
                onChange={(folder) => setDraft({ ...draft, folder })}
                want="folder"
                help="It must not exist yet, or be empty. It is made with mode 0700."
              />
              <TextField
                label="Port"
                value={draft.port ?? String(base.defaults.port)}
                onChange={(text) => setDraft({ ...draft, port: text.replace(/\D/g, '') })}
                inputMode="numeric"
                mono
                help="On 127.0.0.1 only."
                problem={portOf(draft, base) === undefined ? 'A number from 1 to 65535.' : ''}
              />
            </div>
          )}
          {draft.kind === 'cluster' && <Targets {...{ draft, setDraft, base }} />}
        </Card>
      </div>
      <div className="wz-col scroll">
        {besides}
        <Card title="Who runs it" padded>
          <p className="t2">
            {draft.kind === 'new' ? (
              <>The files will belong to {base.account}.</>
            ) : (
              <>The account that owns the cluster now goes on running it, and owns the new files.</>
            )}
          </p>
        </Card>
        <Card title="What stays apart" padded>
          <ul className="col g8 t2">
            <li>Archiving is off in the copy, so that it never writes into the original’s archive.</li>
            <li>Tablespaces get folders of their own; the originals are not opened.</li>
            <li>Standby settings, synchronous standbys and subscriptions are not taken over.</li>
          </ul>
        </Card>
      </div>
    </div>
  )
}

function Targets({ draft, setDraft, base }: Pick<PlacementStepProps, 'draft' | 'setDraft'> & { base: Prepared }) {
  if (base.targets.length === 0) {
    return (
      <EmptyState icon="server" title="No cluster to replace">
        There is neither a practice replica nor a cluster of Debian’s postgresql-common on this machine. Make a replica on the{' '}
        <a href={placeLink('/practice')}>Practice page</a>, or choose a new folder.
      </EmptyState>
    )
  }
  const chosen = base.targets.find(({ dataDirectory }) => dataDirectory === draft.cluster)
  return (
    <>
      <table className="tb pick" aria-label="Clusters of this machine">
        <thead>
          <tr>
            <th aria-label="Chosen" />
            <th>Cluster</th>
            <th className="num">Port</th>
            <th>State</th>
            <th>Data directory</th>
          </tr>
        </thead>
        <tbody>
          {base.targets.map((target) => (
            <PickRow
              key={target.dataDirectory}
              name="target"
              label={target.name}
              checked={target.dataDirectory === draft.cluster}
              disabled={target.problem !== ''}
              onPick={() => setDraft({ ...draft, cluster: target.dataDirectory })}
            >
              <td className="wrap">
                <div className="m">{target.name}</div>
                <div className="t3 sm">
                  PostgreSQL {target.major ?? 'not known'}, {target.owner ?? 'owner not known'}
                </div>
              </td>
              <td className="num mono">{target.port ?? ''}</td>
              <td className="wrap">
                {target.running ? (
                  <Chip tone="warning" icon="warn">
                    running
                  </Chip>
                ) : target.state === '' || target.state.startsWith('shut down') ? (
                  <Chip tone="pass" icon="check">
                    {target.state || 'stopped'}
                  </Chip>
                ) : (
                  <>
                    <Chip tone="warning" icon="warn">
                      died
                    </Chip>
                    <div className="t2 sm">No server runs, and it was not shut down: “{target.state}”.</div>
                  </>
                )}
                {target.problem !== '' && <div className="t2 sm">{target.problem}</div>}
              </td>
              <td className="mono wrap">{target.dataDirectory}</td>
            </PickRow>
          ))}
        </tbody>
      </table>
      {chosen && chosen.problem !== '' && (
        <div className="card-body">
          <Note tone="blocker">
            {chosen.name}: {chosen.problem}
          </Note>
        </div>
      )}
    </>
  )
}
