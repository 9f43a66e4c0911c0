// Step 2: a new folder and port beside the original (the default), or the place of a stopped cluster, wherever it lies.
import { Card } from '../../../components/Card'
import { Loading } from '../../../components/Feedback'
import { TextField } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import { portOf } from '../placement'
import type { PlacementStepProps } from '../placementSteps'
import { Targets } from './Targets'

export function DestinationStep({ draft, setDraft, facts, prepared, other, besides }: PlacementStepProps) {
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
          {draft.kind === 'cluster' && <Targets {...{ draft, setDraft, base, other }} />}
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
        {draft.kind === 'cluster' && draft.other !== null && other.data?.askPort != null && (
          <Card title="How it is started" padded>
            <ul className="col g8 t2">
              <li>Walkback starts it with pg_ctl. The result names the commands that stop and start it.</li>
              <li>
                What started this cluster so far, a service or a script, does not know the new server: stop that one with{' '}
                <span className="mono">pg_ctl … stop -m fast</span> before you start it the old way.
              </li>
              <li>
                Its settings are those in the backup, as for a new folder, with port and addresses of its own at the end of{' '}
                <span className="mono">postgresql.auto.conf</span>. The cluster’s own stay in the kept directory.
              </li>
            </ul>
          </Card>
        )}
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
