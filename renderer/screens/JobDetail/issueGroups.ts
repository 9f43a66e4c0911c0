// Groups the problems of a job by the object they concern, or by what they say. Pure.
import type { JobIssue } from '../../../shared/jobs/job'

export interface IssueGroup {
  key: string
  /** `sales.orders`, or the message; empty for what belongs to no object. */
  title: string
  mono: boolean
  issues: JobIssue[]
  errors: number
  warnings: number
}

/** Names and numbers out, so that `role "bob" does not exist` and `role "eve" does not exist` are one message. */
export function messagePattern(message: string): string {
  const first = message.split('\n')[0] ?? ''
  return first.replace(/"[^"]*"/g, '"…"').replace(/\b\d+\b/g, '…')
}

function grouped(issues: readonly JobIssue[], keyOf: (issue: JobIssue) => string, mono: boolean): IssueGroup[] {
  const groups = new Map<string, IssueGroup>()
  for (const issue of issues) {
    const key = keyOf(issue)
    const group = groups.get(key) ?? { key, title: key, mono, issues: [], errors: 0, warnings: 0 }
    group.issues.push(issue)
    if (issue.severity === 'error') group.errors += 1
    else group.warnings += 1
    groups.set(key, group)
  }
  return [...groups.values()].sort((a, b) => b.errors - a.errors || b.warnings - a.warnings)
}

export function groupByObject(issues: readonly JobIssue[]): IssueGroup[] {
  return grouped(issues, (issue) => issue.object, true)
}

/** One group of one message has that message in full as its title. */
export function groupByMessage(issues: readonly JobIssue[]): IssueGroup[] {
  return grouped(issues, (issue) => messagePattern(issue.message), false).map((group) => ({
    ...group,
    title: group.issues.length === 1 ? (group.issues[0]?.message.split('\n')[0] ?? group.key) : group.key,
  }))
}
