// Step 4: how it is restored: statistics, what happens after an error, and the program's own options.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import type { ArchiveFacts } from '../../../../shared/contracts/restore'
import { clientEncodings } from '../../../../shared/model/clientEncodings'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { pgRestore } from '../../../../shared/tools/pgRestore'
import { psql } from '../../../../shared/tools/psql'
import { Card } from '../../../components/Card'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote, Note } from '../../../components/Feedback'
import { SelectField, Switch } from '../../../components/fields'
import { OptionForm } from '../../../wizard/OptionForm'
import type { Asked } from '../../../wizard/useAsk'
import { WrittenCard } from '../../../wizard/WrittenCard'
import { checksRows, targetOf } from '../draft'
import { promiseOf } from '../promise'
import type { RestoreStepProps } from '../Wizard'

export function OptionsStep({
  connection,
  draft,
  setDraft,
  facts,
  prepared,
  preview,
}: RestoreStepProps & { preview: Asked<CommandPreview> }) {
  const base = prepared.data
  if (!base || !facts.data) return null
  const script = facts.data.format === 'plain'
  const tool = script ? psql : pgRestore
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Errors and statistics" padded>
          <div className="col g12">
            {script && (
              <>
                <Choice
                  checked={draft.singleTransaction}
                  onChange={(singleTransaction) => setDraft({ ...draft, singleTransaction })}
                  flag="--single-transaction"
                  help="All or nothing: after an error the database is as it was before."
                  disabled={draft.continueOnError}
                >
                  One transaction
                </Choice>
                <Choice
                  checked={draft.continueOnError}
                  onChange={(continueOnError) => setDraft({ ...draft, continueOnError })}
                  flag="ON_ERROR_STOP=0"
                  help="Otherwise it stops at the first error. Errors are counted and shown either way."
                  disabled={draft.singleTransaction}
                >
                  Go on after an error
                </Choice>
                {(facts.data.encoding === null || facts.data.foreignLine !== null) && (
                  <ScriptEncoding
                    facts={facts.data}
                    value={draft.scriptEncoding ?? ''}
                    onChange={(value) => setDraft({ ...draft, scriptEncoding: value === '' ? null : value })}
                  />
                )}
              </>
            )}
            {!script && (
              <Choice
                checked={draft.continueOnError}
                onChange={(continueOnError) => setDraft({ ...draft, continueOnError })}
                flag=""
                help="pg_restore goes on after an error by itself. With this, what is known to fail beforehand does not keep it from starting; errors are counted and shown."
              >
                Start although errors are certain
              </Choice>
            )}
            <Choice
              checked={draft.analyze}
              onChange={(analyze) => setDraft({ ...draft, analyze })}
              flag="vacuumdb --analyze-in-stages"
              help="Without statistics the first queries on the restored tables can be very slow."
            >
              Gather statistics afterwards
            </Choice>
            {!script && (
              <Choice
                checked={checksRows(draft, facts.data)}
                onChange={(checkRows) => setDraft({ ...draft, checkRows })}
                flag=""
                help="Reads the archive once more and counts, then compares with each table. Without it only whether each table is there is checked."
              >
                Check every row count
              </Choice>
            )}
          </div>
        </Card>
        {base.tool === null ? (
          <Note tone="blocker">
            <div className="m">{base.toolProblem?.message ?? `No ${tool.program} was found.`}</div>
            <div className="t2">{base.toolProblem?.hint}</div>
          </Note>
        ) : (
          <OptionForm
            tool={tool}
            versions={{ tool: base.tool.version, server: base.serverVersion }}
            note={`${tool.program} ${formatPgVersion(base.tool.version)}`}
            defaults={base.defaults}
            changes={draft.changes}
            onChange={(changes) => setDraft({ ...draft, changes })}
            given={{ dbname: targetOf(draft, base).database, format: facts.data.format }}
            elsewhere={script ? ['singleTransaction'] : []}
          />
        )}
      </div>
      <div className="wz-col">
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        <div className="cmdwrap">
          <CommandList commands={preview.data?.commands ?? []} width={48} />
        </div>
        <WrittenCard writes={preview.data?.writes ?? []} promise={promiseOf(draft, facts.data, connection.label)} />
      </div>
    </div>
  )
}

interface ScriptEncodingProps {
  facts: Pick<ArchiveFacts, 'foreignLine'>
  value: string
  onChange: (value: string) => void
}

/** Only for a script that does not say its own by SET client_encoding. */
function ScriptEncoding({ facts, value, onChange }: ScriptEncodingProps) {
  const foreign = facts.foreignLine !== null
  const unknown = foreign && value === ''
  const line = facts.foreignLine?.toLocaleString('en-US')
  return (
    <SelectField
      label="Encoding of the script"
      value={value}
      onChange={onChange}
      options={[
        { value: '', label: foreign ? 'Not known' : 'UTF8, as its text is' },
        ...clientEncodings.map(({ name, label }) => ({ value: name, label: `${name}, ${label}` })),
      ]}
      {...(unknown ? { problem: `Line ${line} is not UTF-8, and the script does not name its encoding.` } : {})}
      help={
        foreign
          ? `PGCLIENTENCODING. The review shows how line ${line} reads in it.`
          : 'PGCLIENTENCODING. The script does not name it.'
      }
    />
  )
}

interface ChoiceProps {
  checked: boolean
  onChange: (checked: boolean) => void
  flag: string
  help: string
  disabled?: boolean
  children: string
}

function Choice({ checked, onChange, flag, help, disabled = false, children }: ChoiceProps) {
  return (
    <div>
      <Switch checked={checked} onChange={onChange} disabled={disabled}>
        {children} {flag !== '' && <span className="mono t3">{flag}</span>}
      </Switch>
      <div className="t3 sm">{help}</div>
    </div>
  )
}
