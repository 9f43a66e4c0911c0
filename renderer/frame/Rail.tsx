// The rail: the places of the window, with the number of running jobs.
import { Fragment } from 'react'
import { isEnded } from '../../shared/jobs/transitions'
import { Icon } from '../components/Icon'
import { Tooltip } from '../components/Tooltip'
import { type RailPlace, railPlaces } from '../routes'
import { useJobs } from '../stores/jobs'

export function Rail({ place, mini }: { place: RailPlace | undefined; mini: boolean }) {
  const running = useJobs((state) => state.jobs.filter((job) => !isEnded(job.state)).length)
  return (
    <nav className="rail" aria-label="Places">
      <div className="brand">
        <svg width="24" height="24" viewBox="0 0 24 24" fill="none" aria-hidden="true">
          <rect width="24" height="24" rx="6" fill="#1C7D8F" />
          <path d="M11.2 7 6 12l5.2 5V7zM18 7l-5.2 5 5.2 5V7z" fill="#fff" />
        </svg>
        <span>Walkback</span>
      </div>
      {railPlaces.map((item) => {
        const counts = item.place === 'jobs' && running > 0
        const link = (
          <a
            href={`#${item.path}`}
            className={`${item.place === place ? 'on' : ''}${item.place === 'settings' ? ' last' : ''}`}
            aria-current={item.place === place ? 'page' : undefined}
            aria-label={mini ? (counts ? `${item.title}, ${running} running` : item.title) : undefined}
          >
            <Icon name={item.icon} size={20} />
            <span>{item.title}</span>
            {counts && (
              <span className="count">
                {running}
                <span className="hidden-text"> running</span>
              </span>
            )}
          </a>
        )
        return mini ? (
          <Tooltip key={item.place} title={item.title} placement="right">
            {link}
          </Tooltip>
        ) : (
          <Fragment key={item.place}>{link}</Fragment>
        )
      })}
    </nav>
  )
}
