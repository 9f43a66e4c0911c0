// The stopped clusters whose place may be taken: those that are known on this machine, and any other data directory.
import type { RecoveryTarget } from '../../../../shared/contracts/recovery'
import { Chip } from '../../../components/Chip'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { TextField } from '../../../components/fields'
import { KeyValues } from '../../../components/KeyValues'
import { PathField } from '../../../components/PathField'
import { PickRow } from '../../../wizard/PickRow'
import { isAbsolutePath } from '../../dump/draft'
import { otherPortOf } from '../placement'
import type { PlacementStepProps, Prepared } from '../placementSteps'

interface TargetsProps extends Pick<PlacementStepProps, 'draft' | 'setDraft' | 'other'> {
  base: Prepared
}

export function Targets({ draft, setDraft, base, other }: TargetsProps) {
  const chosen = draft.other === null && base.targets.find(({ dataDirectory }) => dataDirectory === draft.cluster)
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
              checked={draft.other === null && target.dataDirectory === draft.cluster}
              disabled={target.problem !== ''}
              onPick={() => setDraft({ ...draft, cluster: target.dataDirectory, other: null })}
            >
              <td className="wrap">
                <div className="m">{target.name}</div>
                <div className="t3 sm">
                  PostgreSQL {target.major ?? 'not known'}, {target.owner ?? 'owner not known'}
                </div>
              </td>
              <td className="num mono">{target.port ?? ''}</td>
              <td className="wrap">
                <State target={target} />
                {target.problem !== '' && <div className="t2 sm">{target.problem}</div>}
              </td>
              <td className="mono wrap">{target.dataDirectory}</td>
            </PickRow>
          ))}
          <PickRow
            name="target"
            label="Another data directory"
            checked={draft.other !== null}
            onPick={() => setDraft({ ...draft, other: draft.other ?? '' })}
          >
            <td className="wrap" colSpan={4}>
              <div className="m">Another data directory</div>
              <div className="t3 sm">Of a cluster that a service, a container or a script of your own started.</div>
            </td>
          </PickRow>
        </tbody>
      </table>
      {draft.other !== null && <Other {...{ draft, setDraft, other }} path={draft.other} />}
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

function State({ target: { running, state } }: { target: RecoveryTarget }) {
  if (running) {
    return (
      <Chip tone="warning" icon="warn">
        running
      </Chip>
    )
  }
  if (state === '' || state.startsWith('shut down')) {
    return (
      <Chip tone="pass" icon="check">
        {state || 'stopped'}
      </Chip>
    )
  }
  return (
    <>
      <Chip tone="warning" icon="warn">
        died
      </Chip>
      <div className="t2 sm">No server runs, and it was not shut down: “{state}”.</div>
    </>
  )
}

function Other({ draft, setDraft, other, path }: Omit<TargetsProps, 'base'> & { path: string }) {
  const { data, error, busy } = other
  const typed = path.trim()
  const port = otherPortOf(draft, { other: data })
  return (
    <div className="fieldgrid">
      <PathField
        className="wide"
        label="Data directory of the stopped cluster"
        value={path}
        onChange={(next) => setDraft({ ...draft, other: next, otherPort: null })}
        want="folder"
        placeholder="/srv/postgres/data"
        help="The folder with PG_VERSION, base and global. It is renamed and kept."
        problem={typed === '' || isAbsolutePath(typed) ? undefined : 'An absolute path, from the root on.'}
      />
      {data?.askPort != null && data.problem === '' && (
        <TextField
          label="Port"
          value={draft.otherPort ?? String(data.askPort)}
          onChange={(text) => setDraft({ ...draft, otherPort: text.replace(/\D/g, '') })}
          inputMode="numeric"
          mono
          help={data.port === null ? 'A free one: its own files name none.' : 'As its own files say. On 127.0.0.1 only.'}
          problem={port === undefined ? 'A number from 1 to 65535.' : ''}
        />
      )}
      <div className="wide col g8">
        {error && <ErrorNote error={error} onRetry={other.again} />}
        {busy && <Loading>Looking at it…</Loading>}
        {data && <Found target={data} />}
      </div>
    </div>
  )
}

function Found({ target }: { target: RecoveryTarget }) {
  const { name, major, owner, systemIdentifier, dataDirectory, problem } = target
  return (
    <>
      {problem !== '' && (
        <Note tone="blocker">
          {name}: {problem}
        </Note>
      )}
      <KeyValues
        labelWidth={128}
        rows={[
          { label: 'Cluster', value: `${name}, PostgreSQL ${major ?? 'not known'}` },
          { label: 'State', value: <State target={target} /> },
          { label: 'Owner', value: owner ?? 'not known' },
          { label: 'System identifier', value: systemIdentifier ?? 'not known', mono: true },
          { label: 'Data directory', value: dataDirectory, mono: true },
        ]}
      />
    </>
  )
}
