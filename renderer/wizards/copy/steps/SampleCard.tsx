// The first rows of an export, as rows and as the file's text.
import { useState } from 'react'
import type { CopyFormat, CopySource } from '../../../../shared/contracts/copy'
import { Card } from '../../../components/Card'
import { ErrorNote, Loading } from '../../../components/Feedback'
import { RowsTable } from '../../../components/RowsTable'
import { Segmented } from '../../../components/Segmented'
import { api } from '../../../rpc/api'
import type { PlainValues } from '../../../wizard/optionState'
import { useAsk } from '../../../wizard/useAsk'

export interface SampleCardProps {
  connectionId: string
  database: string
  source: CopySource | undefined
  format: CopyFormat
  options: PlainValues
  /** Shows the file's text first. */
  asText?: boolean
  delay?: number
}

const limit = 20

export function SampleCard({ connectionId, database, source, format, options, asText = false, delay = 300 }: SampleCardProps) {
  const [view, setView] = useState<'rows' | 'text'>(asText ? 'text' : 'rows')
  const input = source === undefined ? undefined : { connectionId, database, source, format, options, limit }
  const sample = useAsk(input, (question, call) => api.copy.exportSample(question, call), { delay, keep: true })
  if (source === undefined) return null
  const text = sample.data?.text ?? ''
  return (
    <Card
      title="First rows"
      className="copy-sample"
      note={sample.busy ? 'reading…' : undefined}
      actions={
        text !== '' && (
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
      {sample.data && !sample.error && (view === 'rows' || text === '') && (
        <RowsTable label="First rows" columns={sample.data.columns} rows={sample.data.rows} empty="There are no rows." />
      )}
      {sample.data && !sample.error && view === 'text' && text !== '' && <FileText text={text} />}
    </Card>
  )
}

/** The beginning of a file as it is; tabs are shown, since they part the columns of the text format. */
export function FileText({ text }: { text: string }) {
  return (
    <div className="rows-scroll" tabIndex={0} role="group" aria-label="Beginning of the file">
      <pre className="code bare copy-file">{text.replaceAll('\t', '⇥\t')}</pre>
    </div>
  )
}
