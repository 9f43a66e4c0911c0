// Step 2: which roles and tablespaces are created, which are there already, and where tablespaces go.
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, Loading } from '../../../components/Feedback'
import { Switch } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import type { SetStepProps } from '../Wizard'

export function GlobalsStep({ connection, draft, setDraft, facts, prepared }: SetStepProps) {
  if (!facts.data || !prepared.data) return prepared.error ? null : <Loading>Asking {connection.label}…</Loading>
  const { roles, tablespaces } = facts.data
  const there = prepared.data
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Roles and tablespaces" padded>
          <Switch checked={draft.globals} onChange={(globals) => setDraft({ ...draft, globals })}>
            Create what is missing on {connection.label}
          </Switch>
          <div className="t3 sm" style={{ marginTop: 4 }}>
            What exists already is left as it is, with its password and attributes, and is named in the result.
          </div>
        </Card>
        <Card title="Tablespaces" note={`${tablespaces.length}`}>
          {tablespaces.length === 0 && (
            <EmptyState icon="disk" title="None in this set">
              Everything goes into the server's default tablespace.
            </EmptyState>
          )}
          {tablespaces.length > 0 && (
            <div className="fieldgrid">
              {tablespaces.map(({ name, location }) =>
                there.tablespaces.includes(name) ? (
                  <div key={name} className="wide">
                    <span className="m">{name}</span> <Chip>exists here</Chip>
                  </div>
                ) : (
                  <div key={name} className="wide">
                    <PathField
                      label={`Folder of ${name} on the server's machine`}
                      value={draft.locations[name] ?? location}
                      onChange={(path) => setDraft({ ...draft, locations: { ...draft.locations, [name]: path } })}
                      disabled={!draft.globals}
                      help={`It was ${location}. The folder must exist, be empty and belong to the server's account.`}
                    />
                  </div>
                ),
              )}
            </div>
          )}
        </Card>
      </div>
      <div className="wz-col scroll">
        <Card title="Roles" note={`${roles.length}`}>
          <table className="tb dense" aria-label="Roles of the set">
            <thead>
              <tr>
                <th>Role</th>
                <th>On {connection.label}</th>
              </tr>
            </thead>
            <tbody>
              {roles.map((name) => (
                <tr key={name}>
                  <td className="mono wrap">{name}</td>
                  <td className="t2">
                    {there.roles.includes(name) ? 'exists, left as it is' : draft.globals ? 'is created' : 'is missing'}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Card>
      </div>
    </div>
  )
}
