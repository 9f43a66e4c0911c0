// Step 2: format, how the WAL comes along, where the backup goes, and pg_basebackup's own options; the command follows.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { pgBasebackup } from '../../../../shared/tools/pgBasebackup'
import { Card } from '../../../components/Card'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { Switch, TextField } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import { OptionForm } from '../../../wizard/OptionForm'
import { changeOption, isSet } from '../../../wizard/optionState'
import type { Asked } from '../../../wizard/useAsk'
import { WrittenCard } from '../../../wizard/WrittenCard'
import { type BaseFormat, baseOptions, baseStepProblem, defaultsFor, formatOf, libraryOf, targetOf } from '../draft'
import type { BasePrepared, BaseStepProps } from '../Wizard'
import { formatWords, promiseOf, type WalMethod, walMethods, walWords } from '../words'

export interface OptionsStepProps extends BaseStepProps {
  preview: Asked<CommandPreview>
}

export function OptionsStep({ connection, draft, setDraft, prepared, preview }: OptionsStepProps) {
  const base = prepared.data
  if (!base) return prepared.error ? null : <Loading>Asking {connection.label}…</Loading>
  const format = formatOf(draft, base)
  const defaults = defaultsFor(format, base)
  const options = baseOptions(draft, base)
  const target = targetOf(options)
  const method = walMethods.find((value) => value === options.walMethod) ?? 'stream'
  const setMethod = (value: WalMethod) =>
    setDraft({ ...draft, changes: changeOption(defaults, draft.changes, 'walMethod', value) })
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        {target === null && (
          <Card title="Format">
            <ChoiceCards
              legend="Format of the backup"
              value={format}
              onChange={(value: BaseFormat) => setDraft({ ...draft, format: value })}
              options={(['plain', 'tar'] as const).map((value) => ({ value, ...formatWords[value] }))}
            />
          </Card>
        )}
        <Card title="WAL of the backup" note="written while the files are copied">
          <ChoiceCards
            legend="How the WAL comes along"
            value={method}
            onChange={setMethod}
            options={walMethods.map((value) => ({
              value,
              ...walWords[value],
              disabled: value === 'stream' && target !== null,
            }))}
          />
        </Card>
        <PlaceCard {...{ connection, draft, setDraft, prepared }} base={base} />
        {base.tool === null ? (
          <Note tone="blocker">
            <div className="m">{base.toolProblem?.message ?? 'No pg_basebackup was found.'}</div>
            <div className="t2">{base.toolProblem?.hint}</div>
          </Note>
        ) : (
          <OptionForm
            tool={pgBasebackup}
            versions={{ tool: base.tool.version, server: base.serverVersion }}
            note={`pg_basebackup ${formatPgVersion(base.tool.version)}`}
            defaults={defaults}
            changes={draft.changes}
            onChange={(changes) => setDraft({ ...draft, changes })}
            given={target === null ? { format } : {}}
            elsewhere={['walMethod']}
          />
        )}
      </div>
      <div className="wz-col">
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        <div className="cmdwrap">
          <CommandList commands={preview.data?.commands ?? []} width={48} />
        </div>
        <WrittenCard writes={preview.data?.writes ?? []} promise={promiseOf(connection.label, options)} />
      </div>
    </div>
  )
}

function PlaceCard({ draft, setDraft, base }: BaseStepProps & { base: BasePrepared }) {
  const options = baseOptions(draft, base)
  const target = targetOf(options)
  const library = libraryOf(draft, base)
  const free = base.libraries.find(({ path }) => path === library)?.freeBytes
  const slot = options.createSlot === true && isSet(options.slot) ? String(options.slot) : null
  if (target !== null) {
    return (
      <Note tone="warning">
        {target === 'blackhole'
          ? 'Where else: blackhole. Everything is read and nothing is kept: there will be no backup.'
          : `Where else: the server's own disk, ${target.replace(/^server:/, '')}. It is not verified, and no library holds a record of it.`}{' '}
        It is set under All options, <span className="mono">--target</span>.
      </Note>
    )
  }
  return (
    <Card title="Where it goes">
      <div className="fieldgrid">
        <PathField
          label="Library"
          value={library}
          onChange={(value) => setDraft({ ...draft, library: value })}
          want="folder"
          help={
            free == null
              ? 'The backup gets a folder of its own in here.'
              : `The backup gets a folder of its own in here. ${formatBytes(free)} free.`
          }
          problem={baseStepProblem(draft, base, 'options')}
        />
        <TextField
          label="Label"
          value={draft.label}
          onChange={(label) => setDraft({ ...draft, label })}
          maxLength={200}
          help="Kept in the record, and part of the folder's name."
        />
        <div className="wide">
          <Switch checked={draft.verify} onChange={(verify) => setDraft({ ...draft, verify })}>
            Check every file against the manifest afterwards <span className="mono t3">pg_verifybackup</span>
          </Switch>
        </div>
        {base.configuration.length > 0 && (
          <div className="wide">
            <Switch checked={draft.configuration} onChange={(configuration) => setDraft({ ...draft, configuration })}>
              Take along the settings files outside the data directory
            </Switch>
            <div className="t3 sm mono" style={{ marginTop: 4 }}>
              {base.configuration.join(', ')}
            </div>
          </div>
        )}
        {slot !== null && (
          <div className="wide">
            <Switch checked={draft.keepSlot} onChange={(keepSlot) => setDraft({ ...draft, keepSlot })}>
              Keep the slot <span className="mono">{slot}</span> also when the backup fails
            </Switch>
          </div>
        )}
      </div>
    </Card>
  )
}
