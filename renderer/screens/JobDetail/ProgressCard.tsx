// How far a running job is: the percentage, the bar, the rate, the time left, when it last moved, and its phases.

import type { JobSnapshot } from '../../../shared/jobs/job'
import { Icon } from '../../components/Icon'
import { ProgressBar, Sparkline } from '../../components/Progress'
import { formatDuration, formatTimeLeft } from '../../format/duration'
import { formatDone, formatRate, percentOf } from '../../format/numbers'
import { said } from '../../format/said'
import { formatClock } from '../../format/time'
import { rateAt, secondsLeftAt } from '../../stores/jobPace'
import { useJobs } from '../../stores/jobs'
import { useNow } from '../../stores/useNow'
import { PhaseBar } from './PhasesCard'

/** Nothing moved for so long: said in words, with what may be the reason. */
const stalledAfterMs = 60_000

export function ProgressCard({ job }: { job: JobSnapshot }) {
  const pace = useJobs((state) => state.paces[job.id])
  const moved = useJobs((state) => state.moves[job.id])
  const now = useNow(500)
  const percent = job.progress ? percentOf(job.progress) : undefined
  const rate = pace ? rateAt(pace, now) : null
  const left = pace ? secondsLeftAt(pace, now) : null
  const stepIndex = job.steps.findIndex((step) => step.state === 'running')
  const step = job.steps[stepIndex]
  const heading =
    job.state === 'queued'
      ? 'Waits until another job has ended'
      : job.state === 'cancelling'
        ? 'Stopping'
        : (step?.label ?? 'Starting')
  return (
    <section className="card progress-card" aria-label="Progress">
      <div className="stats tnum">
        <div>
          <div className="percent">{percent === undefined ? '–' : `${percent} %`}</div>
          <div className="t3 sm">{stepIndex === -1 ? '' : `phase ${stepIndex + 1} of ${job.steps.length}`}</div>
        </div>
        <div className="col">
          <div className="row progress-head">
            <span className="b nw">{heading}</span>
            <span className="t3 mono el sp">{said(job.progress?.label ?? '')}</span>
            <span className="t2 nw">{job.progress ? formatDone(job.progress) : ''}</span>
          </div>
          <ProgressBar percent={job.state === 'queued' ? 0 : percent} label={heading} height={10} />
          <div className="row sm progress-foot">
            <Moved job={job} moved={moved} now={now} />
          </div>
        </div>
        <div>
          <div className="row sm">
            <span className="t3">Rate</span>
            <span className="sp" />
            <span className="b">{rate === null || job.progress === null ? '–' : formatRate(rate, job.progress.unit)}</span>
          </div>
          <Sparkline values={pace?.history ?? []} />
        </div>
        <div>
          <div className="t3 sm">Time left</div>
          <div className="left">{left === null ? '–' : formatTimeLeft(left)}</div>
          <div className="t3 sm">
            {left === null ? 'not known yet' : `ends about ${formatClock(new Date(now + left * 1000).toISOString()).slice(0, 8)}`}
          </div>
        </div>
      </div>
      <PhaseBar steps={job.steps} />
    </section>
  )
}

function Moved({ job, moved, now }: { job: JobSnapshot; moved: number | undefined; now: number }) {
  if (job.state === 'queued' || moved === undefined)
    return <span className="t3">{job.state === 'queued' ? 'It starts by itself.' : ' '}</span>
  const still = Math.max(0, now - moved)
  if (still < stalledAfterMs) {
    return (
      <span className="row g4 ok">
        <Icon name="jobs" size={14} />
        Moved {formatDuration(still)} ago
      </span>
    )
  }
  return (
    <span className="row g4 warn" role="status">
      <Icon name="warn" size={14} />
      Nothing has moved for {formatDuration(still)}. It may wait for a lock or for the network: the last lines of the log say what
      it was doing.
    </span>
  )
}
