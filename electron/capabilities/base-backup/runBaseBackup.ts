// Runs one base backup as a job: checks, pg_basebackup, settings files, verification, checksums, record, and only then its name.
import path from 'node:path'
import type { BaseBackupRequest } from '../../../shared/contracts/baseBackup'
import type { JobResult } from '../../../shared/jobs/job'
import { isAsked } from '../../../shared/tools/defineTool'
import type { JobContext } from '../../jobs/jobTypes'
import { type BackupPlace, finishPlace } from '../../library/backupFolder'
import { listFolder } from '../../library/checksumFiles'
import { hidePassword } from '../../library/hidePassword'
import { openFolder } from '../../library/openFolder'
import { blankIssue } from './baseMessages'
import { describeResult, describeTarget, makeRecord, type RecordParts } from './baseRecord'
import { copySettings } from './copySettings'
import { hashRest } from './hashRest'
import { type BaseBackupPlan, type BaseBackupServices, dataName, planBaseBackup, refusal } from './planBaseBackup'
import { readPositions, readSystemIdentifier, requireSameCluster } from './readPositions'
import { guardSlot } from './slotGuard'
import { relinkTablespaces } from './tablespaceLinks'
import { takeBase } from './takeBase'
import { checkPlain, checkTars } from './verifyBase'

export const baseBackupSteps = [
  { id: 'checks', label: 'Checks' },
  { id: 'checkpoint', label: 'Checkpoint' },
  { id: 'files', label: 'Data files' },
  { id: 'wal', label: 'Last WAL' },
  { id: 'settings', label: 'Settings files' },
  { id: 'verify', label: 'Verify' },
  { id: 'checksums', label: 'Checksums' },
  { id: 'record', label: 'Record' },
] as const

export const baseBackupOnCancel = 'The unfinished .partial folder is removed; the server ends the backup and keeps nothing of it.'

export interface BaseBackupInput {
  request: BaseBackupRequest
  place: BackupPlace
}

/** Throws AppError; by then the unfinished folder is removed, or kept and named when pg_basebackup itself had finished. */
export async function runBaseBackup(
  { request, place }: BaseBackupInput,
  job: JobContext,
  services: BaseBackupServices,
): Promise<JobResult> {
  const startedAt = new Date()
  job.step('checks')
  const plan = await planBaseBackup(services, request, place, job.signal)
  const refused = refusal(plan)
  if (refused) throw refused
  hidePassword(job, plan.connection, [place.final, request.label])
  for (const command of plan.shown) job.command(command)
  const warnings: string[] = []
  for (const message of standingWarnings(plan, request)) {
    warnings.push(message)
    job.issue({ ...blankIssue, severity: 'warning', message })
  }
  const folder = plan.target === null ? await openFolder(job, place) : null
  if (request.options.noClean === true) folder?.keepOnFailure(() => '--no-clean was asked for.')
  const tools = await services.connections.toolEnvironment(plan.connection)
  job.onCleanup('the passfile', tools.remove)
  const slot = guardSlot(job, services, plan, request)
  if (isAsked(request.options.waldir)) watchWalFolder(job, String(request.options.waldir))

  const warn = (text: string) => void warnings.push(text)
  const taken = await takeBase(job, plan, tools.env, services, warn)
  if (!folder) {
    for (const id of ['settings', 'verify', 'checksums', 'record']) job.endStep(id, 'skipped', 'not in a library')
    slot?.keep()
    return describeTarget({ plan, taken, startedAt, request })
  }
  folder.keepOnFailure(() => 'pg_basebackup had finished.')
  const data = path.join(place.partial, dataName)
  if (request.format === 'plain') {
    const oids = plan.source.tablespaces.filter(({ location }) => path.isAbsolute(location)).map(({ oid }) => oid)
    if (oids.length > 0) await relinkTablespaces(data, place.partial, place.final, oids)
  }
  const settings = await copySettings(job, services, plan, request.configuration, warn)
  const check = request.format === 'plain' ? checkPlain : checkTars
  const checked = await check(job, { folder: place.partial, data }, plan.verify, taken)
  const positions = readPositions(taken, checked.label, checked.manifest)
  const found = [checked.manifest?.systemIdentifier ?? null, readSystemIdentifier(checked.control)]
  requireSameCluster(plan.source.systemIdentifier, found)
  const { files, size } = await hashRest(job, place, checked)

  job.step('record')
  const systemIdentifier = plan.source.systemIdentifier ?? found.find((id) => id !== null) ?? null
  const parts: RecordParts = {
    ...{ request, plan, startedAt, taken, checked, positions, systemIdentifier, settings, files, size, warnings },
  }
  const record = makeRecord(parts)
  job.signal.throwIfAborted()
  await finishPlace(place, record)
  folder.finished()
  slot?.keep()
  return describeResult(record, parts)
}

/** What of the checks stays true of the finished backup. A choice that the record shows by itself is none of them. */
function standingWarnings(plan: BaseBackupPlan, request: BaseBackupRequest): string[] {
  const lasting = new Set(['wal', 'waldir', 'target'])
  if (request.configuration) lasting.add('configuration')
  if (request.verify) lasting.add('verify')
  const notChosen = plan.preflight.filter(({ id, result }) => result === 'warning' && lasting.has(id))
  return notChosen.map(({ check, found }) => `${check}: ${found}`)
}

function watchWalFolder(job: JobContext, folder: string): void {
  let done = false
  job.output({ partial: null, final: folder, left: `WAL in ${folder}` })
  job.onCleanup('the WAL folder', async () => {
    if (done) return
    const { files } = await listFolder(folder).catch(() => ({ files: [] })) // pg_basebackup removes what it made there
    if (files.length > 0 && job.signal.aborted) job.leftover(`WAL in ${folder}`)
    done = true
  })
}
