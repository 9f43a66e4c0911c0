// Step 3: a folder for each tablespace, who logs in afterwards, and whether everything is read first.
import { Card } from '../../../components/Card'
import { Loading } from '../../../components/Feedback'
import { SelectField, Switch } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import type { PlacementStepProps } from '../placementSteps'
import { targetIn } from '../useTarget'

export function OptionsStep({ draft, setDraft, facts, prepared, other, proof }: PlacementStepProps) {
  const base = prepared.data
  if (!base || !facts) return prepared.error ? null : <Loading>Looking at this machine…</Loading>
  const { tablespaces, format } = facts
  const target = targetIn(draft, base, other.data)
  const below = `${draft.kind === 'new' ? (draft.folder ?? base.defaults.folder) : (target?.dataDirectory ?? '')}.tablespaces`
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Verification" padded>
          <Switch checked={draft.verify} onChange={(verify) => setDraft({ ...draft, verify })}>
            Read the whole backup before anything is written
          </Switch>
          <p className="t2 sm" style={{ marginTop: 6 }}>
            {format === 'plain'
              ? 'pg_verifybackup compares every file with the manifest and reads the WAL; what the manifest does not cover is compared with the record.'
              : 'The tars are read to their end, every file in them compared with the manifest.'}{' '}
            While it is copied, every file is compared in any case.
          </p>
        </Card>
        <Card title="Tablespaces" note={tablespaces.length === 0 ? 'none' : String(tablespaces.length)}>
          {tablespaces.length === 0 ? (
            <div className="card-body t2">The backup has no tablespaces besides its data directory.</div>
          ) : (
            <div className="fieldgrid">
              {tablespaces.map(({ oid, name, location }) => (
                <PathField
                  key={oid}
                  className="wide"
                  label={`Folder for ${name || `tablespace ${oid}`}`}
                  value={draft.tablespaces[oid] ?? ''}
                  onChange={(folder) => setDraft({ ...draft, tablespaces: { ...draft.tablespaces, [oid]: folder } })}
                  want="folder"
                  placeholder={`${below}/${oid}`}
                  help={`On the original: ${location}`}
                />
              ))}
            </div>
          )}
        </Card>
        <Card title="Login">
          <div className="fieldgrid">
            {target?.origin === 'practice' ? (
              <p className="wide t2">{target.name} logs in as before: the practice clusters share one password.</p>
            ) : (
              <SelectField
                className="wide"
                label="User and password of"
                value={draft.login ?? base.defaults.login ?? ''}
                onChange={(login) => setDraft({ ...draft, login })}
                options={[
                  { value: '', label: 'none that I know' },
                  ...base.logins.map(({ id, label, user }) => ({ value: id, label: `${label} (${user || 'no user'})` })),
                ]}
                help="Roles and passwords come with the backup. A connection to the recovered cluster is added with these."
              />
            )}
          </div>
        </Card>
      </div>
      <div className="wz-col scroll">
        <Card title="How success is told" padded>
          <p className="t2">{proof} Then it is asked for its system identifier, which must be the backup’s.</p>
        </Card>
      </div>
    </div>
  )
}
