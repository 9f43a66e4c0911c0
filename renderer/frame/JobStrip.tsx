// The strip at the bottom: what runs, how far it is, and a way to cancel it, on every page.

import { useState } from 'react'
import type { LookListed } from '../../shared/contracts/look'
import type { JobSnapshot } from '../../shared/jobs/job'
import { isEnded } from '../../shared/jobs/transitions'
import { Button } from '../components/Button'
import { CancelJobDialog } from '../components/CancelJobDialog'
import { Chip } from '../components/Chip'
import { Icon } from '../components/Icon'
import { jobIcon, jobStateLook, outcomeWords } from '../components/jobWords'
import { ProgressBar } from '../components/Progress'
import { formatTimeLeft } from '../format/duration'
import { formatDone, formatRate, percentOf, plural } from '../format/numbers'
import { said } from '../format/said'
import { formatAgo, formatWhen } from '../format/time'
import { rateAt, secondsLeftAt } from '../stores/jobPace'
import { useJobs } from '../stores/jobs'
import { useLooks } from '../stores/looks'
import { useNow } from '../stores/useNow'

/** So many get a place of their own; the rest is a number. */
const shownJobs = 2

export function JobStrip() {
  const jobs = useJobs((state) => state.jobs)
  const waiting = useLooks((state) => state.looks).filter(waitsForYou)
  const [cancelling, setCancelling] = useState<JobSnapshot | null>(null)
  const active = jobs.filter((job) => !isEnded(job.state)).sort((a, b) => a.createdAt.localeCompare(b.createdAt))
  const running = active.filter((job) => job.state !== 'queued')
  const shown = [...running, ...active.filter((job) => job.state === 'queued')].slice(0, shownJobs)
  return (
    <footer className="jobs" aria-label="Running jobs">
      {shown.map((job, index) => (
        <StripJob key={job.id} job={job} divided={index > 0} short={shown.length > 1} onCancel={() => setCancelling(job)} />
      ))}
      {active.length > shown.length && <span className="t2 nw">and {active.length - shown.length} more</span>}
      <WaitingLooks divided={active.length > 0} short={active.length > 1} />
      {active.length === 0 && waiting.length === 0 && <LastOutcome jobs={jobs} />}
      <span className="sp" />
      <a className="all-jobs" href="#/jobs">
        All jobs
        <Icon name="right" />
      </a>
      {cancelling && <CancelJobDialog job={cancelling} onClose={() => setCancelling(null)} />}
    </footer>
  )
}

const waitsForYou = ({ state, promoted }: LookListed) => state === 'paused' && !promoted

/** Recovered clusters at their moment: nothing of them runs as a job, and they wait all the same. */
function WaitingLooks({ divided, short }: { divided: boolean; short: boolean }) {
  const looks = useLooks((state) => state.looks).filter(waitsForYou)
  const [first] = looks
  if (!first) return null
  return (
    <>
      {divided && <span className="div" />}
      <a className="strip-job" href={`#/look/${encodeURIComponent(first.jobId)}`}>
        <Icon name="restore" className="acc" />
        <span className={short ? 'hidden-text' : 'b el'}>Recovery of {first.server}</span>
        <Chip tone="accent" icon="pause">
          {short ? 'Waits for you' : 'Paused, waits for you'}
        </Chip>
      </a>
      {looks.length > 1 && <span className="t2 nw">and {looks.length - 1} more</span>}
    </>
  )
}

function StripJob({
  job,
  divided,
  short,
  onCancel,
}: {
  job: JobSnapshot
  divided: boolean
  short: boolean
  onCancel: () => void
}) {
  const pace = useJobs((state) => state.paces[job.id])
  const now = useNow(1000)
  const percent = job.progress ? percentOf(job.progress) : undefined
  const rate = pace ? rateAt(pace, now) : null
  const left = pace ? secondsLeftAt(pace, now) : null
  const step = job.steps.find((candidate) => candidate.state === 'running')
  const words =
    job.endless === true
      ? standingWords(job)
      : [
          job.progress ? formatDone(job.progress) : (step?.label ?? jobStateLook[job.state].word),
          !short && job.progress && rate !== null && rate > 0 ? formatRate(rate, job.progress.unit) : '',
          left === null ? '' : `${formatTimeLeft(left)} left`,
        ].filter((part) => part !== '')
  return (
    <>
      {divided && <span className="div" />}
      <a className="strip-job" href={`#/jobs/${encodeURIComponent(job.id)}`}>
        <Icon name={jobIcon(job)} className="acc" />
        <span className="b el">{said(job.title)}</span>
      </a>
      {job.state === 'running' && job.endless !== true && (
        <ProgressBar percent={percent} label={said(job.title)} className="strip-bar" />
      )}
      <span className="strip-words el">
        {percent !== undefined && job.state === 'running' && <span className="b">{percent} %</span>}
        <span className="t2">
          {percent !== undefined && job.state === 'running' && ' · '}
          {job.state === 'running' ? words.join(' · ') : `${jobStateLook[job.state].word}…`}
        </span>
      </span>
      {job.state !== 'cancelling' && (
        <Button size="xs" onClick={onCancel} aria-label={`${job.endless === true ? 'Stop' : 'Cancel'} ${said(job.title)}`}>
          {job.endless === true ? 'Stop' : 'Cancel'}
        </Button>
      )}
    </>
  )
}

/** An endless job has no end to be near: its position, or what keeps it. */
function standingWords({ standing }: JobSnapshot): string[] {
  if (standing === undefined) return ['Starting']
  return standing.state === 'trying' ? [standing.words] : [standing.position]
}

const toneColour = { pass: 'ok', warning: 'warn', blocker: 'err', accent: 'acc', neutral: 't3', outline: 't3' } as const

function LastOutcome({ jobs }: { jobs: readonly JobSnapshot[] }) {
  const now = useNow(30_000)
  const last = jobs.filter((job) => job.endedAt !== null).sort((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''))[0]
  if (!last || last.endedAt === null) return <span className="t3">No job is running.</span>
  const look = jobStateLook[last.state]
  return (
    <span className="row el">
      <span className="t3 nw">No job is running. Last:</span>
      <a className="strip-job" href={`#/jobs/${encodeURIComponent(last.id)}`}>
        <Icon name={look.icon} className={toneColour[look.tone]} />
        <span className="m el">{said(last.title)}</span>
      </a>
      <span className="t2 el" title={formatWhen(last.endedAt)}>
        {outcomeWords(last).toLowerCase()}, {formatAgo(last.endedAt, new Date(now))}
        {last.leftovers.length > 0 ? `, left ${plural(last.leftovers.length, 'thing')} behind` : ''}
      </span>
    </span>
  )
}
