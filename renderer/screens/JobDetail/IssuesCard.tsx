// The problems a job met: by object, by message or in order, each with its statement, its message and what can be done.
import { useState } from 'react'
import type { JobIssue, JobSnapshot } from '../../../shared/jobs/job'
import { Button } from '../../components/Button'
import { Chip } from '../../components/Chip'
import { Icon } from '../../components/Icon'
import { Segmented } from '../../components/Segmented'
import { formatCount, plural } from '../../format/numbers'
import { groupByMessage, groupByObject, type IssueGroup } from './issueGroups'

/** With many objects the rest is folded, so that the list can be looked over. */
const openAtFirst = 5

type Order = 'object' | 'message' | 'order'

export interface IssuesCardProps {
  job: JobSnapshot
  onShowLog: () => void
  onShowLine: (line: number) => void
}

export function IssuesCard({ job, onShowLog, onShowLine }: IssuesCardProps) {
  const [order, setOrder] = useState<Order>('object')
  const counting = job.issues.filter((issue) => issue.harmless === null)
  const harmless = job.issues.filter((issue) => issue.harmless !== null)
  const total = job.errorCount + job.warningCount
  const groups = order === 'object' ? groupByObject(counting) : groupByMessage(counting)
  const title = job.errorCount > 0 ? 'Errors' : 'Warnings'
  const words = { object: 'by object', message: 'by message', order: 'in order' }[order]
  return (
    <section className="card issues" aria-label={`${title} ${words}`}>
      <div className="card-head">
        <h2>
          {title} {words}
        </h2>
        {order !== 'order' && <Chip>{plural(groups.length, order === 'object' ? 'object' : 'message')}</Chip>}
        <span className="sp" />
        <Segmented
          label="Order"
          value={order}
          onChange={setOrder}
          options={[
            { value: 'object', label: 'By object' },
            { value: 'message', label: 'By message' },
            { value: 'order', label: 'In order' },
          ]}
        />
        <Button size="s" onClick={onShowLog}>
          Open log
        </Button>
      </div>
      <div className="issues-scroll">
        {order === 'order'
          ? counting.map((issue, index) => (
              <Issue key={`${index}-${issue.logLine ?? ''}`} issue={issue} withObject onShowLine={onShowLine} />
            ))
          : groups.map((group, index) => (
              <Group
                key={group.key}
                group={group}
                startOpen={index < openAtFirst}
                byObject={order === 'object'}
                onShowLine={onShowLine}
              />
            ))}
        {total > counting.length + harmless.length && (
          <div className="issue t3">
            The first {formatCount(job.issues.length)} of {formatCount(total)} are listed; all of them are in the log.
          </div>
        )}
        {harmless.length > 0 && <Harmless issues={harmless} onShowLine={onShowLine} />}
      </div>
    </section>
  )
}

interface GroupProps {
  group: IssueGroup
  byObject: boolean
  startOpen: boolean
  onShowLine: (line: number) => void
}

function Group({ group, byObject, startOpen, onShowLine }: GroupProps) {
  const [open, setOpen] = useState(startOpen)
  return (
    <div>
      <button type="button" className="issue-group" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} className="t3" />
        {byObject && <Icon name={group.title === '' ? 'db' : 'table'} className="t3" />}
        <span className={group.mono && group.title !== '' ? 'mono b el issue-object' : 'b el'}>
          {group.title === '' ? 'Not of one object' : group.title}
        </span>
        <span className="sp" />
        {group.errors > 0 && (
          <Chip tone="warning" icon="warn">
            {plural(group.errors, 'error')}
          </Chip>
        )}
        {group.warnings > 0 && <Chip>{plural(group.warnings, 'warning')}</Chip>}
      </button>
      {open &&
        group.issues.map((issue, index) => (
          <Issue key={`${index}-${issue.logLine ?? ''}`} issue={issue} withObject={!byObject} onShowLine={onShowLine} />
        ))}
    </div>
  )
}

function Issue({ issue, withObject, onShowLine }: { issue: JobIssue; withObject: boolean; onShowLine: (line: number) => void }) {
  const [statement, setStatement] = useState(false)
  const name = issue.entry === '' ? issue.object : issue.entry
  const { logLine } = issue
  return (
    <div className="issue">
      <div className="row">
        {issue.objectKind !== '' && <Chip tone="outline">{issue.objectKind}</Chip>}
        <span className="mono b el">{name}</span>
        {withObject && issue.object !== '' && issue.object !== name && <span className="t3 el">of {issue.object}</span>}
        {issue.severity === 'warning' && <Chip>warning</Chip>}
      </div>
      <pre className="code">
        {issue.severity === 'error' && !/^error/i.test(issue.message) ? `ERROR:  ${issue.message}` : issue.message}
      </pre>
      {statement && <pre className="code statement">{issue.statement}</pre>}
      <div className="row">
        <span className="t2 sp">{issue.harmless ?? issue.advice}</span>
        {issue.statement !== '' && (
          <Button size="xs" aria-expanded={statement} onClick={() => setStatement(!statement)}>
            {statement ? 'Hide statement' : 'Statement'}
          </Button>
        )}
        {logLine !== null && (
          <Button size="xs" onClick={() => onShowLine(logLine)}>
            Line {formatCount(logLine + 1)} of log
          </Button>
        )}
      </div>
    </div>
  )
}

function Harmless({ issues, onShowLine }: { issues: readonly JobIssue[]; onShowLine: (line: number) => void }) {
  const [open, setOpen] = useState(false)
  return (
    <div>
      <button type="button" className="issue-group" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} className="t3" />
        <Icon name="pass" className="ok" />
        <span className="m">{plural(issues.length, 'message')} known to do no harm</span>
      </button>
      {open &&
        issues.map((issue, index) => (
          <Issue key={`${index}-${issue.logLine ?? ''}`} issue={issue} withObject onShowLine={onShowLine} />
        ))}
    </div>
  )
}
