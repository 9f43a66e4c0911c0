// Puts in words what came of a copy: one sentence of what was proved, and the numbers.
import type { JobFact, JobIssue, JobResult, RowCheck } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import type { PipePlan } from './planPipe'

export interface CopyOutcome {
  plan: PipePlan
  /** The name it has now. */
  database: string
  moved: { bytes: number; harmless: number; exit: string }
  /** null when rows were not to be compared. */
  check: RowCheck | null
  issues: readonly JobIssue[]
  durationMs: number
}

export function describe(outcome: CopyOutcome): JobResult {
  const { plan, database, moved, check } = outcome
  const fact = (label: string, value: string, mono = false): JobFact => ({ label, value, mono })
  return {
    headline: headline(outcome),
    facts: [
      fact('From', `${plan.request.database} on ${plan.source.connection.label}`),
      fact('Into', `${database} on ${plan.destination.connection.label}`),
      fact('Through the pipe', formatBytes(String(moved.bytes))),
      ...(check ? [fact('Rows', `${number(check.rows)} in ${tables(check.matched)}, counted on both sides`)] : []),
      ...(moved.harmless > 0 ? [fact('Harmless errors', `${moved.harmless}, each with its reason`)] : []),
      fact('Took', `${(outcome.durationMs / 1000).toFixed(1)} s`),
      fact('Exit status', moved.exit, true),
    ],
    backupPath: null,
    database,
    ...(check ? { rowCheck: check } : {}),
  }
}

function headline({ plan, database, check, issues }: CopyOutcome): string {
  const counted = issues.filter((issue) => issue.harmless === null)
  const errors = counted.filter((issue) => issue.severity === 'error').length
  const where = `${database} on ${plan.destination.connection.label}`
  const named = plan.request.target.database === database
  if (errors > 0 && named) {
    return `Completed with ${errors === 1 ? '1 error' : `${number(errors)} errors`}: ${where} is not whole.`
  }
  if (errors > 1) return `Completed with ${number(errors)} errors: ${where} is not whole, and could not be given its name.`
  if (errors === 1) return `The copy is there as ${where}: it could not be given its name ${plan.request.target.database}.`
  const warnings =
    counted.length === 0 ? '' : ` There ${counted.length === 1 ? 'is 1 warning' : `are ${counted.length} warnings`}.`
  if (check === null) return `What was chosen of ${plan.request.database} is in ${where}.${warnings}`
  if (check.left.length > 0) return `${plan.request.database} is in ${where}; not every table could be counted.${warnings}`
  return `${plan.request.database} is in ${where}: ${number(check.rows)} rows in ${tables(check.tables)}, the same on both sides.${warnings}`
}

function number(n: number): string {
  return n.toLocaleString('en-US')
}

function tables(n: number): string {
  return n === 1 ? '1 table' : `${number(n)} tables`
}
