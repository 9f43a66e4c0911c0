// A job's page: while it runs, how far it is and its log; when it has ended, how it honestly came out.

import { useEffect, useState } from 'react'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { isEnded } from '../../../shared/jobs/transitions'
import { PageHead } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { CommandList } from '../../components/CommandBlock'
import { EmptyState, ErrorNote, Loading } from '../../components/Feedback'
import { jobStateLook } from '../../components/jobWords'
import { formatDuration } from '../../format/duration'
import { said } from '../../format/said'
import { formatClock, formatWhen } from '../../format/time'
import type { ScreenProps } from '../../routes'
import { placeLink, replacePlace } from '../../stores/navigation'
import { useNow } from '../../stores/useNow'
import { IssuesCard } from './IssuesCard'
import { JobActions } from './JobActions'
import { KeptCard } from './KeptCard'
import { LeftSlotCard, leftSlotOf } from './LeftSlotCard'
import { LogCard } from './LogCard'
import { OutcomeBanner } from './OutcomeBanner'
import { PhasesCard } from './PhasesCard'
import { ProgressCard } from './ProgressCard'
import { RestoredCard } from './RestoredKinds'
import { RowCheckCard } from './RowCheckCard'
import { ResultCard, WritesCard } from './SideCards'
import { StandingCard } from './StandingCard'
import { useJobDetail } from './useJobDetail'
import './job.css'

export default function JobDetail({ params, query }: ScreenProps) {
  const id = params.id ?? ''
  const { job, error } = useJobDetail(id)
  const title = job && said(job.title)
  useEffect(() => {
    if (title !== undefined) document.title = `${title} – Walkback`
  }, [title])
  if (job) return <JobPage job={job} line={query.get('line')} view={query.get('view')} />
  return (
    <div className="page">
      <PageHead title="Job" />
      {error === null ? (
        <Loading />
      ) : error.code === 'not_found' ? (
        <EmptyState icon="jobs" title="There is no such job" actions={<a href="#/jobs">All jobs</a>}>
          It was removed from the list, or the link is from another machine.
        </EmptyState>
      ) : (
        <ErrorNote error={error} />
      )}
    </div>
  )
}

type View = 'issues' | 'log'

function JobPage({ job, line, view: wanted }: { job: JobSnapshot; line: string | null; view: string | null }) {
  const ended = isEnded(job.state)
  const hasIssues = job.issues.length > 0
  const view: View = hasIssues && wanted !== 'log' && line === null && (ended || wanted === 'issues') ? 'issues' : 'log'
  const leftSlot = leftSlotOf(job)
  const [focus, setFocus] = useState<{ line: number } | null>(line === null ? null : { line: Number(line) })
  const show = (next: View, at?: number) => {
    setFocus(at === undefined ? null : { line: at })
    replacePlace(
      placeLink(`/jobs/${encodeURIComponent(job.id)}`, { view: next, ...(at === undefined ? {} : { line: String(at) }) }),
    )
  }
  return (
    <div className={`page job-page${ended ? ' ended' : ''}`}>
      <JobHead job={job} />
      {ended ? <OutcomeBanner job={job} /> : job.endless === true ? <StandingCard job={job} /> : <ProgressCard job={job} />}
      <div className="job-two">
        {view === 'issues' ? (
          <IssuesCard job={job} onShowLog={() => show('log')} onShowLine={(at) => show('log', at)} />
        ) : (
          <LogCard
            key={job.id}
            jobId={job.id}
            running={!ended}
            lines={job.logLines}
            focus={focus}
            {...(hasIssues ? { onShowIssues: () => show('issues') } : {})}
          />
        )}
        <div className="col g12 job-side">
          {ended && <ResultCard job={job} />}
          {ended && job.result?.kept && <KeptCard job={job} name={job.result.kept.database} />}
          {leftSlot !== null && <LeftSlotCard job={job} name={leftSlot} />}
          {job.result?.rowCheck && <RowCheckCard check={job.result.rowCheck} />}
          {ended && <PhasesCard steps={job.steps} />}
          {job.result?.restored && !hasIssues && <RestoredCard restored={job.result.restored} />}
          {(!ended || job.commands.length > 0) && <CommandList commands={job.commands} width={40} />}
          <WritesCard job={job} />
        </div>
      </div>
    </div>
  )
}

function JobHead({ job }: { job: JobSnapshot }) {
  const ended = isEnded(job.state)
  const now = useNow(1000, !ended)
  const look = jobStateLook[job.state]
  const started = job.startedAt
  return (
    <PageHead title={said(job.title)} actions={<JobActions job={job} />}>
      {!ended && (
        <Chip tone={look.tone} icon={look.icon}>
          {look.word}
        </Chip>
      )}
      <span className="t3 nw tnum">
        {job.serverLabel === '' ? '' : `${job.serverLabel}, `}
        {ended
          ? `started ${formatWhen(started ?? job.createdAt)}`
          : started === null
            ? `since ${formatClock(job.createdAt)}, waits for its turn`
            : `since ${formatClock(started)}, ${formatDuration(Math.max(0, now - Date.parse(started))).replace(/\.\d s/, ' s')}`}
      </span>
    </PageHead>
  )
}
