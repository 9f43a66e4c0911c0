// Checks a base backup that was just taken: pg_verifybackup, or its tars read to their end, and its WAL by pg_waldump.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import type { BackupManifest } from '../../../shared/model/backupManifest'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatLsn } from '../../../shared/model/lsn'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import type { FileProblem } from '../../library/memberCheck'
import { isBackupTar, readManifest, readTarBackup, type TarBackup } from '../../library/readTarBackup'
import { readWalRange } from '../../library/readWalRange'
import { runVerifier } from '../../library/runVerifier'
import { packedBy, unpackProblem } from '../../library/unpackFile'
import { blankIssue } from './baseMessages'
import type { VerifyPlan } from './planVerify'
import type { SaidPositions } from './readPositions'

export interface BaseFolder {
  /** The backup's folder, unfinished. */
  folder: string
  /** What pg_basebackup wrote in it. */
  data: string
}

export interface CheckedBase {
  manifest: BackupManifest | null
  /** null for a plain backup. */
  tars: TarBackup | null
  label: string | null
  control: Buffer | null
  /** What was proved, in words; '' when nothing was to be. */
  detail: string
}

const manifestName = 'backup_manifest'

/** Throws AppError when anything is not as the manifest says; each file is an issue of the job by then. */
export async function checkPlain(
  job: JobContext,
  { data }: BaseFolder,
  plan: VerifyPlan,
  said: SaidPositions,
): Promise<CheckedBase> {
  job.step('verify')
  const manifest = await manifestOf(data)
  const proofs: string[] = []
  if (plan.command) proofs.push(await verifyWithProgram(job, plan.command, manifest))
  if (plan.waldump) proofs.push(await readWal(job, plan.waldump, path.join(data, 'pg_wal'), manifest, said))
  const detail = endVerify(job, plan, proofs)
  return {
    manifest,
    tars: null,
    label: await readFile(path.join(data, 'backup_label'), 'utf8'),
    control: await readFile(path.join(data, 'global', 'pg_control')),
    detail,
  }
}

/** The tars are read once for their checksums whatever is verified; what is in them is looked at on the way. */
export async function checkTars(
  job: JobContext,
  { folder, data }: BaseFolder,
  plan: VerifyPlan,
  said: SaidPositions,
): Promise<CheckedBase> {
  job.step('verify')
  const manifest = await manifestOf(data)
  const proofs: string[] = []
  if (plan.command) proofs.push(await verifyWithProgram(job, plan.command, manifest))
  const names = (await readdir(data)).filter(isBackupTar).toSorted()
  if (!names.some((name) => name.startsWith('base.tar'))) throw new AppError('tool_failed', 'There is no base.tar in the backup.')
  const walFolder = plan.waldump ? path.join(folder, 'wal-check') : null
  job.onCleanup('the WAL that was unpacked', () => rm(path.join(folder, 'wal-check'), { recursive: true, force: true }))
  let done = 0
  const sealed = new Set<string>()
  for (const name of names) if ((await unpackProblem(packedBy(name))) !== '') sealed.add(name)
  const tars = await readTarBackup(data, names, {
    signal: job.signal,
    manifest: plan.ownCheck ? manifest : null,
    walFolder,
    sealed,
    onBytes: (bytes, file) => {
      done += bytes
      job.progress({ done, total: null, unit: 'bytes', label: file })
    },
  })
  job.progress(null)
  if (plan.ownCheck) {
    refuseProblems(job, tars.problems)
    proofs.push(`${manifest?.files.length ?? 0} files in ${names.length} tars as in the manifest`)
  } else if (!plan.command && sealed.size === 0) proofs.push(`${tars.files} files in ${names.length} tars read`)
  if (plan.waldump && walFolder !== null && tars.wal.length > 0) {
    proofs.push(await readWal(job, plan.waldump, walFolder, manifest, said))
  }
  await rm(path.join(folder, 'wal-check'), { recursive: true, force: true })
  const detail = endVerify(job, plan, proofs)
  return { manifest, tars, label: tars.label, control: tars.control, detail }
}

function endVerify(job: JobContext, plan: VerifyPlan, proofs: readonly string[]): string {
  if (plan.walProblem !== '') job.log(plan.walProblem, 'warning')
  const detail = proofs.join(', ')
  if (detail === '') job.endStep('verify', 'skipped', 'not asked for')
  else job.endStep('verify', 'done', detail)
  return detail
}

async function manifestOf(data: string): Promise<BackupManifest | null> {
  try {
    return readManifest(await readFile(path.join(data, manifestName)))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

async function verifyWithProgram(
  job: JobContext,
  command: NonNullable<VerifyPlan['command']>,
  manifest: BackupManifest | null,
): Promise<string> {
  const { verified, problems, walErrors, program } = await runVerifier(job, command)
  for (const { file, what } of problems)
    job.issue({ ...blankIssue, severity: 'error', object: file, objectKind: 'FILE', message: what })
  if (!verified) {
    const said = [...problems.map(({ what }) => what), ...walErrors]
    throw new AppError(
      'tool_failed',
      `The backup is not whole, says ${program}: ${said.slice(0, 3).join('; ') || 'it gave no reason'}.`,
      {
        hint: 'Do not rely on it: it is kept as unfinished. Look whether the disk is sound, and take another one.',
      },
    )
  }
  const files = manifest ? `${manifest.files.length} files` : 'every file'
  const unread = command.command.argv.includes('--no-parse-wal')
  return unread ? `${files} as in the manifest` : `${files} as in the manifest, its WAL read`
}

function refuseProblems(job: JobContext, problems: readonly FileProblem[]): void {
  for (const { file, what } of problems) {
    job.issue({ ...blankIssue, severity: 'error', object: file, objectKind: 'FILE', message: `${file} ${what}.` })
  }
  if (problems.length === 0) return
  const said = problems.slice(0, 3).map(({ file, what }) => `${file} ${what}`)
  const more = problems.length > 3 ? `; and ${problems.length - 3} more` : ''
  throw new AppError('tool_failed', `The backup is not whole: ${said.join('; ')}${more}.`, {
    hint: 'Do not rely on it: it is kept as unfinished. Look whether the disk is sound, and take another one.',
  })
}

/** As pg_verifybackup does: pg_waldump reads every record from the start of each range to its end. */
async function readWal(
  job: JobContext,
  tool: NonNullable<VerifyPlan['waldump']>,
  folder: string,
  manifest: BackupManifest | null,
  said: SaidPositions,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const own = said.start && said.stop !== null ? [{ timeline: said.start.timeline, start: said.start.lsn, end: said.stop }] : []
  const ranges = manifest?.walRanges ?? own
  let bytes = 0n
  for (const range of ranges) {
    const { start, end } = range
    const why = await readWalRange(job, tool, folder, range)
    if (why !== null) {
      throw new AppError(
        'tool_failed',
        `The WAL of the backup can't be read from ${formatLsn(start)} to ${formatLsn(end)}: ${why}.`,
        {
          hint: 'Do not rely on it: it is kept as unfinished. Take another one.',
        },
      )
    }
    bytes += end - start
  }
  return `${formatBytes(bytes)} of WAL read`
}
