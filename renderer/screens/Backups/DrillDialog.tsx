// Starts a restore drill of one backup: how far it is recovered, where the scratch folder lies, and whose eyes look at it.
import { useState } from 'react'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { DrillRequest } from '../../../shared/contracts/drill'
import { backupSubject, isPhysical } from '../../../shared/model/backupRecord'
import { holdsItsWal } from '../../../shared/model/verifyLevels'
import { Button } from '../../components/Button'
import { Dialog } from '../../components/Dialog'
import { ErrorNote } from '../../components/Feedback'
import { SelectField, TextField } from '../../components/fields'
import { PathField } from '../../components/PathField'
import { type ShownError, shownError } from '../../format/errors'
import { formatWhen } from '../../format/time'
import { api } from '../../rpc/api'
import { navigate, placeLink } from '../../stores/navigation'
import { useAsk } from '../../wizard/useAsk'

const itself = ''

export function DrillDialog({ entry, onClose }: { entry: CatalogEntry; onClose: () => void }) {
  const { record, path } = entry
  const prepared = useAsk({ backup: path }, (input, options) => api.drill.prepare(input, options))
  const known = useAsk({}, (input, options) => api.walArchive.list(input, options))
  const [place, setPlace] = useState<string | null>(null)
  const [user, setUser] = useState<string | null>(null)
  const [chosen, setChosen] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const id = record.source.systemIdentifier
  const archives = (known.data?.archives ?? []).filter((each) => each.exists && id !== null && each.systemIdentifier === id)
  const whole = holdsItsWal(record)
  const until = chosen ?? (whole ? itself : (archives[0]?.id ?? itself))
  const timeline = isPhysical(record) ? record.stop.timeline : 1
  const where = place ?? prepared.data?.place ?? ''
  const who = user ?? prepared.data?.user ?? 'postgres'
  const start = async () => {
    if (busy || where === '') return
    setBusy(true)
    setError(null)
    const point: DrillRequest['point'] =
      until === itself ? null : { archiveId: until, wish: { kind: 'end', timeline, inclusive: true, action: 'promote' } }
    try {
      const { jobId } = await api.drill.start({ backup: path, place: where, point, user: who })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      title="Restore drill"
      width={600}
      onClose={onClose}
      onSubmit={() => void start()}
      footNote="Everything it makes is thrown away again. The backup and the archive are only read."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={where === '' || (!whole && archives.length === 0)}>
            Start the drill
          </Button>
        </>
      }
    >
      <div className="col g16">
        <p className="t2">
          {backupSubject(record)}, {formatWhen(record.startedAt)}: restored to a scratch cluster that archives nothing, its
          structure checked, every row counted, every database dumped to nowhere.
        </p>
        {(error ?? prepared.error) && (
          <ErrorNote error={error ?? prepared.error ?? { message: '', hint: '', code: 'internal' }} />
        )}
        <SelectField
          label="Recover"
          value={until}
          onChange={setChosen}
          options={[
            { value: itself, label: 'until it is consistent, by its own WAL', disabled: !whole },
            ...archives.map((each) => ({ value: each.id, label: `to the end of the archive ${each.label}` })),
          ]}
          help={whole || archives.length > 0 ? undefined : 'It does not hold its WAL, and no archive of its cluster is known.'}
        />
        <PathField label="Scratch folder is made in" value={where} onChange={setPlace} />
        <TextField label="Superuser of the backup" value={who} onChange={setUser} mono />
      </div>
    </Dialog>
  )
}

/** The report as a file of the person's own: it needs nothing else, and prints well. */
export async function saveDrillReport(jobId: string): Promise<void> {
  const { html, name } = await api.drill.report({ jobId })
  const url = URL.createObjectURL(new Blob([html], { type: 'text/html' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
