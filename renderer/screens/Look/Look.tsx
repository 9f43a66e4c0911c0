// Look before deciding: a cluster that waits at its moment, what it holds beside live, and what to do with it.

import { useEffect, useState } from 'react'
import type { LookStanding, LookTable } from '../../../shared/contracts/look'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button } from '../../components/Button'
import { Chip } from '../../components/Chip'
import { EmptyState, ErrorNote, Loading, Note } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { said } from '../../format/said'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { navigate, placeLink } from '../../stores/navigation'
import { useZone } from '../../stores/zone'
import { AsOfCard } from './AsOfCard'
import { CompareCard, isSmall } from './CompareCard'
import { DecideCard } from './DecideCard'
import { firstDatabase } from './lookWords'
import { QueryCard } from './QueryCard'
import { StoppedCard } from './StoppedCard'
import { type LookFacts, useLook } from './useLook'
import { useLosses } from './useLosses'
import '../../wizard/wizard.css'
import './look.css'
import './lookParts.css'

export default function Look({ params }: ScreenProps) {
  const jobId = params.jobId ?? ''
  const facts = useLook(jobId)
  const { status } = facts
  const standing = status.data
  // What can't be asked for a moment leaves the page as it is.
  const gone = status.error?.code === 'not_found'
  if (standing && !gone) return <LookPage {...{ facts, standing }} />
  return (
    <div className="page">
      {status.error === null ? (
        <Loading>Looking at the recovered cluster…</Loading>
      ) : gone ? (
        <>
          <h1 tabIndex={-1} data-page-heading className="sr">
            Look before deciding
          </h1>
          <EmptyState
            icon="restore"
            title={status.error.message}
            actions={
              <>
                <Button href={placeLink(`/jobs/${encodeURIComponent(jobId)}`)}>Its job</Button>
                <Button kind="primary" href={placeLink('/restore/point')}>
                  Restore to a point in time
                </Button>
              </>
            }
          >
            {status.error.hint}
          </EmptyState>
        </>
      ) : (
        <ErrorNote error={status.error} onRetry={status.again} />
      )}
    </div>
  )
}

function LookPage({ facts, standing }: { facts: LookFacts; standing: LookStanding }) {
  const { jobId, server, databases, state, problem } = standing
  const zone = useZone()
  const [chosen, setChosen] = useState('')
  const [live, setLive] = useState('')
  const [ticked, setTicked] = useState<readonly LookTable[]>([])
  const choose = (name: string) => {
    setChosen(name)
    setTicked([])
  }
  useEffect(() => {
    document.title = `Look at ${server} – Walkback`
  }, [server])
  const asked = state !== 'stopped' && problem === ''
  const liveId = live !== '' ? live : (facts.lives.data?.suggested ?? '')
  const small = isSmall(facts.holds.data)
  const [first, setFirst] = useState(() => firstDatabase(databases))
  const database = databases.includes(chosen) ? chosen : databases.includes(first) ? first : firstDatabase(databases)
  const { losses, note } = useLosses({ jobId, live: liveId, databases, database, enabled: asked && small })
  // Nothing is lost in the one that is shown, and in another something is: that is what one came for.
  const better = firstDatabase(databases, losses)
  useEffect(() => setFirst(better), [better])
  return (
    <div className="wizard look">
      <LookHead {...{ facts, standing }} />
      <div className="look-body">
        <div className="look-left">
          <Notices standing={standing} />
          <AsOfCard {...{ standing, zone }} />
          {asked && database !== '' && (
            <>
              <CompareCard
                key={database}
                {...{ facts, standing, database, zone, ticked, losses }}
                onCounted={note}
                live={liveId}
                onDatabase={choose}
                onLive={(id) => {
                  setLive(id)
                  setTicked([])
                }}
                onTicked={setTicked}
              />
              <QueryCard {...{ jobId, database, databases }} port={standing.port} onDatabase={choose} suggested={ticked[0]} />
            </>
          )}
        </div>
        <div className="look-right">
          <DecideCard {...{ facts, standing, zone, database, ticked }} live={liveId} />
          <StoppedCard {...{ standing, database }} />
        </div>
      </div>
    </div>
  )
}

function LookHead({ facts, standing }: { facts: LookFacts; standing: LookStanding }) {
  const { state, promoted, server, dataDirectory } = standing
  const holds = facts.holds.data
  return (
    <div className="wz-head look-head">
      <h1 tabIndex={-1} data-page-heading>
        Look before deciding
      </h1>
      {state === 'stopped' ? (
        <Chip tone="warning" icon="stop">
          Its server does not run
        </Chip>
      ) : promoted ? (
        <Chip tone="neutral" icon="promote">
          Promoted: a cluster of its own
        </Chip>
      ) : (
        <>
          <Chip tone="accent" icon="pause">
            Paused at the target
          </Chip>
          <Chip tone="pass" icon="lock">
            Read-only, {server} untouched
          </Chip>
        </>
      )}
      <span className="sp" />
      <span className="t3 el look-where" title={dataDirectory}>
        {holds ? `Holds ${formatBytes(holds.bytes)} in ` : 'In '}
        <span className="mono">{dataDirectory}</span>
      </span>
    </div>
  )
}

/** What stands in the way of looking, with the way on. */
function Notices({ standing }: { standing: LookStanding }) {
  const { jobId, state, busy, problem, stopped, bound } = standing
  const [starting, setStarting] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const start = async () => {
    setStarting(true)
    setError(null)
    try {
      const job = await api.look.start({ jobId })
      navigate(placeLink(`/jobs/${encodeURIComponent(job.jobId)}`))
    } catch (cause) {
      setError(shownError(cause))
      setStarting(false)
    }
  }
  return (
    <>
      {busy && (
        <Note>
          <div className="row wr">
            <span className="sp">A job works on it: {said(busy.title)}.</span>
            <Button size="xs" href={placeLink(`/jobs/${encodeURIComponent(busy.jobId)}`)}>
              Show the job
            </Button>
          </div>
        </Note>
      )}
      {state === 'stopped' && !busy && (
        <Note tone="warning">
          <div className="row wr">
            <div className="sp">
              <div className="m">Its server does not run.</div>
              <div className="t2">{stopped}</div>
            </div>
            <Button kind="primary" icon="play" busy={starting} disabled={bound !== ''} onClick={() => void start()}>
              Start its server
            </Button>
          </div>
        </Note>
      )}
      {error && <ErrorNote error={error} />}
      {state !== 'stopped' && problem !== '' && (
        <Note tone="warning">
          <div className="m">Nobody can log in to it from here: {problem}</div>
          <div className="t2">
            Its user and password are those of the backup: put them into the connection it was recovered with, and load this page
            again.
          </div>
        </Note>
      )}
    </>
  )
}
