// One archive: its state in words, its figures, its dangers, its map and what in it is odd.

import { useState } from 'react'
import { isEnded } from '../../../shared/jobs/transitions'
import { formatBytes } from '../../../shared/model/byteCount'
import type { WalArchive } from '../../../shared/model/walArchive'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { Chip, Severity } from '../../components/Chip'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { Icon } from '../../components/Icon'
import { ProgressBar } from '../../components/Progress'
import { type ShownError, shownError } from '../../format/errors'
import { formatDone, percentOf } from '../../format/numbers'
import { said } from '../../format/said'
import { api } from '../../rpc/api'
import { useJobs } from '../../stores/jobs'
import { useNow } from '../../stores/useNow'
import { useAsk } from '../../wizard/useAsk'
import { ArchiveFigures } from './ArchiveFigures'
import { archiveState, kindWords, mapConcerns } from './archiveState'
import { MapCard } from './MapCard'
import { OddFiles } from './OddFiles'
import { ArchiveControls } from './setUp'

const refreshMs = 15_000

export function ArchiveSection({ archive, onChanged }: { archive: WalArchive & { exists: boolean }; onChanged: () => void }) {
  const { id: archiveId } = archive
  const now = useNow(refreshMs)
  const job = useJobs((state) =>
    state.jobs.find((one) => one.capability === 'wal-archive' && !isEnded(one.state) && touches(one.input, archiveId)),
  )
  const round = Math.floor(now / refreshMs)
  const ended = useJobs((state) => state.jobs.filter((one) => one.endedAt !== null).length)
  // While a job reads the archive the map waits for it.
  const map = useAsk(
    job ? undefined : { archiveId, ended, round },
    (_input, options) => api.walArchive.map({ archiveId }, options),
    {
      keep: true,
    },
  )
  const health = useAsk({ archiveId, ended, round }, (_input, options) => api.walArchive.health({ archiveId }, options), {
    keep: true,
  })
  const [forgetting, setForgetting] = useState(false)
  const [failure, setFailure] = useState<ShownError | null>(null)
  const state = archiveState(archive, health.data)
  const read = async () => {
    setFailure(null)
    try {
      await api.walArchive.index({ archiveId })
    } catch (cause) {
      setFailure(shownError(cause))
    }
  }
  const toRead = BigInt(map.data?.toRead ?? 0)
  return (
    <section className="col g12 wal-archive" aria-label={`WAL archive of ${archive.label}`}>
      <div className="row wr wal-head">
        <Icon name="wal" size={20} className="t3" />
        <h2 className="el">{archive.label}</h2>
        <Chip tone="outline">{kindWords[archive.kind]}</Chip>
        <Severity level={state.level}>{state.word}</Severity>
        {mapConcerns(map.data).map(({ tone, words }) => (
          <Chip key={words} tone={tone} icon={tone === 'blocker' ? 'block' : 'warn'}>
            {words}
          </Chip>
        ))}
        <span className="sp" />
        <ArchiveControls archive={archive} onChanged={onChanged} />
        <Button
          size="s"
          icon="refresh"
          onClick={() => {
            map.again()
            health.again()
          }}
          busy={map.busy && map.data === undefined}
        >
          Look again
        </Button>
        <Button size="s" onClick={() => setForgetting(true)}>
          Forget…
        </Button>
      </div>
      {!archive.exists && (
        <Note tone="blocker">
          <span className="mono">{archive.folder}</span> is not there. Mount its disk, or forget the archive.
        </Note>
      )}
      {failure && <ErrorNote error={failure} />}
      {health.error && <ErrorNote error={health.error} onRetry={health.again} />}
      {health.data?.dangers.map(({ says, advice, severity }) => (
        <Note key={says} tone={severity === 'error' ? 'blocker' : 'warning'}>
          <span className="m">{said(says)}</span> <span className="t2">{advice}</span>
        </Note>
      ))}
      <ArchiveFigures archive={archive} health={health.data} map={map.data} now={now} />
      {job && (
        <Card label="Reading the archive" padded>
          <div className="row">
            <a href={`#/jobs/${encodeURIComponent(job.id)}`}>{job.title}</a>
            <span className="sp" />
            <span className="t3 sm tnum">{job.progress ? formatDone(job.progress) : 'waiting'}</span>
          </div>
          <ProgressBar label={job.title} percent={job.progress ? percentOf(job.progress) : undefined} />
        </Card>
      )}
      {!job && toRead > 0n && (
        <Note>
          <div className="row wr">
            <span className="sp">
              {formatBytes(toRead)} of WAL here was not read yet: which commits it holds and whether it is sound is not known. It
              is read once.
            </span>
            <Button kind="primary" size="s" onClick={() => void read()}>
              Read it now
            </Button>
          </div>
        </Note>
      )}
      {map.data?.indexProblem && <Note tone="warning">{map.data.indexProblem}</Note>}
      {map.error && archive.exists && <ErrorNote error={map.error} onRetry={map.again} />}
      {!map.data && !map.error && !job && <Loading>Reading the archive…</Loading>}
      {map.data && map.data.segments > 0 && <MapCard map={map.data} />}
      {map.data && <OddFiles map={map.data} />}
      <ForgetDialog archive={archive} open={forgetting} onClose={() => setForgetting(false)} onForgotten={onChanged} />
    </section>
  )
}

function touches(input: unknown, archiveId: string): boolean {
  return typeof input === 'object' && input !== null && 'archiveId' in input && input.archiveId === archiveId
}

function ForgetDialog(props: { archive: WalArchive; open: boolean; onClose: () => void; onForgotten: () => void }) {
  const { archive, open, onClose, onForgotten } = props
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const forget = async () => {
    setBusy(true)
    setError(null)
    try {
      await api.walArchive.forget({ archiveId: archive.id })
      onForgotten()
      onClose()
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open={open}
      title={`Forget the archive of ${archive.label}?`}
      facts={[{ label: 'Folder', value: archive.folder, mono: true }]}
      action="Forget"
      destructive={false}
      busy={busy}
      error={error}
      onConfirm={() => void forget()}
      onClose={onClose}
    >
      It leaves this list. Its files stay where they are, and the server goes on as it is set: to turn archiving off is something
      else.
    </ConfirmDialog>
  )
}
