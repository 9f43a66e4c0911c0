// Combines a chain as a job: checks, a trial, pg_combinebackup, settings files, verification, checksums, record, then its name.
import { cp, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { CombineRequest } from '../../../shared/contracts/baseBackup'
import type { JobResult } from '../../../shared/jobs/job'
import { nameOf } from '../../../shared/model/backupChain'
import { type BaseBackupRecord, recordVersion } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { toLsn } from '../../../shared/model/lsn'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import { commandText } from '../../../shared/tools/showCommand'
import type { JobContext } from '../../jobs/jobTypes'
import { finishPlace } from '../../library/backupFolder'
import { explainCombineFailure } from '../../library/combineMessages'
import { openFolder } from '../../library/openFolder'
import { watchFolderSize } from '../../library/watchFolderSize'
import { blankIssue } from './baseMessages'
import { makeLinksAbsolute } from './combineChain'
import { hashRest } from './hashRest'
import { dataName } from './planBaseBackup'
import { type CombinePlan, type CombineServices, combineRefusal, planCombine, tryChain } from './planCombine'
import { type BasePositions, readPositions, readSystemIdentifier, requireSameCluster } from './readPositions'
import { relinkTablespaces, tablespacesName } from './tablespaceLinks'
import { type CheckedBase, checkPlain } from './verifyBase'

export const combineSteps = [
  { id: 'checks', label: 'Checks' },
  { id: 'combine', label: 'Combine' },
  { id: 'settings', label: 'Settings files' },
  { id: 'verify', label: 'Verify' },
  { id: 'checksums', label: 'Checksums' },
  { id: 'record', label: 'Record' },
] as const

export const combineOnCancel = 'The unfinished .partial folder is removed; the backups of the chain stay as they are.'

/** Throws AppError; by then the unfinished folder is removed, or kept and named when pg_combinebackup itself had finished. */
export async function runCombine(
  request: CombineRequest,
  at: { time: Date; attempt: number },
  job: JobContext,
  services: CombineServices,
): Promise<JobResult> {
  const startedAt = new Date()
  job.step('checks')
  const plan = await planCombine(services, request, at, job.signal)
  const refused = combineRefusal(plan)
  if (refused) throw refused
  for (const command of plan.shown) job.command(command)
  const warnings = plan.preflight.flatMap(({ id, result, check, found }) =>
    result === 'warning' && id !== 'space' ? [`${check}: ${found}`] : [],
  )
  for (const message of warnings) job.issue({ ...blankIssue, severity: 'warning', message })
  const { place, last, links } = plan
  const folder = await openFolder(job, place)
  await makeLinksAbsolute(job, last)
  const refusal = await tryChain(services, plan, job.signal)
  if (refusal) throw refusal

  await combine(job, plan)
  folder.keepOnFailure(() => 'pg_combinebackup had finished.')
  const data = path.join(place.partial, dataName)
  if (plan.tablespaces.length > 0) await relinkTablespaces(data, place.partial, place.final, plan.tablespaces)
  await copySaved(job, plan)
  const said = {
    start: { lsn: toLsn(last.record.start.lsn), timeline: last.record.start.timeline },
    stop: toLsn(last.record.stop.lsn),
  }
  const checked = await checkPlain(job, { folder: place.partial, data }, plan.verify, said)
  const positions = readPositions(said, checked.label, checked.manifest)
  if (positions.incrementalFrom) throw new AppError('tool_failed', 'The result is still an incremental backup.')
  const found = [checked.manifest?.systemIdentifier ?? null, readSystemIdentifier(checked.control)]
  requireSameCluster(last.record.source.systemIdentifier, found)
  const { files, size } = await hashRest(job, place, checked)

  job.step('record')
  const record: BaseBackupRecord = {
    ...recordOf(plan, checked, positions),
    // Its times stay those of the last backup of the chain: nobody is better protected because it was combined today.
    ...{ label: request.label, files, size: String(size), warnings },
  }
  job.signal.throwIfAborted()
  await finishPlace(place, record)
  folder.finished()
  const seconds = (Date.now() - startedAt.getTime()) / 1000
  return {
    headline: `Combined ${links.length} backups of ${last.record.source.label} into a full one: ${formatBytes(record.size)}${checked.detail === '' ? '' : ', checked against its manifest'}.`,
    facts: [
      { label: 'Folder', value: place.final, mono: true },
      { label: 'Size on disk', value: formatBytes(record.size), mono: false },
      { label: 'From', value: `${record.start.lsn}, timeline ${record.start.timeline}`, mono: true },
      { label: 'Consistent at', value: `${record.stop.lsn}, ${record.stopTime}`, mono: true },
      { label: 'Made of', value: links.map(nameOf).join(', '), mono: true },
      { label: 'Checked', value: checked.detail === '' ? 'no, as asked for' : checked.detail, mono: false },
      { label: 'Took', value: `${seconds.toFixed(1)} s`, mono: false },
    ],
    backupPath: place.final,
    database: null,
  }
}

async function combine(job: JobContext, { tool, command, place, size }: CombinePlan): Promise<void> {
  if (!tool || !command) throw new AppError('internal', 'There is no pg_combinebackup command.')
  job.step('combine')
  const total = size === null ? null : Number(size)
  const stop = watchFolderSize(place.partial, (done) =>
    job.progress({ done, total: total === null ? null : Math.max(total, done), unit: 'bytes', label: 'written so far' }),
  )
  const errors: string[] = []
  const began = Date.now()
  let exit: Awaited<ReturnType<JobContext['run']>>
  try {
    exit = await job.run({
      file: tool.path,
      argv: command.argv,
      onStderr: (line) => {
        if (/(error|fatal|detail|hint): /.test(line) && errors.length < 200) errors.push(line)
      },
    })
  } finally {
    await stop()
  }
  job.progress(null)
  if (exit.cancelled) throw new AppError('cancelled', 'pg_combinebackup was cancelled.')
  const program = `pg_combinebackup ${formatPgVersion(tool.version)}`
  if (exit.code !== 0) throw explainCombineFailure(program, exit, [...errors, ...exit.stderrTail])
  job.endStep('combine', 'done', `${((Date.now() - began) / 1000).toFixed(1)} s`)
}

/** The settings files that came with the last backup of the chain. */
async function copySaved(job: JobContext, { last, place }: CombinePlan): Promise<void> {
  job.step('settings')
  const saved = last.record.configuration
  if (saved.length === 0) return job.endStep('settings', 'skipped', 'the last backup brought none')
  for (const { path: inner } of saved) {
    const target = path.join(place.partial, inner)
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
    await cp(path.join(last.path, inner), target, { errorOnExist: true, force: false, preserveTimestamps: true })
  }
  job.endStep('settings', 'done', `${saved.length} from the last backup`)
}

/** As the last backup of the chain is: its moment, its WAL, its server. */
function recordOf(
  { links, last, tool, verify, shown }: CombinePlan,
  checked: CheckedBase,
  positions: BasePositions,
): BaseBackupRecord {
  const { record } = last
  const tools = [tool, verify.command?.tool, verify.waldump].filter((each) => each !== null && each !== undefined)
  const { manifest, detail } = checked
  return {
    ...record,
    recordVersion,
    id: crypto.randomUUID(),
    tools: tools.map(({ program, version }) => ({ program, version })),
    commands: shown.map(({ program, words }) => commandText(program, words)),
    verifications:
      detail === '' ? [] : [{ at: new Date().toISOString(), level: manifest ? 'manifest' : 'checksums', ok: true, detail }],
    start: positions.start,
    stop: positions.stop,
    tablespaces: record.tablespaces.map((space) => ({ ...space, path: `${tablespacesName}/${space.oid}` })),
    backupLabel: positions.label,
    fromStandby: positions.fromStandby,
    manifest: manifest && {
      path: `${dataName}/backup_manifest`,
      files: manifest.files.length,
      algorithm: manifest.files[0]?.algorithm ?? 'NONE',
    },
    incremental: null,
    combinedFrom: links.map((link) => link.record.id),
  }
}
