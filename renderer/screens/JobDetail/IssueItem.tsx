// One problem of a job: what it is about, its message and its statement, and what can be done about it from here.
import { type ReactNode, useState } from 'react'
import type { JobIssue } from '../../../shared/jobs/job'
import { Button } from '../../components/Button'
import { Chip } from '../../components/Chip'
import { formatCount } from '../../format/numbers'

/** What a card knows of its problems beyond their text. */
export interface IssueTools {
  onShowLine: (line: number) => void
  /** Buttons for what can be done about this one, and what was done. */
  remedies?: (issue: JobIssue) => { buttons: ReactNode; done: string } | null
}

export function IssueItem({ issue, withObject, tools }: { issue: JobIssue; withObject: boolean; tools: IssueTools }) {
  const [statement, setStatement] = useState(false)
  const name = issue.entry === '' ? issue.object : issue.entry
  const { logLine } = issue
  const remedies = tools.remedies?.(issue)
  return (
    <div className="issue">
      <div className="row">
        {issue.objectKind !== '' && <Chip tone="outline">{issue.objectKind}</Chip>}
        <span className="mono b el">{name}</span>
        {withObject && issue.object !== '' && issue.object !== name && <span className="t3 el">of {issue.object}</span>}
        {issue.severity === 'warning' && <Chip>warning</Chip>}
        {remedies != null && remedies.done !== '' && (
          <Chip tone="pass" icon="check">
            {remedies.done}
          </Chip>
        )}
      </div>
      <pre className="code">
        {issue.severity === 'error' && !/^error/i.test(issue.message) ? `ERROR:  ${issue.message}` : issue.message}
      </pre>
      {statement && <pre className="code statement">{issue.statement}</pre>}
      <div className="issue-foot">
        <span className="t2 issue-advice">{issue.harmless ?? issue.advice}</span>
        <div className="row wr issue-buttons">
          {remedies?.buttons}
          {issue.statement !== '' && (
            <Button size="xs" aria-expanded={statement} onClick={() => setStatement(!statement)}>
              {statement ? 'Hide statement' : 'Statement'}
            </Button>
          )}
          {logLine !== null && (
            <Button size="xs" onClick={() => tools.onShowLine(logLine)}>
              Line {formatCount(logLine + 1)} of log
            </Button>
          )}
        </div>
      </div>
    </div>
  )
}
