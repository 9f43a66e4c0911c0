// The two jobs of an archive: reading what is new in it, and proving the WAL from a backup on.
import type { JobIssue, JobResult } from '../../../shared/jobs/job'
import type { ArchiveIndex } from '../../../shared/model/archiveIndex'
import { timelineTree } from '../../../shared/model/archiveRanges'
import type { PhysicalRecord } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatLsn } from '../../../shared/model/lsn'
import type { WalArchive } from '../../../shared/model/walArchive'
import { formatWalTime } from '../../../shared/model/walTime'
import { AppError } from '../../../shared/rpc/appError'
import { type IndexProgress, type IndexServices, readArchiveIndex } from '../../archive/readArchiveIndex'
import { verifyWalChain } from '../../archive/verifyWalChain'
import type { JobContext } from '../../jobs/jobTypes'
import { addVerification } from '../../library/recordFile'

export const indexSteps = [
  { id: 'read', label: 'Read records' },
  { id: 'result', label: 'What is in it' },
] as const

export const verifySteps = [
  { id: 'read', label: 'Read the WAL anew' },
  { id: 'record', label: 'Record' },
] as const

export const verifyOnCancel = 'Nothing is changed: the backup, its record and the archive stay as they are.'

function watch(job: JobContext): (progress: IndexProgress) => void {
  return ({ done, total, file }) => job.progress({ done, total, unit: 'bytes', label: file })
}

export async function runIndex(archive: WalArchive, job: JobContext, services: IndexServices): Promise<JobResult> {
  job.step('read')
  const index = await readArchiveIndex(services, archive.folder, {
    signal: job.signal,
    systemIdentifier: archive.systemIdentifier,
    onProgress: watch(job),
    report: (text) => job.log(text, 'warning'),
  })
  const count = (number: number, what: string) => `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`
  job.endStep('read', 'done', count(index.filesRead, 'new file'))
  job.step('result')
  for (const issue of findings(index)) job.issue(issue)
  const commits = index.segments.reduce((sum, { own }) => sum + (own?.commits ?? 0), 0)
  const gaps = timelineTree(index).flatMap((node) => node.gaps).length
  const last = index.segments.reduce<number | null>(
    (best, { own }) => Math.max(best ?? 0, own?.lastCommit?.time ?? 0) || best,
    null,
  )
  return {
    headline: `${count(index.segments.length, 'segment')} with ${count(commits, 'commit')}, ${gaps === 0 ? 'no gap' : count(gaps, 'gap')}.`,
    facts: [
      { label: 'Folder', value: archive.folder, mono: true },
      { label: 'System identifier', value: index.systemIdentifier ?? 'not known', mono: true },
      { label: 'Last commit', value: last === null ? 'none' : formatWalTime(last), mono: true },
      { label: 'Odd files', value: String(index.odd.length), mono: false },
    ],
    backupPath: null,
    database: null,
  }
}

/** Damage and odd files, each by its name. A file that is still being written is no finding. */
function findings(index: ArchiveIndex): JobIssue[] {
  const damaged = index.segments.flatMap(({ file, damage }) => {
    if (!damage) return []
    const where = damage.from === null ? file : `${damage.from} or ${file}`
    return [issue('error', file, `${where} is damaged at ${damage.lsn}: ${damage.words}.`)]
  })
  const unread = index.segments.flatMap(({ file, unread }) =>
    unread === null ? [] : [issue('warning', file, `${file} could not be read: ${unread}.`)],
  )
  const odd = index.odd
    .filter(({ problem }) => problem?.fault !== 'unknown' && problem?.fault !== 'duplicate')
    .map(({ file, problem }) => issue('warning', file, `${file} ${problem?.says}.`))
  return [...damaged, ...unread, ...odd]
}

function issue(severity: 'warning' | 'error', object: string, message: string): JobIssue {
  return {
    ...{ severity, object, message, objectKind: 'FILE', entry: '', statement: '', harmless: null, advice: '', logLine: null },
  }
}

export interface VerifyInput {
  archive: WalArchive
  backup: string
  record: PhysicalRecord
}

/** Throws AppError when the chain is broken; the record says so by then. */
export async function runVerify(
  { archive, backup, record }: VerifyInput,
  job: JobContext,
  services: IndexServices,
): Promise<JobResult> {
  job.step('read')
  const { verification, chain } = await verifyWalChain(services, {
    folder: archive.folder,
    backup: record,
    signal: job.signal,
    onProgress: watch(job),
    report: (text) => job.log(text, 'warning'),
  })
  job.endStep('read', verification.ok ? 'done' : 'failed', `${chain.segments.length} segments, ${formatBytes(chain.bytes)}`)
  job.step('record')
  await addVerification(backup, verification)
  if (!verification.ok) {
    throw new AppError('tool_failed', verification.detail, {
      hint: 'Make a new base backup now: from it on, the archive is whole again. What can be reached before the break stays reachable.',
    })
  }
  return {
    headline: verification.detail,
    facts: [
      { label: 'Archive', value: archive.folder, mono: true },
      { label: 'Reaches', value: `${formatLsn(chain.reaches)}, timeline ${chain.timeline}`, mono: true },
      { label: 'Last commit', value: chain.lastCommit ? formatWalTime(chain.lastCommit.time) : 'none', mono: true },
    ],
    backupPath: backup,
    database: null,
  }
}
