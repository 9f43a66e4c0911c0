// Step 3: how much runs at once, statistics, and pg_restore's own options; the commands follow.
import { notForSetRestore } from '../../../../shared/contracts/clusterDump'
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { pgRestore } from '../../../../shared/tools/pgRestore'
import { Card } from '../../../components/Card'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { Switch, TextField } from '../../../components/fields'
import { OptionForm } from '../../../wizard/OptionForm'
import { effectiveValues } from '../../../wizard/optionState'
import type { Asked } from '../../../wizard/useAsk'
import { WrittenCard } from '../../../wizard/WrittenCard'
import type { SetStepProps } from '../Wizard'
import { promiseOf } from './ReviewStep'

export function OptionsStep({
  connection,
  draft,
  setDraft,
  prepared,
  preview,
}: SetStepProps & { preview: Asked<CommandPreview> }) {
  const base = prepared.data
  if (!base) return prepared.error ? null : <Loading>Asking {connection.label}…</Loading>
  const jobs = Number(effectiveValues(base.options, draft.changes).jobs ?? 1)
  const atOnce = draft.atOnce ?? base.atOnce
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="How much at once">
          <div className="fieldgrid">
            <TextField
              label="Databases at the same time"
              value={String(atOnce)}
              inputMode="numeric"
              onChange={(text) => {
                const number = Number(text.replace(/\D/g, ''))
                setDraft({ ...draft, atOnce: number >= 1 && number <= 64 ? number : null })
              }}
              help={`By ${jobs === 1 ? '1 job' : `${jobs} jobs`} each: ${atOnce * jobs} at work; this machine has ${base.cores} processors.`}
            />
            <div className="wide">
              <Switch checked={draft.analyze} onChange={(analyze) => setDraft({ ...draft, analyze })}>
                ANALYZE every database afterwards
              </Switch>
            </div>
          </div>
        </Card>
        {base.tool === null ? (
          <Note tone="blocker">
            <div className="m">{base.toolProblem?.message ?? 'No pg_restore was found.'}</div>
            <div className="t2">{base.toolProblem?.hint}</div>
          </Note>
        ) : (
          <OptionForm
            tool={pgRestore}
            versions={{ tool: base.tool.version, server: base.serverVersion }}
            note={`pg_restore ${formatPgVersion(base.tool.version)}, the same for every database`}
            defaults={base.options}
            changes={draft.changes}
            onChange={(changes) => setDraft({ ...draft, changes })}
            elsewhere={notForSetRestore}
          />
        )}
      </div>
      <div className="wz-col">
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        <div className="cmdwrap">
          <CommandList commands={preview.data?.commands ?? []} width={48} />
        </div>
        <WrittenCard writes={preview.data?.writes ?? []} promise={promiseOf(connection.label)} />
      </div>
    </div>
  )
}
