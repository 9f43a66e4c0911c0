// The database whose place is taken: which one, and what happens to it.
import { Note } from '../../../components/Feedback'
import { SelectField, Tick } from '../../../components/fields'
import type { RestorePrepared, RestoreStepProps } from '../Wizard'
import { OwnerField } from './NewDatabase'

export function ReplacedDatabase({ draft, setDraft, base }: RestoreStepProps & { base: RestorePrepared }) {
  const known = base.databases.includes(draft.replaced)
  return (
    <div className="fieldgrid">
      <SelectField
        label="Database to replace"
        value={draft.replaced}
        onChange={(replaced) => setDraft({ ...draft, replaced })}
        options={[
          { value: '', label: 'Choose a database' },
          ...(draft.replaced !== '' && !known
            ? [{ value: draft.replaced, label: `${draft.replaced} (not on this server)` }]
            : []),
          ...base.databases.filter((name) => name !== 'postgres').map((name) => ({ value: name, label: name })),
        ]}
        mono
      />
      <OwnerField
        draft={draft}
        setDraft={setDraft}
        base={base}
        owner={draft.owner ?? ''}
        first={draft.leaveOwn ? 'the role that connects' : 'as the replaced database has'}
        help=""
      />
      <div className="wide col g8">
        {draft.replaced !== '' && (
          <Note>
            <span className="mono">{draft.replaced}</span> works on while the restore fills a database beside it. When that one is
            whole, both names change in one transaction. The old one is kept as{' '}
            <span className="mono">{draft.replaced}_before_…</span> until you drop it, so both need room on the disk.
          </Note>
        )}
        <Tick
          checked={!draft.leaveOwn}
          onChange={(carry) => setDraft({ ...draft, leaveOwn: !carry })}
          help="Owner, tablespace, settings by ALTER DATABASE and for roles in it, grants, connection limit, comment, security labels. A dump of one database holds none of them. The old one keeps them too."
        >
          Give the restored one what the old one has of its own
        </Tick>
        <Tick
          checked={draft.endSessions}
          onChange={(endSessions) => setDraft({ ...draft, endSessions })}
          help="A database in use can't be renamed. The review names who is connected."
        >
          End the sessions on it when the names change
        </Tick>
      </div>
    </div>
  )
}
