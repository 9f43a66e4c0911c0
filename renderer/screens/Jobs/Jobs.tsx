// Every job that runs or ran.

import { useState } from 'react'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { isEnded } from '../../../shared/jobs/transitions'
import { Button } from '../../components/Button'
import { CancelJobDialog } from '../../components/CancelJobDialog'
import { PageHead } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { EmptyState, Loading } from '../../components/Feedback'
import { Icon } from '../../components/Icon'
import { jobIcon, jobStateLook, outcomeWords } from '../../components/jobWords'
import { ProgressBar } from '../../components/Progress'
import { SearchField } from '../../components/SearchField'
import { Segmented } from '../../components/Segmented'
import { formatDuration, formatTimeLeft } from '../../format/duration'
import { percentOf, plural } from '../../format/numbers'
import { said } from '../../format/said'
import { formatAgo, formatWhen } from '../../format/time'
import { secondsLeftAt } from '../../stores/jobPace'
import { useJobs } from '../../stores/jobs'
import { navigate, placeLink } from '../../stores/navigation'
import { useNow } from '../../stores/useNow'
import { hasFilter, hasText, type JobFilter, jobFilters, sortJobs } from './jobFilter'
import './jobs.css'

const filterWords: Readonly<Record<JobFilter, string>> = {
  all: 'All',
  active: 'Running',
  succeeded: 'Succeeded',
  problems: 'With problems',
  cancelled: 'Cancelled',
}

/** So many rows at first; older jobs on request, so that thousands of them cost nothing. */
const rowsAtFirst = 200

export default function Jobs() {
  const { jobs, loaded } = useJobs()
  const [filter, setFilter] = useState<JobFilter>('all')
  const [text, setText] = useState('')
  const [limit, setLimit] = useState(rowsAtFirst)
  const [cancelling, setCancelling] = useState<JobSnapshot | null>(null)
  const shown = sortJobs(jobs.filter((job) => hasFilter(job, filter) && hasText(job, text)))
  return (
    <div className="page">
      <PageHead
        title="Jobs"
        actions={
          <div className="row g12">
            <Segmented
              label="State"
              value={filter}
              onChange={setFilter}
              options={jobFilters.map((value) => ({
                value,
                label: `${filterWords[value]} ${jobs.filter((job) => hasFilter(job, value)).length}`,
              }))}
            />
            <SearchField label="Find a job" value={text} onChange={setText} width={216} />
          </div>
        }
      />
      {!loaded && <Loading />}
      {loaded && jobs.length === 0 && (
        <section className="card">
          <EmptyState
            icon="jobs"
            title="Nothing has run yet"
            actions={
              <Button kind="primary" href="#/backup">
                Back up
              </Button>
            }
          >
            Dumps, restores, checks and practice clusters run as jobs. Each keeps its log, its result, and a way to run it again.
          </EmptyState>
        </section>
      )}
      {jobs.length > 0 && (
        <section className="card" aria-label="Jobs">
          <table className="tb jobs-table">
            <thead>
              <tr>
                <th style={{ width: 200 }}>State</th>
                <th>Job</th>
                <th style={{ width: '14%' }}>Server</th>
                <th style={{ width: 230 }}>Started</th>
                <th className="num" style={{ width: 196 }}>
                  Took
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, limit).map((job) => (
                <JobRow key={job.id} job={job} onCancel={() => setCancelling(job)} />
              ))}
              {shown.length === 0 && (
                <tr>
                  <td colSpan={5} className="t3">
                    No job is like that.
                  </td>
                </tr>
              )}
            </tbody>
          </table>
        </section>
      )}
      {shown.length > limit && (
        <div className="row">
          <Button onClick={() => setLimit(limit * 5)}>Show {plural(shown.length - limit, 'older job')}</Button>
        </div>
      )}
      {cancelling && <CancelJobDialog job={cancelling} onClose={() => setCancelling(null)} />}
    </div>
  )
}

function JobRow({ job, onCancel }: { job: JobSnapshot; onCancel: () => void }) {
  const ended = isEnded(job.state)
  const now = useNow(ended ? 60_000 : 1000)
  const look = jobStateLook[job.state]
  const link = placeLink(`/jobs/${encodeURIComponent(job.id)}`)
  const started = job.startedAt ?? job.createdAt
  return (
    // The title is the link; the whole row takes the mouse as well.
    <tr className="click" onClick={() => navigate(link)}>
      <td>
        <Chip tone={look.tone} icon={look.icon}>
          {outcomeWords(job)}
        </Chip>
      </td>
      <td>
        <span className="row">
          <Icon name={jobIcon(job)} className="t3" />
          <a href={link} className="el jobs-title" onClick={(event) => event.stopPropagation()}>
            {said(job.title)}
          </a>
          {job.leftovers.length > 0 && (
            <Chip tone="warning" icon="warn">
              leftovers
            </Chip>
          )}
        </span>
      </td>
      <td className="t2 el">{job.serverLabel}</td>
      <td className="nw tnum">
        {formatWhen(started)} <span className="t3">{ended ? formatAgo(started, new Date(now)) : ''}</span>
      </td>
      <td className="num nw">
        {ended ? <span className="t2">{took(job)}</span> : <Running job={job} now={now} onCancel={onCancel} />}
      </td>
    </tr>
  )
}

function took(job: JobSnapshot): string {
  if (job.endedAt === null || job.startedAt === null) return '–'
  return formatDuration(Date.parse(job.endedAt) - Date.parse(job.startedAt))
}

function Running({ job, now, onCancel }: { job: JobSnapshot; now: number; onCancel: () => void }) {
  const pace = useJobs((state) => state.paces[job.id])
  const left = pace ? secondsLeftAt(pace, now) : null
  const percent = job.progress ? percentOf(job.progress) : undefined
  return (
    <span className="row jobs-running">
      {job.state === 'running' && (
        <span className="sp" title={left === null ? undefined : `${formatTimeLeft(left)} left`}>
          <ProgressBar percent={percent} label={said(job.title)} />
        </span>
      )}
      {percent !== undefined && job.state === 'running' && <span className="b">{percent} %</span>}
      {job.state !== 'cancelling' && (
        <Button
          size="xs"
          aria-label={`Cancel ${said(job.title)}`}
          onClick={(event) => {
            event.stopPropagation()
            onCancel()
          }}
        >
          Cancel
        </Button>
      )}
    </span>
  )
}
