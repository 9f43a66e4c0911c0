// Verifies one backup as a job: level by level, each with a dated result of its own that joins the record.
import type { JobResult } from '../../../shared/jobs/job'
import type { BackupRecord, BaseBackupRecord } from '../../../shared/model/backupRecord'
import { isPhysical } from '../../../shared/model/backupRecord'
import type { VerifyLevel } from '../../../shared/model/verifyLevels'
import type { WalArchive } from '../../../shared/model/walArchive'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { addVerification } from '../../library/recordFile'
import type { Services } from '../../services'
import { type Difference, judged, type LevelResult, notRun, type Subject, sayDifferences, toIssue } from './levelResult'
import { verifyChecksums } from './verifyChecksums'
import { verifyManifest } from './verifyManifest'
import { verifyRead } from './verifyRead'
import { verifyWal } from './verifyWal'

export const levelLabels: Readonly<Record<VerifyLevel, string>> = {
  checksums: 'Checksums',
  read: 'Read in full',
  manifest: 'Manifest',
  wal: 'WAL',
}

export const verifyOnCancel = 'The backup stays as it is. Levels that had ended by then keep their results in its record.'

export interface VerifyPlan extends Subject {
  levels: VerifyLevel[]
  /** Whose WAL is followed from the backup on. */
  archives: WalArchive[]
  /** What an incremental backup builds on, the full one first, and why the chain does not hold, in a sentence; ''. */
  chain: { parents: Subject<BaseBackupRecord>[]; problem: string }
}

type Needs = Pick<Services, 'tools' | 'paths' | 'spawn'>

export function verifySteps({ levels }: VerifyPlan): { id: string; label: string }[] {
  return levels.map((id) => ({ id, label: levelLabels[id] }))
}

/** Throws AppError when a level found damage; the record says so by then. */
export async function verifyBackup(plan: VerifyPlan, job: JobContext, services: Needs): Promise<JobResult> {
  const { folder, record } = plan
  const results = new Map<VerifyLevel, LevelResult>()
  const damage = new Map<string, Difference>()
  for (const level of plan.levels) {
    job.step(level)
    // A program that reads a damaged dump tells nothing that its checksums have not told, only less exactly.
    const skip = level === 'read' && damage.size > 0 && !isPhysical(record)
    const result = skip ? notRun('not read: files differ from the record') : await runLevel(plan, level, job, services)
    job.signal.throwIfAborted()
    results.set(level, result)
    for (const difference of [...result.differences, ...(result.archiveProblems ?? [])]) {
      if (!damage.has(difference.file)) job.issue(toIssue(difference))
      damage.set(difference.file, damage.get(difference.file) ?? difference)
    }
    const { ok, detail, brief } = result
    job.endStep(level, ok === null ? 'skipped' : ok ? 'done' : 'failed', brief)
    if (ok !== null) await addVerification(folder, { at: new Date().toISOString(), level, ok, detail })
  }
  if (damage.size > 0) throw damaged(record, [...results.values()])
  return {
    headline: headline(record, results),
    facts: [
      ...[...results].map(([level, { ok, detail }]) => ({
        label: levelLabels[level],
        value: ok === null ? `not checked: ${detail}` : detail,
        mono: false,
      })),
      { label: 'Folder', value: folder, mono: true },
    ],
    backupPath: folder,
    database: record.source.database,
  }
}

async function runLevel(plan: VerifyPlan, level: VerifyLevel, job: JobContext, services: Needs): Promise<LevelResult> {
  const { folder, record } = plan
  if (level === 'checksums') return verifyChecksums(plan, job)
  if (level === 'read') return verifyRead(plan, job, services)
  if (!isPhysical(record)) return notRun('a dump has no manifest and no WAL')
  if (level === 'wal') return verifyWal({ folder, record }, plan.archives, job, services)
  if (record.kind !== 'base-backup') return notRun('a cold backup has no manifest')
  return verifyChain({ folder, record }, plan.chain, job, services)
}

/**
 * pg_verifybackup finds nothing wrong with an incremental backup whose parents are damaged or gone, and it is worth nothing
 * without them: each is verified with it, and keeps its own result.
 */
async function verifyChain(
  base: Subject<BaseBackupRecord>,
  { parents, problem }: VerifyPlan['chain'],
  job: JobContext,
  services: Needs,
): Promise<LevelResult> {
  const differences: Difference[] =
    problem === '' ? [] : [{ file: base.folder, what: `can’t be restored: ${problem.replace(/\.$/, '')}` }]
  const unproved: string[] = []
  for (const [at, parent] of parents.entries()) {
    job.log(`Backup ${at + 1} of ${parents.length + 1} of the chain: ${parent.folder}`)
    const result = await verifyManifest(parent, job, services)
    job.signal.throwIfAborted()
    const { ok, detail } = result
    if (ok === null) unproved.push(`${parent.folder}: ${detail}`)
    else await addVerification(parent.folder, { at: new Date().toISOString(), level: 'manifest', ok, detail })
    for (const { file, what } of result.differences) {
      differences.push({ file: `${parent.folder}/${file}`, what: `${what} (this backup builds on it)` })
    }
  }
  const own = await verifyManifest(base, job, services)
  if (own.ok === null && differences.length === 0) return own
  const all = [...differences, ...own.differences]
  if (all.length > 0) return judged(all, '')
  if (unproved.length > 0) return notRun(`what it builds on could not be checked: ${unproved.join('; ')}`)
  const count = parents.length === 1 ? 'the backup' : `the ${parents.length} backups`
  return parents.length === 0
    ? own
    : { ...own, detail: `${own.detail}; so ${parents.length === 1 ? 'is' : 'are'} ${count} that it builds on` }
}

function damaged(record: BackupRecord, results: readonly LevelResult[]): AppError {
  const own = new Map(
    results
      .flatMap(({ differences }) => differences)
      .toReversed()
      .map((each) => [each.file, each]),
  )
  if (own.size > 0) {
    const again = isPhysical(record) ? 'backup' : 'dump'
    return new AppError('tool_failed', `This backup is damaged: ${sayDifferences([...own.values()].toReversed())}`, {
      hint: `Do not rely on it: make a new ${again} now, while the database is there. The files that agree with the record may still be restored.`,
    })
  }
  const problems = results.flatMap(({ archiveProblems }) => archiveProblems ?? [])
  return new AppError('tool_failed', `This backup is whole, but the WAL after it is not: ${sayDifferences(problems)}`, {
    hint: 'Make a new base backup now: from it on, the archive is whole again. What can be reached before the break stays reachable.',
  })
}

function headline(record: BackupRecord, results: ReadonlyMap<VerifyLevel, LevelResult>): string {
  const words: Record<VerifyLevel, string> = {
    checksums: `${record.files.length} files agree with their checksums`,
    read: record.kind === 'cold-backup' ? 'every page has its checksum' : 'the archive reads in full',
    manifest: 'every file is as in the manifest',
    wal: 'the WAL is complete and sound',
  }
  const proved = [...results].filter(([, { ok }]) => ok === true).map(([level]) => words[level])
  if (proved.length === 0) return 'Nothing was proved: no level could be run here.'
  const last = proved.at(-1) ?? ''
  return `Whole: ${proved.length === 1 ? last : `${proved.slice(0, -1).join(', ')} and ${last}`}.`
}
