// Step 2: where it goes, how much runs at once, and the program's own options; the commands follow.
import { notForSetDump } from '../../../../shared/contracts/clusterDump'
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatBytes } from '../../../../shared/model/byteCount'
import { quoteIdentifier } from '../../../../shared/model/identifier'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { pgDump } from '../../../../shared/tools/pgDump'
import { pgDumpall } from '../../../../shared/tools/pgDumpall'
import { Card } from '../../../components/Card'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { Switch, TextField } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import { OptionForm } from '../../../wizard/OptionForm'
import type { Asked } from '../../../wizard/useAsk'
import { WrittenCard } from '../../../wizard/WrittenCard'
import { clusterLibrary, clusterOptions, clusterStepProblem, scriptDefaults } from '../draft'
import type { ClusterPrepared, ClusterStepProps } from '../Wizard'
import { scriptElsewhere } from '../words'

export interface OptionsStepProps extends ClusterStepProps {
  preview: Asked<CommandPreview>
}

export function OptionsStep(props: OptionsStepProps) {
  const { connection, draft, setDraft, prepared, preview } = props
  const base = prepared.data
  if (!base) return prepared.error ? null : <Loading>Asking {connection.label}…</Loading>
  const library = clusterLibrary(draft, base)
  const free = base.libraries.find(({ path }) => path === library)?.freeBytes
  const place =
    draft.what === 'set' ? 'The set gets a folder of its own in here.' : 'The script gets a folder of its own in here.'
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Where it goes">
          <div className="fieldgrid">
            <PathField
              label="Library"
              value={library}
              onChange={(value) => setDraft({ ...draft, library: value })}
              want="folder"
              help={free == null ? place : `${place} ${formatBytes(free)} free.`}
              problem={clusterStepProblem(draft, base, 'options')}
            />
            <TextField
              label="Label"
              value={draft.label}
              onChange={(label) => setDraft({ ...draft, label })}
              maxLength={200}
              help="Kept in the record, and part of the folder's name."
            />
            {draft.what === 'set' && (
              <div className="wide">
                <Switch checked={draft.rolePasswords} onChange={(rolePasswords) => setDraft({ ...draft, rolePasswords })}>
                  Save the password hashes of the roles
                </Switch>
                <div className="t3 sm" style={{ marginTop: 4 }}>
                  Roles made from this set then keep their passwords. Only a superuser may read them.
                </div>
              </div>
            )}
          </div>
        </Card>
        {draft.what === 'set' && <AtOnce {...props} base={base} />}
        <ToolOptions {...props} base={base} />
      </div>
      <div className="wz-col">
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        <div className="cmdwrap">
          <CommandList commands={preview.data?.commands ?? []} width={48} />
        </div>
        <WrittenCard
          writes={preview.data?.writes ?? []}
          promise={{ icon: 'lock', text: `${connection.label} is only read`, safe: true }}
        />
      </div>
    </div>
  )
}

function AtOnce({ draft, setDraft, base }: ClusterStepProps & { base: ClusterPrepared }) {
  const jobs = Number(clusterOptions(draft, base).jobs ?? 1)
  const atOnce = draft.atOnce ?? base.set.atOnce
  const used = atOnce * jobs
  return (
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
          help={`By ${jobs === 1 ? '1 job' : `${jobs} jobs`} each: ${used} at work on ${base.set.cores} processors of this machine.`}
        />
      </div>
    </Card>
  )
}

function ToolOptions({ draft, setDraft, base }: ClusterStepProps & { base: ClusterPrepared }) {
  const isSet = draft.what === 'set'
  const { tool, toolProblem } = isSet ? base.set : base.script
  if (tool === null) {
    return (
      <Note tone="blocker">
        <div className="m">{toolProblem?.message ?? `No ${isSet ? 'pg_dump' : 'pg_dumpall'} was found.`}</div>
        <div className="t2">{toolProblem?.hint}</div>
      </Note>
    )
  }
  const versions = { tool: tool.version, server: base.serverVersion }
  if (isSet) {
    return (
      <OptionForm
        key="set"
        tool={pgDump}
        versions={versions}
        note={`pg_dump ${formatPgVersion(tool.version)}, the same for every database`}
        defaults={base.set.options}
        changes={draft.setChanges}
        onChange={(setChanges) => setDraft({ ...draft, setChanges })}
        given={{ format: 'directory' }}
        elsewhere={notForSetDump}
      />
    )
  }
  return (
    <OptionForm
      key={draft.what}
      tool={pgDumpall}
      versions={versions}
      note={`pg_dumpall ${formatPgVersion(tool.version)}`}
      defaults={scriptDefaults(draft.what, base)}
      changes={draft.scriptChanges}
      onChange={(scriptChanges) => setDraft({ ...draft, scriptChanges })}
      given={
        draft.what === 'globals'
          ? { globalsOnly: true }
          : draft.what === 'roles'
            ? { rolesOnly: true }
            : draft.what === 'tablespaces'
              ? { tablespacesOnly: true }
              : {}
      }
      elsewhere={scriptElsewhere}
      names={{ database: Object.fromEntries(base.databases.map(({ name }) => [name, quoteIdentifier(name)])) }}
    />
  )
}
