// Step 3: format, where the dump goes, and pg_dump's own options; the command follows.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { type DumpFormat, dumpFormats } from '../../../../shared/model/backupRecord'
import { formatBytes } from '../../../../shared/model/byteCount'
import { qualifiedName, quoteIdentifier } from '../../../../shared/model/identifier'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { pgDump } from '../../../../shared/tools/pgDump'
import { Card } from '../../../components/Card'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { Switch, TextField } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import { api } from '../../../rpc/api'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import { OptionForm } from '../../../wizard/OptionForm'
import { type Asked, useAsk } from '../../../wizard/useAsk'
import { WrittenCard } from '../../../wizard/WrittenCard'
import { defaultsFor, dumpStepProblem, formatOf, labelOf, libraryOf } from '../draft'
import type { DumpStepProps } from '../Wizard'
import { PresetsCard } from './PresetsCard'

const formats: Record<DumpFormat, { label: string; help: string }> = {
  directory: {
    label: 'Directory',
    help: 'A folder, one file for each table. Several jobs write and restore it; single objects can be restored. The best choice for most.',
  },
  custom: {
    label: 'Custom',
    help: 'One compressed file. Written by one job, restored by several; single objects can be restored.',
  },
  plain: { label: 'Plain SQL', help: 'One script that people can read. It restores as a whole, through psql, by one job.' },
  tar: { label: 'Tar', help: 'One file that tar can open. Not compressed, one job only.' },
}

export interface OptionsStepProps extends DumpStepProps {
  preview: Asked<CommandPreview>
  show: string | undefined
}

export function OptionsStep({ connection, draft, setDraft, prepared, preview, show }: OptionsStepProps) {
  const objects = useAsk({ connectionId: connection.id, database: draft.database }, (input, options) =>
    api.objects.tables(input, options),
  )
  const base = prepared.data
  if (!base) return prepared.error ? null : <Loading>Asking {connection.label}…</Loading>
  const format = formatOf(draft, base)
  const library = libraryOf(draft, base)
  const free = base.libraries.find(({ path }) => path === library)?.freeBytes
  const tables = objects.data?.tables ?? []
  const names = {
    schema: Object.fromEntries(tables.map(({ schema }) => [schema, quoteIdentifier(schema)])),
    table: Object.fromEntries(tables.map(({ schema, name }) => [`${schema}.${name}`, qualifiedName(schema, name)])),
    extension: Object.fromEntries((objects.data?.extensions ?? []).map((name) => [name, quoteIdentifier(name)])),
  }
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Format">
          <ChoiceCards
            legend="Format of the dump"
            value={format}
            onChange={(value) => setDraft({ ...draft, format: value })}
            options={dumpFormats.map((value) => ({ value, ...formats[value] }))}
          />
        </Card>
        <Card title="Where it goes">
          <div className="fieldgrid">
            <PathField
              label="Library"
              value={library}
              onChange={(value) => setDraft({ ...draft, library: value })}
              want="folder"
              help={
                free == null
                  ? 'The dump gets a folder of its own in here.'
                  : `The dump gets a folder of its own in here. ${formatBytes(free)} free.`
              }
              problem={dumpStepProblem(draft, base, 'options')}
            />
            <TextField
              label="Label"
              value={labelOf(draft, base)}
              onChange={(value) => setDraft({ ...draft, label: value })}
              maxLength={200}
              help="Kept in the record, and part of the folder's name."
            />
            <div className="wide">
              <Switch checked={draft.globals} onChange={(globals) => setDraft({ ...draft, globals })}>
                Save roles and tablespaces beside it <span className="mono t3">pg_dumpall --globals-only</span>
              </Switch>
              <div className="t3 sm" style={{ marginTop: 4 }}>
                A database restores only where the roles that own its objects exist. The restore creates what is missing from
                here.
              </div>
            </div>
          </div>
        </Card>
        {base.tool && <PresetsCard draft={draft} setDraft={setDraft} base={base} tool={base.tool.version} />}
        {base.tool === null ? (
          <Note tone="blocker">
            <div className="m">{base.toolProblem?.message ?? 'No pg_dump was found.'}</div>
            <div className="t2">{base.toolProblem?.hint}</div>
          </Note>
        ) : (
          <OptionForm
            key={show}
            tool={pgDump}
            versions={{ tool: base.tool.version, server: base.serverVersion }}
            note={`pg_dump ${formatPgVersion(base.tool.version)}`}
            defaults={defaultsFor(format, base)}
            changes={draft.changes}
            onChange={(changes) => setDraft({ ...draft, changes })}
            given={{ format }}
            names={names}
            {...(show === undefined ? {} : { show })}
          />
        )}
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
