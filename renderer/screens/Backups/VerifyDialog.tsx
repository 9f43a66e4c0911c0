// Chooses how far a backup is verified: each level with what it proves and how much it reads; then it is a job.
import { useState } from 'react'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import { backupSubject } from '../../../shared/model/backupRecord'
import { holdsItsWal, levelProblem, type VerifyLevel } from '../../../shared/model/verifyLevels'
import { Button } from '../../components/Button'
import { Dialog } from '../../components/Dialog'
import { ErrorNote } from '../../components/Feedback'
import { SelectField, Tick } from '../../components/fields'
import { type ShownError, shownError } from '../../format/errors'
import { formatWhen } from '../../format/time'
import { api } from '../../rpc/api'
import { navigate, placeLink } from '../../stores/navigation'
import { useAsk } from '../../wizard/useAsk'
import { levelWords, shownLevels } from './verifyWords'

export interface VerifyDialogProps {
  entry: CatalogEntry
  onClose: () => void
}

const everyArchive = ''

export function VerifyDialog({ entry, onClose }: VerifyDialogProps) {
  const { record, path } = entry
  const known = useAsk({}, api.walArchive.list)
  const [left, setLeft] = useState<ReadonlySet<VerifyLevel>>(new Set())
  const [archive, setArchive] = useState(everyArchive)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const id = record.source.systemIdentifier
  const archives = (known.data?.archives ?? []).filter((each) => each.exists && id !== null && each.systemIdentifier === id)
  const problemOf = (level: VerifyLevel) => {
    const problem = levelProblem(record, level)
    if (problem !== '' || level !== 'wal' || holdsItsWal(record) || archives.length > 0) return problem
    return known.busy
      ? 'Looking for archives of its cluster.'
      : 'It does not hold its WAL, and no archive of its cluster is known.'
  }
  const levels = shownLevels(record)
  const chosen = levels.filter((level) => problemOf(level) === '' && !left.has(level))
  const tick = (level: VerifyLevel, on: boolean) => {
    const next = new Set(left)
    if (on) next.delete(level)
    else next.add(level)
    setLeft(next)
  }
  const start = async () => {
    if (chosen.length === 0 || busy) return
    setBusy(true)
    setError(null)
    try {
      const withArchive = chosen.includes('wal') && archive !== everyArchive
      const { jobId } = await api.backups.verify({ path, levels: chosen, ...(withArchive ? { archiveId: archive } : {}) })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      title="Verify this backup"
      width={640}
      onClose={onClose}
      onSubmit={() => void start()}
      footNote={chosen.length === 0 ? 'Tick at least one level.' : 'The backup is only read. Each level leaves a dated result.'}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={chosen.length === 0 || (known.busy && !known.data)}>
            Verify
          </Button>
        </>
      }
    >
      <div className="col g16">
        <p className="t2">
          {backupSubject(record)}, {formatWhen(record.startedAt)}
        </p>
        {error && <ErrorNote error={error} />}
        {known.error && <ErrorNote error={known.error} />}
        <fieldset className="col g12">
          <legend className="lab">Levels</legend>
          {levels.map((level) => {
            const problem = problemOf(level)
            const { label, proves, reads } = levelWords(entry, level, archives.length)
            return (
              <Tick
                key={level}
                checked={problem === '' && !left.has(level)}
                disabled={problem !== ''}
                onChange={(on) => tick(level, on)}
                help={problem || `${proves} ${reads}`}
              >
                <span className="m">{label}</span>
              </Tick>
            )
          })}
        </fieldset>
        {archives.length > 1 && chosen.includes('wal') && (
          <SelectField
            label="WAL archive"
            value={archive}
            onChange={setArchive}
            options={[
              { value: everyArchive, label: `Each of the ${archives.length} archives of its cluster` },
              ...archives.map((each) => ({ value: each.id, label: `${each.label} (${each.folder})` })),
            ]}
          />
        )}
      </div>
    </Dialog>
  )
}
