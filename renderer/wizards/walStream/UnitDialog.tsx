// The systemd unit of a streaming archive, to be copied or saved.
import { useState } from 'react'
import { Button } from '../../components/Button'
import { CopyButton } from '../../components/CopyButton'
import { Dialog } from '../../components/Dialog'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { PathField } from '../../components/PathField'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useAsk } from '../../wizard/useAsk'

export function UnitDialog({ archiveId, onClose }: { archiveId: string; onClose: () => void }) {
  const unit = useAsk({ archiveId }, (asked, options) => api.walArchiveStream.unit(asked, options))
  const [path, setPath] = useState<string | null>(null)
  const [saved, setSaved] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const target = path ?? (unit.data ? `/etc/systemd/system/${unit.data.name}` : '')
  const save = async () => {
    setBusy(true)
    setError(null)
    setSaved('')
    try {
      setSaved((await api.walArchiveStream.saveUnit({ archiveId, path: target })).path)
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      title="Run it by systemd"
      width={760}
      onClose={onClose}
      actions={
        <>
          {unit.data && (
            <CopyButton size="s" text={unit.data.text}>
              Copy the unit
            </CopyButton>
          )}
          <Button kind="primary" busy={busy} disabled={target === ''} onClick={() => void save()}>
            Save
          </Button>
        </>
      }
    >
      <div className="col g12">
        {unit.error && <ErrorNote error={unit.error} onRetry={unit.again} />}
        {!unit.data && !unit.error && <Loading>Writing the unit…</Loading>}
        {unit.data && (
          <>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
            <pre className="code wal-unit" tabIndex={0} aria-label={unit.data.name}>
              {unit.data.text}
            </pre>
            <ul className="col g4 t2 sm">
              {unit.data.notes.map((note) => (
                <li key={note} className="wrap">
                  {note}
                </li>
              ))}
            </ul>
            <PathField label="Save as" want="file" value={target} onChange={setPath} />
          </>
        )}
        {saved !== '' && <Note tone="pass">Saved as {saved}.</Note>}
        {error && <ErrorNote error={error} />}
      </div>
    </Dialog>
  )
}
