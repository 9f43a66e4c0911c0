// The outcome of an ended job as a text to keep: what was asked, what was run, what came of it, and every problem by object.
import type { JobIssue, JobSnapshot, JobState } from '../../shared/jobs/job'

const states: Readonly<Record<JobState, string>> = {
  queued: 'waiting',
  running: 'running',
  cancelling: 'being cancelled',
  succeeded: 'succeeded',
  succeeded_with_warnings: 'completed with problems',
  failed: 'failed',
  cancelled: 'cancelled',
  interrupted: 'interrupted',
}

export function jobReport(job: JobSnapshot, made: { version: string; host: string; at: Date }): string {
  const counting = job.issues.filter((issue) => issue.harmless === null)
  const harmless = job.issues.filter((issue) => issue.harmless !== null)
  const left = job.errorCount + job.warningCount - counting.length
  const parts = [
    heading(job.title, '='),
    pairs([
      ['Outcome', states[job.state]],
      ['What happened', job.result?.headline ?? job.error?.message ?? ''],
      ['What to do', job.error?.hint ?? ''],
      ['Server', job.serverLabel],
      ['Started', zoned(job.startedAt ?? job.createdAt)],
      ['Ended', job.endedAt === null ? '' : zoned(job.endedAt)],
      ['Errors', String(job.errorCount)],
      ['Warnings', String(job.warningCount)],
      ['Job', job.id],
    ]),
    section('Result', pairs((job.result?.facts ?? []).map(({ label, value }) => [label, value]))),
    section('Entries restored without errors', kinds(job)),
    section('Row counts', rowCheck(job)),
    section('Left behind', job.leftovers.map((each) => `- ${each}`).join('\n')),
    section('Errors and warnings, by object', byObject(counting)),
    left > 0 ? `${left} more are in the job's log alone.` : '',
    section('Known to do no harm', byObject(harmless)),
    section(
      'Phases',
      job.steps.map(({ label, state, detail }) => `- ${label}: ${detail === '' ? state : `${state}, ${detail}`}`).join('\n'),
    ),
    section(
      'What was run',
      job.commands
        .map(
          ({ title, words, kind, program }) =>
            `${title}:\n${indent(kind === 'sql' ? words.join('\n') : [program, ...words].join(' '))}`,
        )
        .join('\n\n'),
    ),
    `Written by Walkback ${made.version} on ${made.host}, ${zoned(made.at.toISOString())}.`,
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function heading(text: string, line: string): string {
  return `${text}\n${line.repeat(Math.min(120, [...text].length))}`
}

function section(title: string, text: string): string {
  return text === '' ? '' : `${heading(title, '-')}\n${text}`
}

function pairs(rows: readonly (readonly [string, string])[]): string {
  const filled = rows.filter(([, value]) => value !== '')
  const width = Math.max(0, ...filled.map(([label]) => label.length)) + 2
  return filled.map(([label, value]) => `${label.padEnd(width)}${value.replaceAll('\n', `\n${' '.repeat(width)}`)}`).join('\n')
}

function kinds({ result }: JobSnapshot): string {
  const restored = result?.restored
  if (!restored) return ''
  return pairs([
    ['All', number(restored.count)],
    ...Object.entries(restored.kinds).map(([kind, n]) => [kind, number(n)] as const),
  ])
}

function rowCheck({ result }: JobSnapshot): string {
  const check = result?.rowCheck
  if (!check) return ''
  const counted = check.by === 'rows' ? `, ${number(check.rows)} rows` : '; rows were not counted'
  const count = (rows: number | null) => (rows === null ? 'no table' : number(rows))
  return [
    `${number(check.matched)} of ${number(check.tables)} tables match${counted}.`,
    ...check.different.map(({ table, expected, found }) => `- ${table}: ${count(expected)} in the dump, ${count(found)} here`),
    ...check.left.map(({ table, why }) => `- ${table} was not compared: ${why}`),
  ].join('\n')
}

function byObject(issues: readonly JobIssue[]): string {
  const groups = new Map<string, JobIssue[]>()
  for (const issue of issues) groups.set(issue.object, [...(groups.get(issue.object) ?? []), issue])
  return [...groups]
    .map(([object, of]) => `${object === '' ? 'Not of one object' : object}\n${of.map(problem).join('\n\n')}`)
    .join('\n\n')
}

function problem(issue: JobIssue): string {
  const name = [issue.severity, issue.objectKind, issue.entry].filter((word) => word !== '').join(' ')
  const line = issue.logLine === null ? '' : ` (line ${issue.logLine + 1} of the log)`
  const lines = [`${name}${line}:`, indent(issue.message)]
  if (issue.statement !== '') lines.push('  Statement:', indent(indent(issue.statement)))
  if ((issue.harmless ?? issue.advice) !== '') lines.push(indent(issue.harmless ?? issue.advice))
  return indent(lines.join('\n'))
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}

function number(n: number): string {
  return n.toLocaleString('en-US')
}

/** With the machine's own zone, as the windows show it. */
function zoned(iso: string): string {
  const at = new Date(iso)
  const two = (n: number) => String(n).padStart(2, '0')
  const minutes = -at.getTimezoneOffset()
  const zone = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${zone}`
}
