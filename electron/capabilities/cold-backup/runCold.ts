// Runs one cold backup as a job: checks, page checksums, copy, still stopped, read back, record, and only then its name.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { ColdBackupRequest } from '../../../shared/contracts/coldBackup'
import type { JobIssue, JobResult } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { type BackupPlace, finishPlace } from '../../library/backupFolder'
import { checkPages } from '../../library/checkPages'
import { type HashedFile, hashFiles, listFolder } from '../../library/checksumFiles'
import { syncFolder } from '../../library/durability'
import { openFolder } from '../../library/openFolder'
import { needsCrashRecovery } from '../../postgres/localClusterState'
import { errorCode, fromSystemError } from '../../process/systemError'
import { configurationPath, describeResult, makeRecord } from './coldRecord'
import { copyCluster } from './copyCluster'
import { listFiles, requireUnchanged, type SourceEntry } from './listSource'
import { type ColdPlan, type ColdServices, planCold, refusal } from './planCold'

export const coldSteps = [
  { id: 'checks', label: 'Checks' },
  { id: 'pages', label: 'Page checksums' },
  { id: 'copy', label: 'Copy' },
  { id: 'stopped', label: 'Still stopped' },
  { id: 'read', label: 'Read back' },
  { id: 'record', label: 'Record' },
] as const

export const coldOnCancel = 'The unfinished .partial folder is removed; the cluster is only read.'

export interface ColdInput {
  request: ColdBackupRequest
  place: BackupPlace
}

/** Throws AppError; by then the unfinished folder is removed. */
export async function runCold({ request, place }: ColdInput, job: JobContext, services: ColdServices): Promise<JobResult> {
  const startedAt = new Date()
  job.step('checks')
  const plan = await planCold(services, request, () => place, job.signal)
  const refused = refusal(plan)
  if (refused) throw refused
  for (const command of plan.shown) job.command(command)
  const before = await readGuard(plan)
  const warnings = sayWhatIsLeft(job, plan)
  const folder = await openFolder(job, place)
  job.endStep('checks', 'done', `pg_controldata says "${plan.control.state}"`)

  await checkThePages(job, plan, request, warnings)
  const outside = request.configuration ? await listFiles(plan.outside.files, configurationPath) : []
  const sources = [...plan.listing.files, ...outside]
  const settingsFolders = request.configuration ? plan.outside.folders.map(configurationPath) : []
  const { files, cloned } = await copy(job, plan, sources, settingsFolders, before)

  job.step('stopped')
  await requireStopped(plan, before)
  await requireUnchanged(sources)
  job.endStep('stopped', 'done', 'pg_control is byte for byte as it was')

  await readBack(job, place, files)
  job.step('record')
  job.signal.throwIfAborted()
  const record = makeRecord({ request, plan, startedAt, copied: sources, files, warnings })
  await finishPlace(place, record)
  folder.finished()
  return describeResult(plan, record, cloned)
}

/** What is to be the same after the copy: nobody started the cluster meanwhile. */
interface Guard {
  control: Buffer
  /** postmaster.pid of a server that is gone; null when there is none. */
  lock: string | null
}

async function readGuard({ cluster: { dataDirectory } }: Pick<ColdPlan, 'cluster'>): Promise<Guard> {
  return { control: await readFile(controlFile(dataDirectory)), lock: await readLock(dataDirectory) }
}

function controlFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'global', 'pg_control')
}

async function readLock(dataDirectory: string): Promise<string | null> {
  try {
    return await readFile(path.join(dataDirectory, 'postmaster.pid'), 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

async function requireStopped({ cluster, info }: ColdPlan, before: Guard): Promise<void> {
  const now = await readGuard({ cluster })
  if (now.lock === before.lock && now.control.equals(before.control)) return
  throw new AppError('conflict', `${info.name} was started while it was copied: the copy is of no use.`, {
    hint: 'Nothing of it is kept. Stop the cluster and start again, or take a base backup of the running server.',
  })
}

function sayWhatIsLeft(job: JobContext, { listing, control, wal }: ColdPlan): string[] {
  for (const { path: name, why } of listing.left) job.log(`Left out: ${name} (${why})`)
  for (const { path: name, target } of listing.followed) job.log(`Followed: ${name} is a link to ${target}`)
  const warnings: string[] = []
  if (listing.slots.length > 0) warnings.push(`Replication slots were left out: ${listing.slots.join(', ')}.`)
  if (needsCrashRecovery(control.state)) {
    warnings.push(
      `The cluster was not shut down ("${control.state}"): the copy will go through crash recovery, from ${control.redo} to ${wal.end}.`,
    )
  }
  for (const warning of warnings) job.log(warning, 'warning')
  return warnings
}

async function checkThePages(job: JobContext, plan: ColdPlan, request: ColdBackupRequest, warnings: string[]): Promise<void> {
  if (!plan.checksPages) {
    const why = !plan.control.dataChecksums
      ? 'the cluster has none'
      : request.pageChecksums
        ? 'not shut down cleanly'
        : 'not asked for'
    return job.endStep('pages', 'skipped', why)
  }
  job.step('pages')
  const { blocks, bad, examples } = await checkPages(job, {
    program: path.join(plan.cluster.bin, 'pg_checksums'),
    dataDirectory: plan.cluster.dataDirectory,
    account: plan.cluster.account,
  })
  if (bad === 0) return job.endStep('pages', 'done', `${blocks.toLocaleString('en')} pages`)
  const message = `${bad} ${bad === 1 ? 'page of the cluster does' : 'pages of the cluster do'} not fit ${bad === 1 ? 'its' : 'their'} checksum: ${examples.join('; ')}`
  job.issue(pageIssue(message))
  warnings.push(message)
  job.endStep('pages', 'failed', `${bad} of ${blocks.toLocaleString('en')} are damaged`)
}

/** The copy goes on: before anything is tried on a damaged cluster, a copy of it is wanted. */
function pageIssue(message: string): JobIssue {
  return {
    ...{ severity: 'error', object: '', objectKind: '', entry: '', message, statement: '', harmless: null, logLine: null },
    advice: 'The cluster itself is damaged there, and so is this copy. Restore what is damaged from an older backup.',
  }
}

async function copy(
  job: JobContext,
  plan: ColdPlan,
  sources: readonly SourceEntry[],
  settingsFolders: readonly string[],
  before: Guard,
) {
  job.step('copy')
  const total = sources.reduce((sum, file) => sum + file.size, 0)
  let done = 0
  let lookedAt = Date.now()
  const parents = sources.map((file) => path.posix.dirname(file.path))
  const copied = await copyCluster(
    plan.place.partial,
    [...new Set([...plan.listing.folders.map((folder) => folder.path), ...parents, ...settingsFolders])],
    sources,
    {
      signal: job.signal,
      onBytes: (bytes, { path: label }) => {
        done += bytes
        job.progress({ done, total, unit: 'bytes', label })
      },
      stillGood: async () => {
        if (Date.now() - lookedAt < 500) return
        lookedAt = Date.now()
        if (before.lock === null && existsSync(path.join(plan.cluster.dataDirectory, 'postmaster.pid'))) {
          await requireStopped(plan, before)
        }
      },
    },
  )
  job.progress(null)
  const shared = copied.cloned === 0 ? '' : `, ${copied.cloned} by reflink`
  job.endStep('copy', 'done', `${copied.files.length} files, ${formatBytes(total)}${shared}`)
  return copied
}

/** Every file of the copy is read from the disk's side, compared with what was read from the source; then the names are made durable. */
async function readBack(job: JobContext, place: BackupPlace, files: readonly HashedFile[]): Promise<void> {
  job.step('read')
  const total = files.reduce((sum, file) => sum + Number(file.size), 0)
  let done = 0
  const found = await hashFiles(
    place.partial,
    files.map((file) => file.path),
    {
      signal: job.signal,
      onBytes: (bytes, label) => {
        done += bytes
        job.progress({ done, total, unit: 'bytes', label })
      },
    },
  ).catch((error: unknown): never => {
    throw fromSystemError(error, `read the copy in ${place.partial}`) ?? error
  })
  job.progress(null)
  for (const [at, file] of files.entries()) {
    if (found[at]?.sha256 === file.sha256 && found[at].size === file.size) continue
    throw new AppError('tool_failed', `The copy of ${file.path} differs from what was read from the cluster.`, {
      hint: 'Memory or disk may be failing: look at the system log, and start again on another disk.',
    })
  }
  const { folders } = await listFolder(place.partial)
  for (const folder of ['', ...folders]) await syncFolder(path.join(place.partial, folder))
  job.endStep('read', 'done', formatBytes(done))
}
