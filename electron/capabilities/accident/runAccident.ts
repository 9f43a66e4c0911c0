// The job of a long search: the archive's new files first, then the WAL of the span; its result is kept by the job's id.
import type { AccidentFinding, AccidentRequest, AccidentResult } from '../../../shared/contracts/accident'
import type { JobResult } from '../../../shared/jobs/job'
import { formatWalTime } from '../../../shared/model/walTime'
import { readArchiveIndex } from '../../archive/readArchiveIndex'
import type { JobContext } from '../../jobs/jobTypes'
import { type AccidentServices, keyOf, planSearch, readIndexed, readSubject, runSearch } from './findAccident'
import type { Parts } from './parts'
import { rememberResult, saveResult } from './resultStore'

export const searchSteps = [
  { id: 'index', label: 'Read what is new in the archive' },
  { id: 'search', label: 'Search the WAL' },
  { id: 'result', label: 'What was found' },
] as const

export const searchOnCancel = 'Nothing is changed: the archive is only read.'

export function subjectWords({ subject }: AccidentRequest): string {
  return subject.kind === 'table' ? `${subject.schema}.${subject.name}` : 'removed tables'
}

export async function runAccident(
  request: AccidentRequest,
  job: JobContext,
  services: AccidentServices,
  parts: Parts,
): Promise<JobResult> {
  const { signal } = job
  const subject = await readSubject(services, request, signal)
  const { archive } = subject
  job.step('index')
  const index = await readArchiveIndex(services, archive.folder, {
    signal,
    systemIdentifier: archive.systemIdentifier,
    onProgress: ({ done, total, file }) => job.progress({ done, total, unit: 'bytes', label: file }),
    report: (text) => job.log(text, 'warning'),
  })
  job.step('search')
  const search = await planSearch(services, subject, await readIndexed(parts, subject, index, signal), signal)
  const result = await runSearch(services, search, signal, ({ done, total, file }) =>
    job.progress({ done, total, unit: 'bytes', label: file }),
  )
  job.endStep('search', 'done', `${result.segments.toLocaleString('en-US')} segments`)
  job.step('result')
  rememberResult(keyOf(search), result)
  saveResult(services.paths, job.id, result)
  for (const note of result.notes) job.log(note, 'info')
  return describe(result)
}

function describe(result: AccidentResult): JobResult {
  const { findings, subject, fromTime, toTime } = result
  const [first] = findings
  const time = (at: number | null) => (at === null ? 'no commit' : formatWalTime(at))
  return {
    headline: first ? `${findingWords(first, subject)}, at ${formatWalTime(first.time)}.` : `Nothing was taken from ${subject}.`,
    facts: [
      { label: 'Searched', value: `${time(fromTime)} to ${time(toTime)}`, mono: true },
      { label: 'Timeline', value: String(result.timeline), mono: true },
      { label: 'Findings', value: findings.length.toLocaleString('en-US'), mono: false },
      ...(first ? [{ label: 'Transaction', value: String(first.xid), mono: true }] : []),
    ],
    backupPath: null,
    database: null,
  }
}

/** "sales.orders in shop: 10,000 rows deleted" */
export function findingWords({ kind, deleted, updated, fileCount }: AccidentFinding, subject: string): string {
  const rows = (count: number) => `${count.toLocaleString('en-US')} ${count === 1 ? 'row' : 'rows'}`
  const words: Readonly<Record<AccidentFinding['kind'], string>> = {
    dropped: subject === 'removed tables' ? `${fileCount.toLocaleString('en-US')} files dropped` : 'dropped',
    truncated: 'truncated',
    deleted: `${rows(deleted)} deleted`,
    updated: `${rows(updated)} updated`,
    rewritten: 'rewritten',
    replaced: 'dropped and made anew, or rewritten',
    'database dropped': 'a database dropped',
  }
  return `${subject}: ${words[kind]}`
}
