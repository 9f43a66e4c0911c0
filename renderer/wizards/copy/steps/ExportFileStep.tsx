// Export, step 2: format, and where the file goes.
import { type CopyCompression, type CopyFormat, copyFormats } from '../../../../shared/contracts/copy'
import { Card } from '../../../components/Card'
import { Loading } from '../../../components/Feedback'
import { SelectField, Switch } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import type { ExportStepProps } from '../ExportWizard'
import { chooseFormat, exportOptions, exportPath, exportStepProblem, sourceOf } from '../exportDraft'
import { compressionOf, withCompression, withFormat } from '../paths'
import { PlaceCard } from './PlaceCard'
import { SampleCard } from './SampleCard'

export const formatWords: Readonly<Record<CopyFormat, { label: string; help: string }>> = {
  csv: {
    label: 'CSV',
    help: 'What spreadsheets and other programs read. NULL is an empty value, the empty string is written as "".',
  },
  text: { label: 'Text', help: 'PostgreSQL’s own: columns parted by tabs, NULL as \\N, the empty string as nothing.' },
  binary: { label: 'Binary', help: 'For another PostgreSQL with the same column types. Not for people to read.' },
}

const compressions: readonly { value: CopyCompression; label: string }[] = [
  { value: 'none', label: 'Not compressed' },
  { value: 'gzip', label: 'gzip' },
  { value: 'zstd', label: 'zstd' },
]

export function ExportFileStep({ connection, draft, setDraft, prepared, lastFolder }: ExportStepProps) {
  const base = prepared.data
  if (!base) return prepared.error ? null : <Loading>Asking {connection.label}…</Loading>
  const path = exportPath(draft, base, lastFolder)
  const problem = exportStepProblem(draft, base, lastFolder, 'file')
  const changeFormat = (format: CopyFormat) => {
    const chosen = chooseFormat(draft, format)
    setDraft(draft.path === null ? chosen : { ...chosen, path: withFormat(draft.path, format) })
  }
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card className="copy-three" title="Format">
          <ChoiceCards
            legend="Format of the file"
            value={draft.format}
            onChange={changeFormat}
            options={['csv' as const, ...copyFormats.filter((one) => one !== 'csv')].map((value) => ({
              value,
              ...formatWords[value],
            }))}
          />
        </Card>
        <PlaceCard direction="export" label={connection.label} draft={draft} setDraft={setDraft} prepared={base}>
          <PathField
            className="wide"
            label="File on the machine that runs Walkback"
            value={path}
            onChange={(next) => setDraft({ ...draft, path: next, overwrite: false })}
            want="file"
            help="Until all rows are in it, its name ends in .partial."
            problem={problem}
          />
          <SelectField
            label="Compression"
            value={compressionOf(path)}
            onChange={(compression) => setDraft({ ...draft, path: withCompression(path, compression) })}
            options={compressions.map((one) => ({
              ...one,
              disabled: one.value === 'zstd' && !base.zstd.available,
              label: one.value === 'zstd' && !base.zstd.available ? 'zstd, not available here' : one.label,
            }))}
            help={base.zstd.available ? 'Told by the name of the file: .gz or .zst.' : base.zstd.reason}
          />
        </PlaceCard>
        {draft.place !== 'server-program' && (
          <Card padded label="A file of that name">
            <Switch checked={draft.overwrite} onChange={(overwrite) => setDraft({ ...draft, overwrite })}>
              Take the place of a file that is there
            </Switch>
            <div className="t3 sm" style={{ marginTop: 4 }}>
              {draft.place === 'client'
                ? 'Otherwise a file of that name stops the export before it starts. The old file is renamed, not deleted.'
                : 'The server overwrites what is there without asking: Walkback looks first where the role may, and stops.'}
            </div>
          </Card>
        )}
      </div>
      <div className="wz-col scroll">
        <SampleCard
          connectionId={connection.id}
          database={draft.database}
          source={sourceOf(draft)}
          format={draft.format}
          options={exportOptions(draft)}
          asText
        />
      </div>
    </div>
  )
}
