// Step 2: which server it goes to, and a new database (the default) or one that exists.
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { Card } from '../../../components/Card'
import { Loading, Note } from '../../../components/Feedback'
import { SelectField, TextField } from '../../../components/fields'
import { KeyValues } from '../../../components/KeyValues'
import { addressOf } from '../../../stores/connections'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import { chooseDestination, newTarget, pipeStepProblem } from '../draft'
import type { PipePrepared, PipeStepProps } from '../Wizard'

export function DestinationStep(props: PipeStepProps) {
  const { connections, draft, setDraft, prepared } = props
  const base = prepared.data
  const chosen = connections.find(({ id }) => id === draft.destinationId)
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="To">
          <div className="fieldgrid">
            <SelectField
              label="Server"
              value={draft.destinationId}
              onChange={(id) => setDraft(chooseDestination(draft, id))}
              options={[
                ...(chosen ? [] : [{ value: '', label: 'choose a server' }]),
                ...connections.map(({ id, label, readOnly }) => ({
                  value: id,
                  label: readOnly ? `${label} (read-only)` : label,
                })),
              ]}
              help="The same server is possible too, under another name."
            />
            <div className="col" style={{ justifyContent: 'center' }}>
              <span className="mono">{chosen ? addressOf(chosen) : ''}</span>
              <span className="t3 sm">{base ? `PostgreSQL ${formatPgVersion(base.destinationVersion)}` : ''}</span>
            </div>
          </div>
          {chosen?.readOnly && (
            <div className="card-body">
              <Note tone="blocker">
                {chosen.label} is marked read-only in Walkback: nothing is copied to it. Choose another server, or change the mark
                in the server's settings.
              </Note>
            </div>
          )}
        </Card>
        {!base && !prepared.error && draft.destinationId !== '' && <Loading>Asking both servers…</Loading>}
        {base && (
          <Card title="Database">
            <ChoiceCards
              legend="Destination"
              value={draft.kind}
              onChange={(kind) => setDraft({ ...draft, kind })}
              options={[
                {
                  value: 'new',
                  label: 'A new database',
                  help: 'Made from template0 for this copy. Nothing that exists there is touched; if the copy fails, it is dropped.',
                },
                {
                  value: 'existing',
                  label: 'A database that exists',
                  help: 'An empty one. What is copied into one that is not empty collides with what is there.',
                  disabled: base.databases.length === 0,
                },
              ]}
            />
            {draft.kind === 'new' ? (
              <NewDatabase {...props} base={base} />
            ) : (
              <div className="fieldgrid">
                <SelectField
                  label="Database"
                  value={draft.existing}
                  onChange={(existing) => setDraft({ ...draft, existing })}
                  options={[
                    ...(draft.existing === '' ? [{ value: '', label: 'choose a database' }] : []),
                    ...base.databases.map((name) => ({ value: name, label: name })),
                  ]}
                  mono
                />
              </div>
            )}
          </Card>
        )}
      </div>
      <div className="wz-col scroll">{base && <Programs base={base} />}</div>
    </div>
  )
}

function NewDatabase({ draft, setDraft, base }: PipeStepProps & { base: PipePrepared }) {
  const target = newTarget(draft, base)
  const problem = pipeStepProblem(draft, base, 'destination')
  const taken = base.databases.includes(target.database)
  const named = (names: readonly string[], first: string, value: string) => [
    { value: '', label: first },
    ...(value !== '' && !names.includes(value) ? [{ value, label: `${value} (not on this server)` }] : []),
    ...names.map((name) => ({ value: name, label: name })),
  ]
  return (
    <div className="fieldgrid">
      <TextField
        label="Name of the new database"
        value={target.database}
        onChange={(newDatabase) => setDraft({ ...draft, newDatabase })}
        mono
        problem={problem !== '' ? problem : taken ? 'A database of this name exists. Choose another name.' : undefined}
        help="Suggested; change it as you like."
      />
      <SelectField
        label="Owner"
        value={target.owner}
        onChange={(owner) => setDraft({ ...draft, owner })}
        options={named(base.roles, 'the role that connects', target.owner)}
        help="As at the source, where that role exists."
        mono
      />
      <TextField
        label="Encoding"
        value={target.encoding}
        onChange={(encoding) => setDraft({ ...draft, encoding })}
        help="As at the source; empty for the server's default."
        mono
      />
      <SelectField
        label="Tablespace"
        value={target.tablespace}
        onChange={(tablespace) => setDraft({ ...draft, tablespace })}
        options={named(base.tablespaces, "the server's default", target.tablespace)}
        mono
      />
    </div>
  )
}

function Programs({ base }: { base: PipePrepared }) {
  const rows = [base.dump, base.restore].flatMap(({ tool }) =>
    tool
      ? [
          { label: tool.program, value: formatPgVersion(tool.version) },
          { label: '', value: tool.path, mono: true },
        ]
      : [],
  )
  const problems = [base.dump.problem, base.restore.problem].flatMap((problem) => (problem ? [problem] : []))
  return (
    <Card title="Programs" padded>
      {rows.length > 0 && <KeyValues labelWidth={84} rows={rows} />}
      {problems.map(({ message, hint }) => (
        <Note key={message} tone="blocker">
          <div className="m">{message}</div>
          <div className="t2">{hint}</div>
        </Note>
      ))}
    </Card>
  )
}
