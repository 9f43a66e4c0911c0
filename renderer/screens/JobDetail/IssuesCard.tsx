// The problems a job met: by object, by message or in order, each with its statement, its message and what can be done.
import { useState } from 'react'
import type { JobIssue, JobSnapshot } from '../../../shared/jobs/job'
import { Button } from '../../components/Button'
import { Chip } from '../../components/Chip'
import { Icon } from '../../components/Icon'
import { Segmented } from '../../components/Segmented'
import { formatCount, plural } from '../../format/numbers'
import { IssueItem, type IssueTools } from './IssueItem'
import { groupByMessage, groupByObject, type IssueGroup } from './issueGroups'
import { RestoredFold } from './RestoredKinds'
import { useConstraintRemedies } from './useConstraintRemedies'

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
  const tools: IssueTools = { onShowLine, remedies: useConstraintRemedies(job) }
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
              <IssueItem key={`${index}-${issue.logLine ?? ''}`} issue={issue} withObject tools={tools} />
            ))
          : groups.map((group, index) => (
              <Group key={group.key} group={group} startOpen={index < openAtFirst} byObject={order === 'object'} tools={tools} />
            ))}
        {total > counting.length + harmless.length && (
          <div className="issue t3">
            The first {formatCount(job.issues.length)} of {formatCount(total)} are listed; all of them are in the log.
          </div>
        )}
        {harmless.length > 0 && <Harmless issues={harmless} tools={{ onShowLine }} />}
      </div>
      {job.result?.restored && <RestoredFold restored={job.result.restored} />}
    </section>
  )
}

interface GroupProps {
  group: IssueGroup
  byObject: boolean
  startOpen: boolean
  tools: IssueTools
}

function Group({ group, byObject, startOpen, tools }: GroupProps) {
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
          <IssueItem key={`${index}-${issue.logLine ?? ''}`} issue={issue} withObject={!byObject} tools={tools} />
        ))}
    </div>
  )
}

function Harmless({ issues, tools }: { issues: readonly JobIssue[]; tools: IssueTools }) {
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
          <IssueItem key={`${index}-${issue.logLine ?? ''}`} issue={issue} withObject tools={tools} />
        ))}
    </div>
  )
}
