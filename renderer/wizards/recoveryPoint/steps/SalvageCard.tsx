// The WAL of a dead cluster that never came into the archive: what is gained by taking it, and the choice to do so.
import { useState } from 'react'
import type { SalvageOffer } from '../../../../shared/contracts/recoveryPoint'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { Tick } from '../../../components/fields'
import { PathField } from '../../../components/PathField'
import { ProgressBar } from '../../../components/Progress'
import { plural } from '../../../format/numbers'
import { said } from '../../../format/said'
import { isAbsolutePath } from '../../dump/draft'
import type { PointDraft } from '../draft'
import type { AskedOffers } from '../useOffers'

interface SalvageCardProps {
  draft: PointDraft
  setDraft: (draft: PointDraft) => void
  offers: AskedOffers
  /** Data directory of the cluster whose place it takes; '' for none. */
  inPlaceOf?: string
  /** Back to the moment, which the choice may have moved. */
  onMoment?: () => void
}

/** Hardly anything to see where no stopped cluster of this machine is the archive's own: that is the usual case. */
export function SalvageCard({ draft, setDraft, offers, inPlaceOf = '', onMoment }: SalvageCardProps) {
  const found = (offers.data?.offers ?? []).filter(({ running, named }) => !running || named)
  const chosenGone = draft.salvage !== '' && offers.data && !found.some(({ dataDirectory }) => dataDirectory === draft.salvage)
  if (offers.error) return <ErrorNote error={offers.error} onRetry={offers.again} />
  if (offers.reading || offers.stopped) return <ReadingCard offers={offers} />
  if (draft.salvage !== '' && !offers.data) return <Loading>Looking at the WAL of the stopped cluster…</Loading>
  if (found.length === 0 && !chosenGone && draft.dead === null) {
    if (!offers.data || onMoment) return null
    return (
      <div>
        <Button kind="ghost" size="s" icon="wal" onClick={() => setDraft({ ...draft, dead: '' })}>
          Salvage the WAL of a dead cluster…
        </Button>
      </div>
    )
  }
  return (
    <Card title="WAL that is not in the archive" padded>
      <div className="col g12">
        {found.map((offer) => (
          <Offer key={offer.dataDirectory} {...{ offer, draft, setDraft }} itsPlace={offer.dataDirectory === inPlaceOf} />
        ))}
        {chosenGone && (
          <Note tone="warning">
            <div className="row wr">
              <span className="sp">
                <span className="mono wrap">{draft.salvage}</span> is not there any more, or its server runs.
              </span>
              <Button size="s" onClick={() => setDraft({ ...draft, salvage: '' })}>
                Go on without its WAL
              </Button>
            </div>
          </Note>
        )}
        {(!onMoment || (draft.dead !== null && draft.dead !== inPlaceOf)) && (
          <DeadFolder key={draft.dead ?? ''} {...{ draft, setDraft }} />
        )}
        {onMoment && draft.salvage !== '' && (
          <div className="row wr">
            <span className="t2 sp">A moment in the salvaged WAL can be chosen now.</span>
            <Button size="s" onClick={onMoment}>
              Look at the moment again
            </Button>
          </div>
        )}
      </div>
    </Card>
  )
}

/** A large one is read for the first time: a minute for some gigabytes. */
function ReadingCard({ offers: { reading, stop, again } }: Pick<SalvageCardProps, 'offers'>) {
  return (
    <Card title="WAL that is not in the archive" padded>
      {reading ? (
        <div className="col g8">
          <div role="status" className="t2">
            {reading.what === 'files' ? 'Looking at the files in pg_wal of' : 'Reading the WAL of'} {reading.name}:{' '}
            {reading.what === 'files' ? 'file' : 'segment'} {Math.min(reading.done + 1, reading.total)} of {reading.total}
          </div>
          <ProgressBar percent={Math.floor((100 * reading.done) / Math.max(1, reading.total))} label="Read so far" />
          <div>
            <Button size="s" onClick={stop}>
              Stop reading
            </Button>
          </div>
        </div>
      ) : (
        <div className="row wr">
          <span className="t2 sp">The WAL of stopped clusters was not looked at to its end.</span>
          <Button size="s" onClick={again}>
            Look again
          </Button>
        </div>
      )}
    </Card>
  )
}

/** One that died in a folder which nothing on this machine names. */
function DeadFolder({ draft, setDraft }: Pick<SalvageCardProps, 'draft' | 'setDraft'>) {
  const [path, setPath] = useState(draft.dead ?? '')
  if (draft.dead === null) {
    return (
      <div>
        <Button kind="ghost" size="s" onClick={() => setDraft({ ...draft, dead: '' })}>
          Look in another data directory…
        </Button>
      </div>
    )
  }
  const wanted = path.trim()
  const look = () => {
    if (isAbsolutePath(wanted)) setDraft({ ...draft, dead: wanted })
  }
  return (
    <div className="col g8">
      <PathField
        label="Data directory of the dead cluster"
        value={path}
        onChange={setPath}
        onEnter={look}
        placeholder="/srv/postgres/data"
      />
      {wanted !== draft.dead && (
        <div>
          <Button size="s" onClick={look} disabled={!isAbsolutePath(wanted)}>
            Look there
          </Button>
        </div>
      )}
    </div>
  )
}

interface OfferProps extends Pick<SalvageCardProps, 'draft' | 'setDraft'> {
  offer: SalvageOffer
  itsPlace: boolean
}

function Offer({ offer, draft, setDraft, itsPlace }: OfferProps) {
  const { name, dataDirectory, walFolder, problem, files, warnings, says, without } = offer
  const checked = draft.salvage === dataDirectory
  if (problem !== '') {
    return (
      <Note tone="warning">
        <div className="row wr">
          <span className="sp">
            Nothing can be salvaged from {name}: {problem}
          </span>
          {checked && (
            <Button size="s" onClick={() => setDraft({ ...draft, salvage: '' })}>
              Go on without its WAL
            </Button>
          )}
        </div>
      </Note>
    )
  }
  if (files.length === 0) {
    return (
      <p className="t2">
        {name} is stopped. {said(says)}
      </p>
    )
  }
  return (
    <div className="col g8">
      <Tick
        checked={checked}
        onChange={(take) => setDraft({ ...draft, salvage: take ? dataDirectory : '' })}
        help={
          <>
            {plural(files.length, 'file')} of <span className="mono wrap">{walFolder}</span> {files.length === 1 ? 'is' : 'are'}{' '}
            copied, and that folder stays as it is. {said(says)}
          </>
        }
      >
        Salvage the WAL of {name}
      </Tick>
      {itsPlace && !checked && (
        <Note tone="warning">
          Without it what was committed after {said(without?.reaches ?? 'the end of the archive')} will not be in the recovered
          cluster.
        </Note>
      )}
      {warnings.map((warning) => (
        <Note key={warning} tone="warning">
          {said(warning)}
        </Note>
      ))}
    </div>
  )
}
