// Sets a file archive up as a job: checks, folder, settings, reload or restart, the active check; and the check by itself.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { FileArchiveRequest } from '../../../../shared/contracts/walArchiveFile'
import type { JobFact, JobResult } from '../../../../shared/jobs/job'
import { folderOfArchiveCommand } from '../../../../shared/model/archiveCommand'
import type { WalArchive } from '../../../../shared/model/walArchive'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { blockedSentence } from '../../../library/preflightRow'
import { withServer } from '../../../postgres/openServer'
import { readAutoConf, restartServer } from '../../../postgres/restartServer'
import { readSystemIdentifier } from '../../../postgres/serverFacts'
import type { ResolvedConnection } from '../../../services'
import { type ArchivedSegment, checkArchiving } from './activeCheck'
import { alterSettings, reloadSettings } from './applySettings'
import { type FilePlan, type FileServices, planFileArchive, readSource } from './planFile'
import { prepareFolder } from './prepareFolder'
import { archiveSettings } from './readSettings'

export function refuseBlocked(preflight: FilePlan['preflight']): void {
  const blockers = preflight.filter(({ result }) => result === 'blocker')
  if (blockers.length === 0) return
  throw new AppError('preflight', blockers.map(({ found }) => found).join(' '), {
    hint: 'Put right what the checks name, then start again.',
    details: { blocked: blockedSentence(preflight) },
  })
}

export async function runFileArchive(request: FileArchiveRequest, job: JobContext, services: FileServices): Promise<JobResult> {
  job.step('checks')
  const plan = await planFileArchive(services, request, job.signal)
  refuseBlocked(plan.preflight)
  for (const command of plan.shown) job.command(command)
  for (const { name, now, from } of plan.changes) job.log(`${name} was ${now === '' ? 'empty' : now} (${from}).`)
  job.endStep('checks', 'done', `${plan.preflight.length} checks`)

  job.step('folder')
  await prepareFolder(job, plan, services)

  const { inForce } = await applyPlan(job, plan, services)
  const archive = rememberArchive(services, plan)

  const facts: JobFact[] = [
    { label: 'Folder', value: request.folder, mono: true },
    { label: 'archive_timeout', value: request.archiveTimeout === 0 ? 'off' : `${request.archiveTimeout} s`, mono: false },
    ...plan.changes
      .filter(({ takes }) => takes !== 'nothing')
      .map(({ name, now }) => ({ label: `${name} before`, value: now === '' ? 'empty' : now, mono: true })),
  ]
  if (!inForce) {
    const how = plan.restart.kind === 'by-hand' ? plan.restart.command : 'its Practice page, or the wizard again'
    job.endStep('check', 'skipped', 'not in force yet')
    return {
      headline: `The settings are made, and take effect when ${plan.connection.label} is restarted. Until then nothing is archived.`,
      facts: [...facts, { label: 'Restart', value: how, mono: plan.restart.kind === 'by-hand' }],
      ...nothingElse,
    }
  }
  if (!request.check)
    return { headline: `${plan.connection.label} archives into ${request.folder}. It was not tried.`, facts, ...nothingElse }
  job.step('check')
  const seen = await runCheck(job, services, archive)
  return {
    headline: `${plan.connection.label} archives: segment ${seen.segment} arrived after ${(seen.milliseconds / 1000).toFixed(1)} s.`,
    facts: [...factsOf(seen), ...facts],
    ...nothingElse,
  }
}

export const nothingElse = { backupPath: null, database: null }

type Applied = Pick<FilePlan, 'connection' | 'source' | 'changes' | 'wanted' | 'statements' | 'takes' | 'restart'> & {
  request: { restart: 'later' | 'now' }
}

/** ALTER SYSTEM, reload, and the restart where it was asked for. `inForce`: nothing waits for a restart. */
export async function applyPlan(job: JobContext, plan: Applied, services: FileServices): Promise<{ inForce: boolean }> {
  const { connection, restart, takes } = plan
  job.step('settings')
  const restarts = takes === 'restart' && plan.request.restart === 'now' && restart.kind === 'here' ? restart.server : null
  const before = restarts === null ? '' : await readAutoConf(restarts)
  await withServer(
    services,
    connection,
    async (client) => {
      await alterSettings(client, job, plan)
      await reloadSettings(client, plan)
    },
    job.signal,
  )
  job.endStep(
    'settings',
    'done',
    plan.statements.length === 0 ? 'they were so already' : `${plan.statements.length} by ALTER SYSTEM, reloaded`,
  )
  if (restarts !== null) {
    job.step('restart')
    const probe = () => requireSystem(services, connection, plan.source.systemIdentifier)
    const { postmaster } = await restartServer(
      (request) => services.spawn({ ...request, jobId: job.id }),
      job,
      restarts,
      before,
      probe,
    )
    job.endStep('restart', 'done', `process ${postmaster.pid}`)
  }
  return { inForce: takes !== 'restart' || restarts !== null }
}

/** A connection to this very cluster; throws while there is none. */
async function requireSystem(
  services: FileServices,
  connection: ResolvedConnection,
  systemIdentifier: string | null,
): Promise<void> {
  await withServer(services, connection, async (client) => {
    if (systemIdentifier !== null && (await readSystemIdentifier(client)) !== systemIdentifier)
      throw new AppError('conflict', 'Another server answers in its place.', { hint: 'Look which server has the port.' })
  })
}

/** One archive for a folder; the server's earlier file archive in another folder is only read from now on. */
function rememberArchive(services: FileServices, { request, connection, source }: FilePlan): WalArchive {
  const folder = request.folderHere || request.folder
  const all = services.archives.list()
  const same = all.find((archive) => archive.folder === folder)
  for (const archive of all) {
    if (archive.kind !== 'file' || archive.connectionId !== connection.id || archive.folder === folder) continue
    const { file: _left, ...rest } = archive
    services.archives.put({ ...rest, kind: 'folder' })
  }
  const ours = folderOfArchiveCommand(source.settings.archive_command?.value ?? '') !== null
  const earlier = all.find((archive) => archive.kind === 'file' && archive.connectionId === connection.id)
  return services.archives.put({
    id: same?.id ?? randomUUID(),
    kind: 'file',
    label: same?.label ?? connection.label,
    connectionId: connection.id,
    folder,
    systemIdentifier: source.systemIdentifier,
    createdAt: same?.createdAt ?? new Date().toISOString(),
    stream: null,
    file: { serverFolder: request.folder, former: (ours ? earlier?.file?.former : undefined) ?? formerOf(source) },
  })
}

/** Our own command is nothing to go back to. */
function formerOf({ settings }: FilePlan['source']): NonNullable<WalArchive['file']>['former'] {
  return archiveSettings.flatMap((name) => {
    const setting = settings[name]
    if (!setting || name === 'wal_level') return []
    const own = setting.ownValue !== null && folderOfArchiveCommand(setting.ownValue) !== null ? null : setting.ownValue
    return [{ name, value: own }]
  })
}

/** The active check of an archive, within a job. */
export async function runCheck(
  job: Pick<JobContext, 'log' | 'signal' | 'progress'>,
  services: FileServices,
  archive: WalArchive,
): Promise<ArchivedSegment> {
  if (archive.connectionId === null)
    throw new AppError('bad_input', 'No saved connection leads to the server of this archive.', { hint: 'Connect to it first.' })
  const connection = await services.connections.resolve(archive.connectionId)
  const source = await readSource(services, connection, job.signal)
  if (
    archive.systemIdentifier !== null &&
    source.systemIdentifier !== null &&
    archive.systemIdentifier !== source.systemIdentifier
  ) {
    throw new AppError(
      'conflict',
      `${connection.label} is another cluster now (system identifier ${source.systemIdentifier}, the archive is of ${archive.systemIdentifier}).`,
      { hint: 'Set up an archive of its own for it, in another folder.' },
    )
  }
  requireOwnCommand(source, archive)
  // A folder of another machine can't be seen from here under its name.
  const folderHere = existsSync(archive.folder) ? archive.folder : ''
  const target = { serverFolder: archive.file?.serverFolder ?? archive.folder, folderHere }
  return withServer(services, connection, (client) => checkArchiving(client, job, source, target), job.signal)
}

function requireOwnCommand({ settings }: FilePlan['source'], archive: WalArchive): void {
  const command = settings.archive_command?.value ?? ''
  const folder = folderOfArchiveCommand(command)
  if (archive.file === undefined || command === '' || folder === archive.file.serverFolder) return
  throw new AppError(
    'conflict',
    folder === null
      ? `archive_command is not Walkback's any more: ${command}`
      : `The server archives into ${folder}, not into ${archive.file.serverFolder}.`,
    { hint: 'Somebody has changed it since. Set the archive up again to have it back.' },
  )
}

export function factsOf(seen: ArchivedSegment): JobFact[] {
  const how = {
    here: 'seen in the folder, with the right size and cluster',
    server: 'seen by the server, with the right size',
    told: 'reported by the archiver; the folder can’t be looked at',
  }
  return [
    { label: 'Segment', value: seen.segment, mono: true },
    { label: 'Took', value: `${(seen.milliseconds / 1000).toFixed(1)} s from the switch to the archive`, mono: false },
    { label: 'Evidence', value: how[seen.seen], mono: false },
    { label: 'Restore point', value: `${seen.restorePoint} at ${seen.lsn}`, mono: false },
  ]
}
