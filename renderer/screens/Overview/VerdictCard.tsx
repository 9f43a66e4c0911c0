// The first card: protected or not, what would be lost, what to look at, and the one next step.
import { Button } from '../../components/Button'
import { Chip } from '../../components/Chip'
import { Icon } from '../../components/Icon'
import { plural } from '../../format/numbers'
import { placeLink } from '../../stores/navigation'
import type { Verdict } from './protection'

const icon = { pass: 'overview', warning: 'warn', blocker: 'block' } as const
const shownConcerns = 4

export function VerdictCard({ verdict }: { verdict: Verdict }) {
  const { next, concerns } = verdict
  const link =
    next === null
      ? ''
      : next.kind === 'dump'
        ? placeLink('/backup/dump', { database: next.database })
        : placeLink(next.set ? '/restore/cluster' : '/restore/dump', { path: next.path })
  return (
    <section className="card verdict" aria-label="Verdict">
      <div className={`shield ${verdict.tone}`}>
        <Icon name={icon[verdict.tone]} size={28} strokeWidth={1.4} />
      </div>
      <div className="sp">
        <h1 tabIndex={-1} data-page-heading>
          {verdict.title}
        </h1>
        <div className="t2">{verdict.loss}</div>
        {concerns.length > 0 && (
          <div className="row wr concerns">
            {concerns.slice(0, shownConcerns).map((concern) => (
              <Chip key={concern} tone="warning" icon="warn">
                {concern}
              </Chip>
            ))}
            {concerns.length > shownConcerns && <Chip>and {plural(concerns.length - shownConcerns, 'more', 'more')}</Chip>}
          </div>
        )}
      </div>
      {next !== null && (
        <div className="next">
          <Button kind="primary" size="l" href={link}>
            {next.label}
          </Button>
          <div className="sm t3">{next.note}</div>
        </div>
      )}
    </section>
  )
}
