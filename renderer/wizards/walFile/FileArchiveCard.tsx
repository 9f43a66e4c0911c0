// One file archive: where it is, and what can be done: try it, change it, turn it off.
import { useState } from 'react'
import type { WalArchive } from '../../../shared/model/walArchive'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { ErrorNote } from '../../components/Feedback'
import { KeyValues } from '../../components/KeyValues'
import { type ShownError, shownError } from '../../format/errors'
import { formatWhen } from '../../format/time'
import { api } from '../../rpc/api'
import { selectConnection, useConnections } from '../../stores/connections'
import { navigate, placeLink } from '../../stores/navigation'
import { TurnOffDialog } from './TurnOffDialog'
import '../wal/wal.css'

export function FileArchiveCard({ archive }: { archive: WalArchive }) {
  const [error, setError] = useState<ShownError | null>(null)
  const [busy, setBusy] = useState(false)
  const [turningOff, setTurningOff] = useState(false)
  const connection = useConnections((state) => state.connections.find(({ id }) => id === archive.connectionId))
  const change = () => {
    if (connection) selectConnection(connection.id)
    navigate(placeLink('/wal/file'))
  }
  const check = async () => {
    setBusy(true)
    setError(null)
    try {
      const { jobId } = await api.walArchiveFile.check({ archiveId: archive.id })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Card title="File archive" note={archive.label} actions={<Chip>archive_command</Chip>}>
      <div className="card-body">
        <KeyValues
          labelWidth={128}
          rows={[
            { label: 'Folder', value: archive.folder, mono: true },
            ...(archive.file && archive.file.serverFolder !== archive.folder
              ? [{ label: 'On the server', value: archive.file.serverFolder, mono: true }]
              : []),
            { label: 'Server', value: connection?.label ?? 'no saved connection' },
            ...(archive.systemIdentifier === null
              ? []
              : [{ label: 'System identifier', value: archive.systemIdentifier, mono: true }]),
            { label: 'Set up', value: formatWhen(archive.createdAt) },
          ]}
        />
        {error && (
          <div style={{ marginTop: 12 }}>
            <ErrorNote error={error} />
          </div>
        )}
      </div>
      <div className="wal-actions">
        <Button kind="primary" size="s" busy={busy} onClick={() => void check()}>
          Check now
        </Button>
        <Button size="s" onClick={change} disabled={connection === undefined}>
          Change…
        </Button>
        <Button size="s" kind="danger" onClick={() => setTurningOff(true)}>
          Turn off…
        </Button>
      </div>
      {turningOff && <TurnOffDialog archive={archive} onClose={() => setTurningOff(false)} />}
    </Card>
  )
}
