// Import, step 3: all or nothing or skipping bad rows, emptying the table first, and COPY's own options.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatPgVersion, majorOf } from '../../../../shared/model/pgVersion'
import { Card } from '../../../components/Card'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote, Loading } from '../../../components/Feedback'
import { RadioRows, TextField, Tick } from '../../../components/fields'
import { OptionForm } from '../../../wizard/OptionForm'
import type { Asked } from '../../../wizard/useAsk'
import { WrittenCard } from '../../../wizard/WrittenCard'
import { copyCommand, optionsElsewhere, readingOptions } from '../copyOptions'
import type { ImportStepProps } from '../ImportWizard'
import { importDefaults, importFormat, importStepProblem } from '../importDraft'

export function ImportOptionsStep(props: ImportStepProps & { preview: Asked<CommandPreview> }) {
  const { connection, draft, setDraft, prepared, facts, base, preview } = props
  const server = prepared.data
  if (!server) {
    return prepared.error ? (
      <ErrorNote error={prepared.error} onRetry={prepared.again} />
    ) : (
      <Loading>Asking {connection.label}…</Loading>
    )
  }
  const format = importFormat(draft, base)
  const names = Object.fromEntries((facts.table.data?.columns ?? []).map(({ name }) => [name, name]))
  const made = draft.target === 'create'
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <BadRows {...props} major={majorOf(server.serverVersion)} />
        <Card title="Rows" padded>
          <div className="col g12">
            <Tick
              checked={!made && draft.truncate}
              disabled={made}
              onChange={(truncate) => setDraft({ ...draft, truncate })}
              help={
                made
                  ? 'The table is made by this import: it is empty.'
                  : 'In the same transaction: when the import fails, the old rows stay. You are asked for the table’s name before it starts.'
              }
            >
              Empty the table first <span className="mono t3">TRUNCATE</span>
            </Tick>
            <TextField
              label={
                <>
                  Only rows for which <span className="mono t3">WHERE</span>
                </>
              }
              value={draft.where}
              onChange={(where) => setDraft({ ...draft, where })}
              placeholder="total > 0 AND placed_at >= DATE '2026-01-01'"
              help="A condition on the table’s columns; rows that do not meet it are left out. Empty: all rows."
              mono
            />
          </div>
        </Card>
        <OptionForm
          tool={copyCommand}
          versions={{ tool: server.serverVersion, server: server.serverVersion }}
          note={`COPY in PostgreSQL ${formatPgVersion(server.serverVersion)}`}
          defaults={importDefaults(draft, base)}
          changes={draft.changes}
          onChange={(changes) => setDraft({ ...draft, changes })}
          given={{ format, direction: 'from' }}
          elsewhere={[...optionsElsewhere('from'), ...readingOptions]}
          names={{ forceNull: names, forceNotNull: names }}
        />
      </div>
      <div className="wz-col">
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        <div className="cmdwrap">
          <CommandList commands={preview.data?.commands ?? []} width={48} />
        </div>
        <WrittenCard writes={preview.data?.writes ?? []} promise={importPromise(draft.truncate && !made)} />
      </div>
    </div>
  )
}

export function importPromise(truncates: boolean) {
  return truncates
    ? ({ icon: 'warn', text: 'The rows that the table holds now are removed, in the same transaction', safe: false } as const)
    : ({ icon: 'lock', text: 'In one transaction: a failure or a cancel leaves everything as it was', safe: true } as const)
}

function BadRows({ draft, setDraft, base, major }: ImportStepProps & { major: number }) {
  const client = draft.place === 'client'
  const binary = importFormat(draft, base) === 'binary'
  const possible = client && !binary
  const skip = possible && draft.skipBadRows
  return (
    <Card title="Rows that the table does not take" padded>
      <RadioRows
        legend="When a row is refused"
        value={skip ? 'skip' : 'all'}
        onChange={(value) => setDraft({ ...draft, skipBadRows: value === 'skip' })}
        options={[
          {
            value: 'all',
            label: 'All rows or none',
            help: 'The first bad row ends the import: you are told its line, column and value, and the table is as it was.',
          },
          {
            value: 'skip',
            label: 'Skip bad rows and keep them aside',
            disabled: !possible,
            help: !client
              ? 'Only for a file of this machine: the server does not tell which rows it skipped. ON_ERROR below makes it skip.'
              : binary
                ? 'Not for the binary format: its rows can’t be told apart.'
                : `They are kept beside the file, as rows.rejected.csv and, with line, column, value and reason, as rows.rejected.reasons.csv. ${
                    major >= 17
                      ? 'Rows that break a constraint are found too, which ON_ERROR alone would not do.'
                      : 'This version of the server can’t skip rows itself: Walkback finds them, which takes longer the more there are.'
                  }`,
          },
        ]}
      />
      {skip && (
        <div style={{ marginTop: 12, maxWidth: 320 }}>
          <TextField
            label="Give up when more than this are bad"
            value={draft.maxBadRows}
            onChange={(maxBadRows) => setDraft({ ...draft, maxBadRows: maxBadRows.trim() })}
            inputMode="numeric"
            unit="rows"
            placeholder="no limit"
            help="Then nothing is imported."
            problem={importStepProblem(draft, base, 'options')}
          />
        </div>
      )}
    </Card>
  )
}
