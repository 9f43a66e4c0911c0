// Beside a job's log: its result in facts and as a report, and what it writes or wrote.
import { useState } from 'react'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { isEnded } from '../../../shared/jobs/transitions'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { type KeyValue, KeyValues } from '../../components/KeyValues'
import { formatDuration } from '../../format/duration'
import { formatWhen } from '../../format/time'
import { SaveReportDialog } from './SaveReportDialog'

export function ResultCard({ job }: { job: JobSnapshot }) {
  const [saving, setSaving] = useState(false)
  const started = job.startedAt ?? job.createdAt
  const rows: KeyValue[] = [
    { label: 'Started', value: formatWhen(started) },
    ...(job.endedAt === null
      ? []
      : [
          { label: 'Ended', value: formatWhen(job.endedAt) },
          { label: 'Took', value: formatDuration(Date.parse(job.endedAt) - Date.parse(started)) },
        ]),
  ]
  // The kept database has a card of its own, with the way to drop it.
  const elsewhere = job.result?.kept ? ['Old database', 'To drop the old one'] : []
  const own = new Set([...rows.map((row) => row.label), ...elsewhere])
  rows.push(...(job.result?.facts ?? []).filter((fact) => !own.has(fact.label)))
  return (
    <Card
      title="Result"
      padded
      actions={
        <Button size="xs" aria-haspopup="dialog" onClick={() => setSaving(true)}>
          Save report…
        </Button>
      }
    >
      <KeyValues rows={rows} spread />
      {saving && <SaveReportDialog job={job} onClose={() => setSaving(false)} />}
    </Card>
  )
}

/** `/a/b/c` split into `/a/b` and `c`; Windows paths too. */
function splitPath(path: string): { folder: string; name: string } {
  const at = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
  return at <= 0 ? { folder: '', name: path } : { folder: path.slice(0, at), name: path.slice(at + 1) }
}

/** Its outputs are what is left of it when it is broken off. */
function removes({ capability, input }: JobSnapshot): boolean {
  const action = typeof input === 'object' && input !== null && 'action' in input ? input.action : undefined
  return capability === 'recovery-look' && action === 'throw-away'
}

export function WritesCard({ job }: { job: JobSnapshot }) {
  const ended = isEnded(job.state)
  // A restore that ended well says the database that it made by its name of now, which may not be that of the beginning.
  const made = job.capability === 'restore' && job.result?.database != null ? job.result.database : null
  const outputs = removes(job) ? [] : made === null ? job.outputs : [{ partial: null, final: made }]
  const rows: KeyValue[] = outputs.flatMap((output, index) => {
    // The same place again, with more to say of it should the job be interrupted.
    if (outputs.findIndex(({ final }) => final === output.final) < index) return []
    const { folder, name } = splitPath(output.final)
    if (output.partial === null && output.final.startsWith('slot '))
      return [{ label: 'Slot', value: name.replace(/^slot /, ''), mono: true }]
    if (folder === '') return [{ label: 'Database', value: name, mono: true }]
    return [
      { label: 'Folder', value: folder, mono: true },
      { label: output.partial === null || ended ? 'Named' : 'Then named', value: name, mono: true },
    ]
  })
  if (!ended)
    rows.push({
      label: job.endless === true ? 'When stopped' : 'If cancelled',
      value: job.onCancel === '' ? 'it stops where it is' : job.onCancel,
    })
  if (rows.length === 0) return null
  // Several outputs bring the same labels; the rows are told apart by their place.
  const numbered = rows.map((row, index) => ({
    ...row,
    label: rows.findIndex((other) => other.label === row.label) === index ? row.label : `${row.label} ${index + 1}`,
  }))
  return (
    <Card title={ended ? 'Wrote' : 'Writes'} padded>
      <KeyValues rows={numbered} />
    </Card>
  )
}
