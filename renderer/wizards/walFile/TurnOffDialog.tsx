// Asks how a file archive is turned off: the command reset or as it was, archive_mode too, and when the server is restarted.
import { useState } from 'react'
import type { FileArchiveOff } from '../../../shared/contracts/walArchiveFile'
import type { WalArchive } from '../../../shared/model/walArchive'
import { Button } from '../../components/Button'
import { Dialog } from '../../components/Dialog'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { RadioRows, Switch, TextField } from '../../components/fields'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useConnections } from '../../stores/connections'
import { navigate, placeLink } from '../../stores/navigation'
import { useAsk } from '../../wizard/useAsk'
import { SettingsTable } from './SettingsTable'

export function TurnOffDialog({ archive, onClose }: { archive: WalArchive; onClose: () => void }) {
  const connection = useConnections((state) => state.connections.find(({ id }) => id === archive.connectionId))
  const former = (archive.file?.former ?? []).filter(
    ({ name, value }) => value !== null && value !== '' && name !== 'archive_mode' && name !== 'archive_timeout',
  )
  const [request, setRequest] = useState<FileArchiveOff>({
    archiveId: archive.id,
    command: former.length > 0 ? 'former' : 'reset',
    archiveModeOff: former.length === 0,
    forget: false,
    restart: 'later',
    confirm: '',
  })
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const preview = useAsk(request, (asked, options) => api.walArchiveFile.previewOff(asked, options), { delay: 200, keep: true })
  const { data } = preview
  const change = (more: Partial<FileArchiveOff>) => setRequest({ ...request, ...more })
  const off = async () => {
    setBusy(true)
    setError(null)
    try {
      const { jobId } = await api.walArchiveFile.off(request)
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  const waiting = preview.busy || preview.stale
  return (
    <Dialog
      open
      title="Turn the file archive off"
      width={760}
      onClose={onClose}
      locked={busy}
      footNote={<span className="t2 sm">{waiting ? 'Checking…' : (data?.blocked ?? '')}</span>}
      actions={
        <>
          <Button onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button
            kind="destroy"
            busy={busy}
            disabled={waiting || data === undefined || data.blocked !== ''}
            onClick={() => void off()}
          >
            Turn off
          </Button>
        </>
      }
    >
      <div className="col g12">
        <p className="t2">
          The files in <span className="mono wrap">{archive.folder}</span> stay. From now on nothing after them can be brought
          back.
        </p>
        {former.length > 0 && (
          <RadioRows
            legend="archive_command"
            value={request.command}
            onChange={(command) => change({ command })}
            options={[
              {
                value: 'former',
                label: 'As it was before',
                help: former.map(({ name, value }) => `${name} = ${value}`).join(', '),
              },
              { value: 'reset', label: 'Reset', help: 'What the settings files say.' },
            ]}
          />
        )}
        <Switch checked={request.archiveModeOff} onChange={(archiveModeOff) => change({ archiveModeOff })}>
          Also turn <span className="mono">archive_mode</span> off, which takes a restart
        </Switch>
        {data?.takes === 'restart' && (
          <>
            <Switch
              checked={request.restart === 'now'}
              disabled={!data.restart.here}
              onChange={(now) => change({ restart: now ? 'now' : 'later' })}
            >
              Restart the server now
            </Switch>
            {!data.restart.here && (
              <div className="t3 sm wrap">
                {data.restart.why} Run: <span className="mono">{data.restart.command}</span>
              </div>
            )}
            {request.restart === 'now' && connection?.practice === null && (
              <TextField
                label={
                  <>
                    Type the server's name, <span className="mono b">{connection.label}</span>, to have it restarted
                  </>
                }
                mono
                value={request.confirm}
                onChange={(confirm) => change({ confirm })}
              />
            )}
          </>
        )}
        <Switch checked={request.forget} onChange={(forget) => change({ forget })}>
          Take the archive off Walkback's list
        </Switch>
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        {!data && !preview.error && <Loading>Asking the server…</Loading>}
        {data?.preflight
          .filter(({ result }) => result !== 'pass')
          .map((row) => (
            <Note key={row.id} tone={row.result === 'blocker' ? 'blocker' : 'warning'}>
              <span className="m">{row.check}:</span> {row.found}
            </Note>
          ))}
        {data && <SettingsTable changes={data.changes} />}
        {error && <ErrorNote error={error} />}
      </div>
    </Dialog>
  )
}
