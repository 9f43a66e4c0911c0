// Starts a restore drill of one backup: how far it is brought back, where the scratch folder lies, and what checks it.
import { useState } from 'react'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { DrillRequest } from '../../../shared/contracts/drill'
import { backupSubject, isPhysical } from '../../../shared/model/backupRecord'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { holdsItsWal } from '../../../shared/model/verifyLevels'
import { Button } from '../../components/Button'
import { Dialog } from '../../components/Dialog'
import { ErrorNote, Note } from '../../components/Feedback'
import { SelectField, TextField } from '../../components/fields'
import { PathField } from '../../components/PathField'
import { type ShownError, shownError } from '../../format/errors'
import { formatWhen } from '../../format/time'
import { api } from '../../rpc/api'
import { navigate, placeLink } from '../../stores/navigation'
import type { PlainValues } from '../../wizard/optionState'
import { useAsk } from '../../wizard/useAsk'
import { DrillChecks } from './DrillChecks'
import { DrillMoment, type DrillPoint } from './DrillMoment'

const itself = 'itself'
const end = 'end:'
const moment = 'moment:'

export function DrillDialog({ entry, onClose }: { entry: CatalogEntry; onClose: () => void }) {
  const { record, path } = entry
  const physical = isPhysical(record)
  const prepared = useAsk({ backup: path }, (input, options) => api.drill.prepare(input, options))
  const known = useAsk(physical ? {} : undefined, (input, options) => api.walArchive.list(input, options))
  const [place, setPlace] = useState<string | null>(null)
  const [user, setUser] = useState<string | null>(null)
  const [chosen, setChosen] = useState<string | null>(null)
  const [point, setPoint] = useState<DrillPoint>({ wish: undefined, problem: '' })
  const [amcheck, setAmcheck] = useState<PlainValues>({})
  const [checksProblem, setChecksProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const id = record.source.systemIdentifier
  const archives = (known.data?.archives ?? []).filter((each) => each.exists && id !== null && each.systemIdentifier === id)
  const whole = !physical || holdsItsWal(record)
  const [first] = archives
  const until = chosen ?? (whole || !first ? itself : `${end}${first.id}`)
  const where = place ?? prepared.data?.place ?? ''
  const who = user ?? prepared.data?.user ?? 'postgres'
  const request: DrillRequest = { backup: path, place: where, point: pointOf(), user: who, amcheck }

  function pointOf(): DrillRequest['point'] {
    if (!physical || until === itself) return null
    if (until.startsWith(end)) {
      const { timeline } = record.stop
      return { archiveId: until.slice(end.length), wish: { kind: 'end', timeline, inclusive: true, action: 'promote' } }
    }
    return point.wish === undefined ? null : { archiveId: until.slice(moment.length), wish: point.wish }
  }

  const problem =
    prepared.data?.problem ||
    (where === '' ? 'Choose a folder' : '') ||
    (!whole && archives.length === 0 ? 'It does not hold its WAL, and no archive of its cluster is known.' : '') ||
    (until.startsWith(moment) && point.wish === undefined ? point.problem || 'Planning…' : '') ||
    checksProblem
  const ready = prepared.data !== undefined && problem === ''
  const start = async () => {
    if (busy || !ready) return
    setBusy(true)
    setError(null)
    try {
      const { jobId } = await api.drill.start(request)
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  const server = prepared.data?.server
  const scratch = server == null ? 'an empty cluster' : `an empty cluster of PostgreSQL ${formatPgVersion(server)}`
  return (
    <Dialog
      open
      title="Restore drill"
      width={until.startsWith(moment) ? 900 : 660}
      onClose={onClose}
      onSubmit={() => void start()}
      footNote={
        problem !== '' && prepared.data ? (
          <span role="status">{problem}</span>
        ) : physical ? (
          'Everything it makes is thrown away again. The backup and the archive are only read.'
        ) : (
          'Everything it makes is thrown away again. The backup is only read.'
        )
      }
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={!ready}>
            Start the drill
          </Button>
        </>
      }
    >
      <div className="col g16">
        <p className="t2">
          {backupSubject(record)}, {formatWhen(record.startedAt)}:{' '}
          {physical
            ? 'restored to a scratch cluster that archives nothing, its structure checked, every row counted, every database dumped to nowhere.'
            : `restored into ${scratch} that nobody else can reach, its rows compared with the backup’s own, its structure checked, every database dumped to nowhere.`}
        </p>
        {(error ?? prepared.error) && (
          <ErrorNote error={error ?? prepared.error ?? { message: '', hint: '', code: 'internal' }} />
        )}
        {prepared.data && prepared.data.problem !== '' && <Note tone="warning">{prepared.data.problem}</Note>}
        {physical && (
          <SelectField
            label="Recover"
            value={until}
            onChange={setChosen}
            options={[
              { value: itself, label: 'until it is consistent, by its own WAL', disabled: !whole },
              ...archives.flatMap((each) => [
                { value: `${end}${each.id}`, label: `to the end of the archive ${each.label}` },
                { value: `${moment}${each.id}`, label: `to a chosen moment in the archive ${each.label}` },
              ]),
            ]}
            help={whole || archives.length > 0 ? undefined : 'It does not hold its WAL, and no archive of its cluster is known.'}
          />
        )}
        {until.startsWith(moment) && (
          <DrillMoment key={until} archiveId={until.slice(moment.length)} backup={path} onPoint={setPoint} />
        )}
        <PathField label="Scratch folder is made in" value={where} onChange={setPlace} />
        {physical && <TextField label="Superuser of the backup" value={who} onChange={setUser} mono />}
        {prepared.data && (
          <DrillChecks
            {...{ request, prepared: prepared.data }}
            changes={amcheck}
            onChange={setAmcheck}
            onProblem={setChecksProblem}
          />
        )}
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
