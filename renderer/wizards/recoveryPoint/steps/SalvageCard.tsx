// The WAL of a dead cluster that never came into the archive: what is gained by taking it, and the choice to do so.

import type { SalvageOffer } from '../../../../shared/contracts/recoveryPoint'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { Tick } from '../../../components/fields'
import { plural } from '../../../format/numbers'
import { said } from '../../../format/said'
import type { Asked } from '../../../wizard/useAsk'
import type { PointDraft } from '../draft'

interface SalvageCardProps {
  draft: PointDraft
  setDraft: (draft: PointDraft) => void
  offers: Asked<{ offers: SalvageOffer[] }>
  /** Data directory of the cluster whose place it takes; '' for none. */
  inPlaceOf?: string
  /** Back to the moment, which the choice may have moved. */
  onMoment?: () => void
}

/** Nothing to see where no stopped cluster of this machine is the archive's own: that is the usual case. */
export function SalvageCard({ draft, setDraft, offers, inPlaceOf = '', onMoment }: SalvageCardProps) {
  const found = (offers.data?.offers ?? []).filter(({ running }) => !running)
  const chosenGone = draft.salvage !== '' && offers.data && !found.some(({ dataDirectory }) => dataDirectory === draft.salvage)
  if (offers.error) return <ErrorNote error={offers.error} onRetry={offers.again} />
  if (draft.salvage !== '' && !offers.data) return <Loading>Looking at the WAL of the stopped cluster…</Loading>
  if (found.length === 0 && !chosenGone) return null
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
        Nothing can be salvaged from {name}: {problem}
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
            {plural(files.length, 'file')} of <span className="mono wrap">{walFolder}</span> are copied, and that folder stays as
            it is. {said(says)}
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
