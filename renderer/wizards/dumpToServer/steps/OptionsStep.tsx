// Step 3: what both programs are told; the command follows.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { pgDump } from '../../../../shared/tools/pgDump'
import { pgRestore } from '../../../../shared/tools/pgRestore'
import { Card } from '../../../components/Card'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote } from '../../../components/Feedback'
import { Switch } from '../../../components/fields'
import { OptionForm } from '../../../wizard/OptionForm'
import type { Asked } from '../../../wizard/useAsk'
import { WrittenCard } from '../../../wizard/WrittenCard'
import { targetOf } from '../draft'
import type { PipeStepProps } from '../Wizard'

/** Set by the pipe, or impossible through one; the core refuses them too. */
const dumpElsewhere = ['jobs', 'compress', 'snapshot', 'create', 'clean', 'ifExists', 'noSync', 'syncMethod']
const restoreElsewhere = ['jobs', 'create']

export function OptionsStep({
  connections,
  draft,
  setDraft,
  prepared,
  preview,
}: PipeStepProps & { preview: Asked<CommandPreview> }) {
  const base = prepared.data
  if (!base) return null
  const source = connections.find(({ id }) => id === draft.connectionId)?.label ?? 'The source'
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Errors and statistics" padded>
          <div className="col g12">
            <div>
              <Switch checked={draft.continueOnError} onChange={(continueOnError) => setDraft({ ...draft, continueOnError })}>
                Start although errors are certain
              </Switch>
              <div className="t3 sm">What is known to fail does not keep it from starting; errors are counted and shown.</div>
            </div>
            <div>
              <Switch checked={draft.analyze} onChange={(analyze) => setDraft({ ...draft, analyze })}>
                Gather statistics afterwards <span className="mono t3">ANALYZE</span>
              </Switch>
              <div className="t3 sm">Without statistics the first queries on the copied tables can be very slow.</div>
            </div>
          </div>
        </Card>
        {base.dump.tool && (
          <OptionForm
            tool={pgDump}
            versions={{ tool: base.dump.tool.version, server: base.sourceVersion }}
            note={`pg_dump ${formatPgVersion(base.dump.tool.version)}`}
            defaults={base.dumpDefaults}
            changes={draft.dumpChanges}
            onChange={(dumpChanges) => setDraft({ ...draft, dumpChanges })}
            given={{ format: 'custom' }}
            elsewhere={dumpElsewhere}
          />
        )}
        {base.restore.tool && (
          <OptionForm
            tool={pgRestore}
            versions={{ tool: base.restore.tool.version, server: base.destinationVersion }}
            note={`pg_restore ${formatPgVersion(base.restore.tool.version)}`}
            defaults={base.restoreDefaults}
            changes={draft.restoreChanges}
            onChange={(restoreChanges) => setDraft({ ...draft, restoreChanges })}
            given={{ dbname: targetOf(draft, base).database, format: 'custom' }}
            elsewhere={restoreElsewhere}
          />
        )}
      </div>
      <div className="wz-col">
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        <div className="cmdwrap">
          <CommandList commands={preview.data?.commands ?? []} width={48} />
        </div>
        <WrittenCard writes={preview.data?.writes ?? []} promise={{ icon: 'lock', text: `${source} is only read`, safe: true }} />
      </div>
    </div>
  )
}
