// What the chosen source says of itself, read from its content.
import type { ArchiveFacts } from '../../../../shared/contracts/restore'
import { formatBytes } from '../../../../shared/model/byteCount'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, ErrorNote, Loading, Note } from '../../../components/Feedback'
import { type KeyValue, KeyValues } from '../../../components/KeyValues'
import { VerifiedMark } from '../../../screens/Backups/VerifiedMark'
import type { Asked } from '../../../wizard/useAsk'
import { dumpProgram, entriesText, formatWords, serverProgram, sourceTime } from '../describe'

export function FactsCard({ facts, chosen }: { facts: Asked<ArchiveFacts>; chosen: boolean }) {
  if (!chosen) {
    return (
      <Card>
        <EmptyState icon="restore" title="What to restore">
          Choose a backup at the left. What is in it, and how it was checked, is shown here.
        </EmptyState>
      </Card>
    )
  }
  if (facts.error) return <ErrorNote error={facts.error} onRetry={facts.again} />
  if (!facts.data)
    return <Card>{facts.busy ? <Loading>Reading the source…</Loading> : <EmptyState icon="lob" title="Not read yet" />}</Card>
  const { data } = facts
  const list = (values: readonly string[]) => (values.length === 0 ? 'none' : values.join(', '))
  const rows: KeyValue[] = [
    { label: 'Database', value: data.record?.source.database ?? data.database ?? 'not recorded', mono: true },
    { label: 'Taken', value: sourceTime(data) || 'not recorded' },
    { label: 'Server', value: [data.record?.source.label, serverProgram(data)].filter(Boolean).join(', ') },
    { label: 'Written by', value: dumpProgram(data) },
    { label: 'Size', value: formatBytes(data.size) },
    ...(Object.keys(data.entries).length === 0 ? [] : [{ label: 'Holds', value: entriesText(data.entries) }]),
    ...(data.format === 'plain' ? [] : [{ label: 'Owners', value: list(data.owners), mono: true }]),
    ...(data.format === 'plain' ? [] : [{ label: 'Extensions', value: list(data.extensions), mono: true }]),
    ...(data.tablespaces.length === 0 ? [] : [{ label: 'Tablespaces', value: list(data.tablespaces), mono: true }]),
    ...(data.encoding === null ? [] : [{ label: 'Encoding', value: data.encoding }]),
    { label: 'Globals', value: data.globalsPath === null ? 'not saved beside it' : 'roles and tablespaces saved beside it' },
    { label: 'Archive', value: data.archive, mono: true },
  ]
  return (
    <>
      <Card title="This source" actions={<Chip tone="accent">{formatWords[data.format]}</Chip>}>
        <div className="card-body">
          {data.record ? (
            <div style={{ marginBottom: 8 }}>
              <VerifiedMark record={data.record} long />
            </div>
          ) : (
            <div className="t2" style={{ marginBottom: 8 }}>
              Not from a library: there are no checksums to compare with.
            </div>
          )}
          <KeyValues rows={rows} labelWidth={84} />
        </div>
      </Card>
      {data.connects && (
        <Note tone="warning">
          This script connects to databases by itself (\connect): it decides where its objects go, not the destination chosen
          here.
        </Note>
      )}
      {data.restricted && <Note>The script uses \restrict. It needs a psql that knows it; the review checks that.</Note>}
    </>
  )
}
