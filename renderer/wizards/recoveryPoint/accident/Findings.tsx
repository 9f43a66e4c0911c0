// What was found, the greatest loss first; each one puts the cursor just before it. And what is not known, said beside it.
import type { AccidentFinding, AccidentRequest, AccidentResult } from '../../../../shared/contracts/accident'
import { Button } from '../../../components/Button'
import { Chip } from '../../../components/Chip'
import { ErrorNote } from '../../../components/Feedback'
import { Icon } from '../../../components/Icon'
import { ProgressBar } from '../../../components/Progress'
import { formatCount, formatDone, percentOf, plural } from '../../../format/numbers'
import { fullMoment, momentText, type ZoneName } from '../../../format/zone'
import { api } from '../../../rpc/api'
import { setAccidentSearch, useAccidentSearch } from '../../../stores/accident'
import { findingLook, findingWords, subjectOf } from './findingWords'
import { longerSpan, spanOf, spans } from './spans'
import type { Accident } from './useAccident'

interface FindingsProps {
  accident: Accident
  request: AccidentRequest
  zone: ZoneName
  onChoose: (finding: AccidentFinding) => void
}

export function Findings({ accident, request, zone, onChoose }: FindingsProps) {
  const { result, job, error, again } = accident
  const { subject, hours } = request
  const what = subject.kind === 'table' ? `${subject.schema}.${subject.name}` : 'Dropped or truncated tables'
  const longer = longerSpan(hours)
  return (
    <div className="ac-found">
      <div className="ac-head">
        <span className={subject.kind === 'table' ? 'mono m el' : 'm el'}>{what}</span>
        {subject.kind === 'table' && <span className="t3 sm nw">in {subject.database}</span>}
        <span className="sp" />
        <span className="t2 sm nw">
          {spans.find(({ value }) => value === spanOf(hours))?.label}
          {request.salvage ? ', salvaged WAL too' : ''}
        </span>
        {longer && !result?.reachesBeginning && (
          <Button
            size="xs"
            onClick={() => setAccidentSearch({ request: { ...request, hours: longer.hours }, hours: longer.hours })}
          >
            Search {longer.label}
          </Button>
        )}
      </div>
      {error ? (
        <div className="ac-pad">
          <ErrorNote error={error} onRetry={again} />
        </div>
      ) : result ? (
        <List {...{ result, zone, onChoose }} />
      ) : (
        <div className="ac-pad col g8" role="status">
          <span className="t2">
            {job?.progress ? `Reading WAL: ${formatDone(job.progress)}, ${job.progress.label}` : 'Reading WAL…'}
          </span>
          <ProgressBar percent={job?.progress ? percentOf(job.progress) : undefined} label="Search" />
          {job && (
            <div className="row">
              <Button size="xs" onClick={() => void api.jobs.cancel({ jobId: job.id })}>
                Cancel
              </Button>
              <a className="sm" href={`#/jobs/${encodeURIComponent(job.id)}`}>
                Its page
              </a>
            </div>
          )}
        </div>
      )}
    </div>
  )
}

function List({ result, zone, onChoose }: Pick<FindingsProps, 'zone' | 'onChoose'> & { result: AccidentResult }) {
  const { findings, notes } = result
  return (
    <div className="ac-scroll" tabIndex={0} role="region" aria-label="Findings">
      <p className="sr" role="status">
        {plural(findings.length, 'finding')}
      </p>
      {findings.length === 0 && (
        <p className="ac-pad t2">No commit deleted, truncated or dropped anything of it in {searchedWords(result, zone)}.</p>
      )}
      <ul>
        {findings.map((finding) => (
          <Finding key={finding.lsn} {...{ finding, result, zone, onChoose }} />
        ))}
      </ul>
      {(findings.length > 0 || notes.length > 0) && (
        <div className="ac-notes t2 sm">
          {findings.length > 0 && <p>{summary(result, zone)}</p>}
          {notes.map((note) => (
            <p key={note} className="row top g4">
              <Icon name="info" size={14} className="acc" />
              <span className="wrap">{note}</span>
            </p>
          ))}
        </div>
      )}
    </div>
  )
}

function searchedWords({ fromTime, toTime, segments }: AccidentResult, zone: ZoneName): string {
  const read = plural(segments, 'segment')
  if (fromTime === null || toTime === null) return `${read} without a commit`
  return `${read}, ${momentText(fromTime, zone).day} ${momentText(fromTime, zone).clock} to ${momentText(toTime, zone).day} ${momentText(toTime, zone).clock} ${momentText(toTime, zone).offset}`
}

function summary(result: AccidentResult, zone: ZoneName): string {
  const { others, totals, seconds, subject } = result
  const rest =
    others === 0
      ? ''
      : subject === 'removed tables'
        ? `, and ${plural(others, 'other commit')}`
        : `, and ${plural(others, 'smaller transaction')}`
  const rows =
    subject === 'removed tables'
      ? ''
      : ` In all ${formatCount(totals.deleted)} deleted, ${formatCount(totals.inserted)} inserted, ${formatCount(totals.updated)} updated rows.`
  return `Searched ${searchedWords(result, zone)}, in ${seconds} s${rest}.${rows}`
}

interface FindingProps extends Pick<FindingsProps, 'zone' | 'onChoose'> {
  finding: AccidentFinding
  result: AccidentResult
}

function Finding({ finding, result, zone, onChoose }: FindingProps) {
  const chosen = useAccidentSearch((state) => state.chosen === finding.lsn)
  const { word, tone, icon } = findingLook[finding.kind]
  const subject = subjectOf(finding, result)
  const moment = momentText(finding.time, zone)
  const before = finding.beganEarlier ? ' It began before what was searched: there may be more.' : ''
  return (
    <li>
      <button
        type="button"
        className={chosen ? 'ac-finding on' : 'ac-finding'}
        aria-pressed={chosen}
        onClick={() => onChoose(finding)}
      >
        <Chip tone={tone} icon={icon}>
          {word}
        </Chip>
        <span className="col ac-what">
          <span className="m wrap">
            {subject !== null && subject !== '' && <span className={finding.tables.length > 0 ? 'mono' : 't2'}>{subject}: </span>}
            {findingWords(finding)}
          </span>
          <span className="t2 sm" title={`${fullMoment(finding.time, zone)}, ${finding.lsn}`}>
            {moment.day} <span className="mono">{moment.time}</span> {moment.offset}, transaction{' '}
            <span className="mono">{finding.xid}</span>
            {before !== '' && <span className="warn">.{before}</span>}
          </span>
        </span>
        <span className="ac-go sm m nw">{chosen ? 'cursor here' : 'go just before'}</span>
      </button>
    </li>
  )
}
