// One streaming archive: how far it is, what the slot keeps, and stop, start, drop the slot, export as a unit.
import { useEffect, useState } from 'react'
import type { StreamStatus } from '../../../shared/contracts/walArchiveStream'
import { formatBytes } from '../../../shared/model/byteCount'
import type { WalArchive } from '../../../shared/model/walArchive'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { ErrorNote, Note } from '../../components/Feedback'
import { Switch } from '../../components/fields'
import { type KeyValue, KeyValues } from '../../components/KeyValues'
import { type ShownError, shownError } from '../../format/errors'
import { formatWhen } from '../../format/time'
import { api } from '../../rpc/api'
import { useConnections } from '../../stores/connections'
import { placeLink } from '../../stores/navigation'
import { useNow } from '../../stores/useNow'
import { useAsk } from '../../wizard/useAsk'
import { UnitDialog } from './UnitDialog'
import '../wal/wal.css'

const looks = {
  streaming: { tone: 'pass', icon: 'check', word: 'Streaming' },
  connecting: { tone: 'warning', icon: 'warn', word: 'Connecting' },
  stopped: { tone: 'neutral', icon: 'stop', word: 'Stopped' },
} as const

export interface StreamArchiveCardProps {
  archive: WalArchive
  /** The archive has left the list, or is a folder now. */
  onChanged: () => void
}

export function StreamArchiveCard({ archive, onChanged }: StreamArchiveCardProps) {
  const status = useAsk({ archiveId: archive.id }, (asked, options) => api.walArchiveStream.status(asked, options), {
    keep: true,
  })
  const [error, setError] = useState<ShownError | null>(null)
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState<'drop' | 'unit' | null>(null)
  const [forget, setForget] = useState(false)
  const connection = useConnections((state) => state.connections.find(({ id }) => id === archive.connectionId))
  const now = useNow(3000)
  const { again, data } = status
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew with the time
  useEffect(() => again(), [now, again])
  const attempt = async (action: () => Promise<unknown>) => {
    setBusy(true)
    setError(null)
    try {
      await action()
      again()
      return true
    } catch (cause) {
      setError(shownError(cause))
      return false
    } finally {
      setBusy(false)
    }
  }
  const archiveId = archive.id
  const drop = async () => {
    if (!(await attempt(() => api.walArchiveStream.dropSlot({ archiveId, forget })))) return
    setAsking(null)
    onChanged()
  }
  const state = data?.state ?? 'stopped'
  const look = looks[state]
  const slot = archive.stream?.slot ?? ''
  return (
    <Card
      title="Streaming archive"
      note={archive.label}
      actions={
        data && (
          <Chip tone={look.tone} icon={look.icon}>
            {look.word}
          </Chip>
        )
      }
    >
      <div className="card-body">
        <KeyValues
          labelWidth={128}
          rows={[
            { label: 'Folder', value: archive.folder, mono: true },
            { label: 'Server', value: connection?.label ?? 'no saved connection' },
            { label: 'Slot', value: slot, mono: true },
            ...(archive.stream?.compress ? [{ label: 'Compression', value: archive.stream.compress, mono: true }] : []),
            ...(data ? statusRows(data) : []),
          ]}
        />
        <div className="col g8" style={{ marginTop: 12 }}>
          {data && data.problem !== '' && <Note tone="warning">{data.problem}</Note>}
          {data && data.serverProblem !== '' && <Note tone="warning">The server does not answer: {data.serverProblem}</Note>}
          {data?.server?.slot === null && (
            <Note tone="blocker">The server has no slot {slot}: it may have removed WAL that the archive needs.</Note>
          )}
          {data?.state === 'stopped' && data.server?.slot && (
            <Note tone="warning">
              Nothing is received, and the slot makes the server keep its WAL, {formatBytes(data.server.slot.keptBytes ?? '0')} by
              now. Start it again, or drop the slot.
            </Note>
          )}
          {status.error && <ErrorNote error={status.error} onRetry={again} />}
          {error && asking === null && <ErrorNote error={error} />}
        </div>
      </div>
      <div className="wal-actions">
        {state === 'stopped' ? (
          <Button
            kind="primary"
            size="s"
            busy={busy}
            onClick={() => void attempt(() => api.walArchiveStream.resume({ archiveId }))}
          >
            Start streaming
          </Button>
        ) : (
          <Button size="s" busy={busy} onClick={() => void attempt(() => api.walArchiveStream.stop({ archiveId }))}>
            Stop
          </Button>
        )}
        {data?.jobId && (
          <Button size="s" href={placeLink(`/jobs/${encodeURIComponent(data.jobId)}`)}>
            Log
          </Button>
        )}
        <Button size="s" onClick={() => setAsking('unit')}>
          systemd unit…
        </Button>
        <Button size="s" kind="danger" onClick={() => setAsking('drop')}>
          {state === 'stopped' ? 'Drop the slot…' : 'Stop and drop the slot…'}
        </Button>
      </div>
      <ConfirmDialog
        open={asking === 'drop'}
        title={`Drop the slot ${slot}?`}
        action={state === 'stopped' ? 'Drop the slot' : 'Stop and drop'}
        busy={busy}
        error={error}
        onConfirm={() => void drop()}
        onClose={() => setAsking(null)}
      >
        <p>
          The archive ends here: the server no longer keeps WAL for it, and streaming can't go on in this folder without a gap.
          Its files stay, and what they hold can still be restored.
        </p>
        <p style={{ marginTop: 8 }}>
          A slot that is only forgotten, not dropped, makes the server keep its WAL until its disk is full.
        </p>
        <div style={{ marginTop: 12 }}>
          <Switch checked={forget} onChange={setForget}>
            Take the archive off Walkback's list
          </Switch>
        </div>
      </ConfirmDialog>
      {asking === 'unit' && <UnitDialog archiveId={archiveId} onClose={() => setAsking(null)} />}
    </Card>
  )
}

function statusRows({ server, since, state, begins }: StreamStatus): KeyValue[] {
  const first = { label: 'Begins with', value: begins ?? 'nothing received yet', mono: begins !== null }
  if (!server) return [first]
  const { slot } = server
  return [
    first,
    ...(state === 'streaming' && since !== null ? [{ label: 'Streaming since', value: formatWhen(since) }] : []),
    { label: 'Position', value: server.written ?? 'not receiving', mono: server.written !== null },
    ...(server.segment === null ? [] : [{ label: 'Segment', value: server.segment, mono: true }]),
    { label: 'Server is at', value: server.current, mono: true },
    ...(server.lagBytes === null ? [] : [{ label: 'Lag', value: formatBytes(server.lagBytes) }]),
    ...(server.flushed === null ? [] : [{ label: 'On disk up to', value: server.flushed, mono: true }]),
    ...(slot
      ? [
          { label: 'Slot keeps', value: `${formatBytes(slot.keptBytes ?? '0')} of WAL, ${slot.walStatus ?? 'not reserved'}` },
          {
            label: 'Before it is lost',
            value: slot.safeWalSize === null ? 'no limit is set' : `${formatBytes(slot.safeWalSize)} more`,
          },
        ]
      : []),
  ]
}
