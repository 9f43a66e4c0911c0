// An existing database as destination: what is in it now, and what restoring into it means.
import { formatBytes } from '../../../../shared/model/byteCount'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { SelectField, Tick } from '../../../components/fields'
import { plural } from '../../../format/numbers'
import { api } from '../../../rpc/api'
import { useServer } from '../../../stores/server'
import { changeOption } from '../../../wizard/optionState'
import { useAsk } from '../../../wizard/useAsk'
import { restoreOptions } from '../draft'
import type { RestorePrepared, RestoreStepProps } from '../Wizard'

export function ExistingDatabase({ connection, draft, setDraft, facts, base }: RestoreStepProps & { base: RestorePrepared }) {
  const { page } = useServer(connection.id)
  const input = draft.existing === '' ? undefined : { connectionId: connection.id, database: draft.existing }
  const contents = useAsk(input, (question, options) => api.objects.tables(question, options))
  const known = base.databases.includes(draft.existing)
  const size = page?.databases.find(({ name }) => name === draft.existing)?.size
  const values = restoreOptions(draft, base)
  const set = (key: string, on: boolean, changes = draft.changes) => changeOption(base.defaults, changes, key, on)
  const tables = contents.data?.tables.filter(({ kind }) => kind !== 'sequence' && kind !== 'view') ?? []
  const script = facts.data?.format === 'plain'
  return (
    <div className="fieldgrid">
      <SelectField
        label="Database"
        value={draft.existing}
        onChange={(existing) => setDraft({ ...draft, existing })}
        options={[
          { value: '', label: 'Choose a database' },
          ...(draft.existing !== '' && !known
            ? [{ value: draft.existing, label: `${draft.existing} (not on this server)` }]
            : []),
          ...base.databases.map((name) => ({ value: name, label: name })),
        ]}
        mono
      />
      <div />
      {draft.existing !== '' && (
        <div className="wide col g8">
          {contents.error && <ErrorNote error={contents.error} onRetry={contents.again} />}
          {!contents.data && contents.busy && <Loading>Looking into {draft.existing}…</Loading>}
          {contents.data &&
            (contents.data.tables.length === 0 ? (
              <Note tone="pass">
                <span className="mono">{draft.existing}</span> holds no table, view or sequence.
              </Note>
            ) : (
              <Note tone="warning">
                <div className="m">
                  <span className="mono">{draft.existing}</span> holds {plural(tables.length, 'table')}
                  {size == null ? '' : `, ${formatBytes(size)}`}. The restore adds to them.
                </div>
                <div className="t2">
                  Objects that exist under the same name stay as they are and count as errors; rows of their tables are added to
                  those that are there. To have the state of the dump and nothing else, restore into a new database.
                </div>
              </Note>
            ))}
          {!script && contents.data && contents.data.tables.length > 0 && (
            <>
              <Tick
                checked={values.clean === true}
                onChange={(on) =>
                  setDraft({ ...draft, changes: on ? set('clean', true) : set('ifExists', false, set('clean', false)) })
                }
                help="What the database holds of these objects now, rows included, is lost. Objects that the dump does not hold stay."
              >
                Drop each object before it is restored <span className="mono t3">--clean</span>
              </Tick>
              <Tick
                checked={values.ifExists === true}
                disabled={values.clean !== true}
                onChange={(on) => setDraft({ ...draft, changes: set('ifExists', on) })}
                help={values.clean === true ? 'Dropping what is not there is then no error.' : 'Only together with --clean.'}
              >
                Drop only what exists <span className="mono t3">--if-exists</span>
              </Tick>
            </>
          )}
        </div>
      )}
    </div>
  )
}
