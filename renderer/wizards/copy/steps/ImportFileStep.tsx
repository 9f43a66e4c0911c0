// Import, step 1: the file, what it says of itself, and its first rows as they are read.
import { useState } from 'react'
import { type CopyFormat, copyFormats } from '../../../../shared/contracts/copy'
import { formatBytes } from '../../../../shared/model/byteCount'
import { delimiterOf, nullOf } from '../../../../shared/tools/copyCommand'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { KeyValues } from '../../../components/KeyValues'
import { PathField } from '../../../components/PathField'
import { RowsTable } from '../../../components/RowsTable'
import { Segmented } from '../../../components/Segmented'
import { formatCount } from '../../../format/numbers'
import { OptionForm } from '../../../wizard/OptionForm'
import type { PlainValues } from '../../../wizard/optionState'
import { copyCommand, optionsElsewhere, readingOptions } from '../copyOptions'
import type { ImportStepProps } from '../ImportWizard'
import { chooseFile, importDefaults, importFormat, importOptions } from '../importDraft'
import { isAbsolutePath } from '../paths'
import { formatWords } from './ExportFileStep'
import { PlaceCard } from './PlaceCard'
import { FileText } from './SampleCard'

/** Before a server was asked: the form of the newest version, which only greys out less. */
const anyVersion = 180000

function signWord(sign: string): string {
  const words: Record<string, string> = { '\t': 'tab', ',': 'comma', ';': 'semicolon', '|': 'bar', ' ': 'space' }
  return words[sign] ?? sign
}

export function ImportFileStep(props: ImportStepProps) {
  const { connection, draft, setDraft, prepared, facts, base } = props
  const { file } = facts
  const client = draft.place === 'client'
  const known = file.data !== undefined && client
  const format = importFormat(draft, base)
  const setFormat = (next: CopyFormat) => setDraft({ ...draft, format: next, changes: {}, made: null, mapping: null })
  const server = prepared.data?.serverVersion ?? anyVersion
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <PlaceCard direction="import" label={connection.label} draft={draft} setDraft={setDraft} prepared={prepared.data}>
          <PathField
            className="wide"
            label="File on the machine that runs Walkback"
            value={draft.path}
            onChange={(path) => setDraft(chooseFile(draft, path.trim()))}
            want="file"
            placeholder="/srv/data/rows.csv"
            help="Text, CSV or binary; compressed with gzip or zstd or not."
            problem={draft.path !== '' && !isAbsolutePath(draft.path) ? 'The file needs an absolute path.' : undefined}
          />
        </PlaceCard>
        {client && file.error && <ErrorNote error={file.error} onRetry={file.again} />}
        {client && !file.data && file.busy && <Loading>Reading the file…</Loading>}
        {(known || !client) && (
          <Card
            title="How it is read"
            note={known ? 'as the file says of itself; change what is wrong' : 'the server reads it: say how'}
          >
            <div className="copy-bar">
              <div className="col">
                <span className="lab">Format</span>
                <span>
                  <Segmented
                    label="Format"
                    value={format}
                    onChange={setFormat}
                    options={copyFormats.map((value) => ({ value, label: formatWords[value].label }))}
                  />
                </span>
              </div>
              {known && format !== file.data?.format && (
                <Chip tone="warning" icon="warn">
                  looks like {formatWords[file.data?.format ?? 'csv'].label}
                </Chip>
              )}
            </div>
          </Card>
        )}
        {(known || !client) && format !== 'binary' && (
          <OptionForm
            key={format}
            tool={copyCommand}
            versions={{ tool: server, server }}
            note="of the file"
            defaults={importDefaults(draft, base)}
            changes={draft.changes}
            onChange={(changes) => setDraft({ ...draft, changes, mapping: null })}
            given={{ format, direction: 'from' }}
            elsewhere={[
              ...optionsElsewhere('from'),
              ...copyCommand.options.map(({ key }) => key).filter((key) => !readingOptions.includes(key)),
            ]}
          />
        )}
      </div>
      <div className="wz-col scroll">
        {known && <FactsOfFile {...props} />}
        {client && <SampleOfFile {...props} />}
        {!client && (
          <Card title="First rows" padded>
            <p className="t2">
              What the server reads is not seen from here: its first rows, its columns and its bad rows are not shown before. Take
              a file of this machine to see them.
            </p>
          </Card>
        )}
      </div>
    </div>
  )
}

function FactsOfFile({ draft, facts, base }: ImportStepProps) {
  const found = facts.file.data
  if (!found) return null
  const format = importFormat(draft, base)
  const options: PlainValues = { ...importOptions(draft, base), format }
  const columns = base.sample?.columns.length
  return (
    <Card title="The file" padded>
      <KeyValues
        labelWidth={96}
        rows={[
          { label: 'Size', value: formatBytes(found.size) },
          { label: 'Compressed', value: found.compression === 'none' ? 'no' : `with ${found.compression}` },
          { label: 'Format', value: formatWords[format].label },
          ...(format === 'binary'
            ? []
            : [
                { label: 'Delimiter', value: signWord(delimiterOf(options)) },
                { label: 'Header line', value: options.header === undefined ? 'no' : 'yes' },
                { label: 'NULL is', value: nullOf(options) === '' ? 'an empty value, unquoted' : nullOf(options) },
                { label: 'Encoding', value: typeof options.encoding === 'string' ? options.encoding : 'UTF8' },
              ]),
          ...(columns === undefined ? [] : [{ label: 'Columns', value: formatCount(columns) }]),
        ]}
      />
      {found.notes.map((note) => (
        <div key={note} style={{ marginTop: 8 }}>
          <Note tone="warning">{note}</Note>
        </div>
      ))}
    </Card>
  )
}

function SampleOfFile({ draft, facts, base }: ImportStepProps) {
  const [view, setView] = useState<'rows' | 'text'>('rows')
  const { sample } = facts
  if (importFormat(draft, base) === 'binary' && facts.file.data) {
    return (
      <Card title="First rows" padded>
        <p className="t2">A binary file is not shown. Its columns go into the table’s columns in the table’s order.</p>
      </Card>
    )
  }
  if (!sample.data && !sample.error && !sample.busy) return null
  return (
    <Card
      title="First rows"
      note={sample.busy ? 'reading…' : 'as they are read'}
      actions={
        sample.data && (
          <Segmented
            label="First rows as"
            value={view}
            onChange={setView}
            options={[
              { value: 'rows', label: 'Rows' },
              { value: 'text', label: 'File' },
            ]}
          />
        )
      }
    >
      {sample.error && (
        <div className="card-body">
          <ErrorNote error={sample.error} onRetry={sample.again} />
        </div>
      )}
      {!sample.data && sample.busy && <Loading>Reading the first rows…</Loading>}
      {sample.data && view === 'rows' && (
        <RowsTable
          label="First rows of the file"
          columns={sample.data.columns.map(({ name }) => ({ name }))}
          rows={sample.data.rows}
          empty="The file holds no rows."
        />
      )}
      {sample.data && view === 'text' && <FileText text={sample.data.text} />}
      {sample.data && sample.data.problems.length > 0 && (
        <div className="card-body">
          <Note tone="warning">
            <ul>
              {sample.data.problems.slice(0, 5).map(({ line, message }) => (
                <li key={`${line} ${message}`}>
                  Line {formatCount(line)}: {message}
                </li>
              ))}
            </ul>
          </Note>
        </div>
      )}
    </Card>
  )
}
