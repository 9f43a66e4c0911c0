// What a finished base backup leaves to be read: its record, and the result on the job's page.
import type { BaseBackupRequest } from '../../../shared/contracts/baseBackup'
import type { JobFact, JobResult } from '../../../shared/jobs/job'
import { type BaseBackupRecord, recordVersion } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatLsn } from '../../../shared/model/lsn'
import { formatPgVersion, majorOf } from '../../../shared/model/pgVersion'
import { utcText } from '../../../shared/model/utcText'
import { commandText } from '../../../shared/tools/showCommand'
import { readCompression } from '../../../shared/tools/walCompression'
import type { HashedFile } from '../../library/checksumFiles'
import type { SavedSetting } from './copySettings'
import { type BaseBackupPlan, dataName } from './planBaseBackup'
import type { BasePositions } from './readPositions'
import { createdSlot } from './slotGuard'
import { tablespacesName } from './tablespaceLinks'
import type { TakenBase } from './takeBase'
import type { CheckedBase } from './verifyBase'

export interface RecordParts {
  request: BaseBackupRequest
  plan: BaseBackupPlan
  startedAt: Date
  taken: TakenBase
  checked: CheckedBase
  positions: BasePositions
  systemIdentifier: string | null
  settings: SavedSetting[]
  files: HashedFile[]
  /** Bytes on disk. */
  size: bigint
  warnings: string[]
}

export function makeRecord(parts: RecordParts): BaseBackupRecord {
  const { request, plan, checked, positions, taken } = parts
  const endedAt = new Date().toISOString()
  const { settings, label } = plan.connection
  const { source } = plan
  const tools = [plan.tool, plan.verify.command?.tool, plan.verify.waldump].filter((tool) => tool !== null && tool !== undefined)
  const compress = request.options.compress
  return {
    recordVersion,
    id: crypto.randomUUID(),
    kind: 'base-backup',
    label: request.label,
    startedAt: parts.startedAt.toISOString(),
    endedAt,
    source: {
      label,
      host: settings.host,
      port: settings.port,
      database: null,
      systemIdentifier: parts.systemIdentifier,
      serverVersion: source.version,
      dataChecksums: source.dataChecksums,
      ...{ encoding: null, localeProvider: null, collate: null, ctype: null, locale: null, collationVersion: null, owner: null },
      databaseSize: source.size,
    },
    tools: tools.map(({ program, version }) => ({ program, version })),
    commands: plan.shown.map(({ program, words }) => commandText(program, words)),
    artifact: dataName,
    globals: null,
    files: parts.files,
    warnings: parts.warnings,
    verifications:
      checked.detail === '' ? [] : [{ at: endedAt, level: verifiedLevel(checked), ok: true, detail: checked.detail }],
    major: majorOf(source.version),
    segmentSize: source.segmentSize,
    start: positions.start,
    stop: positions.stop,
    startTime: taken.startTime,
    stopTime: taken.stopTime,
    size: String(parts.size),
    tablespaces: source.tablespaces.map(({ oid, name, location }) => ({
      ...{ oid, name, location },
      path: request.format === 'plain' ? `${tablespacesName}/${oid}` : tarOf(checked, oid),
    })),
    configuration: parts.settings,
    format: request.format,
    walMethod: walMethodOf(request),
    compression: compress === undefined || readCompression(String(compress))?.method === 'none' ? '' : String(compress),
    backupLabel: positions.label,
    fromStandby: positions.fromStandby,
    manifest: checked.manifest && {
      path: `${dataName}/backup_manifest`,
      files: checked.manifest.files.length,
      algorithm: checked.manifest.files[0]?.algorithm ?? 'NONE',
    },
    incremental:
      plan.parent && positions.incrementalFrom ? { parent: plan.parent.record.id, from: positions.incrementalFrom } : null,
    combinedFrom: null,
  }
}

/** The manifest's own level, or that of checksums where there is none. */
function verifiedLevel({ manifest }: CheckedBase): 'manifest' | 'checksums' {
  return manifest ? 'manifest' : 'checksums'
}

function tarOf({ tars }: CheckedBase, oid: string): string {
  const name = tars?.tars.find(({ path }) => path.startsWith(`${oid}.tar`))?.path ?? `${oid}.tar`
  return `${dataName}/${name}`
}

/** pg_basebackup streams when it is not told otherwise. */
export function walMethodOf({ options }: BaseBackupRequest): 'stream' | 'fetch' | 'none' {
  return options.walMethod === 'fetch' || options.walMethod === 'none' ? options.walMethod : 'stream'
}

const walWords = {
  stream: 'came along, streamed',
  fetch: 'came along, fetched at the end',
  none: 'not in the backup: it needs the archive',
} as const

export function describeResult(record: BaseBackupRecord, { request, plan, startedAt, checked }: RecordParts): JobResult {
  const seconds = (Date.now() - startedAt.getTime()) / 1000
  const what = record.incremental ? 'Took what changed' : 'Took a base backup'
  const proved = checked.detail === '' ? 'not checked' : 'checked against its manifest'
  return {
    headline: `${what} of ${plan.connection.label}: ${formatBytes(record.size)}, ${record.manifest ? proved : 'checksummed'}.`,
    facts: [
      { label: 'Folder', value: plan.place.final, mono: true },
      { label: 'Size on disk', value: formatBytes(record.size), mono: false },
      ...positionFacts(record.start, record.stop, record.stopTime),
      { label: 'System identifier', value: record.source.systemIdentifier ?? 'not known', mono: true },
      { label: 'WAL', value: walWords[record.walMethod], mono: false },
      ...(record.tablespaces.length > 0
        ? [{ label: 'Tablespaces', value: record.tablespaces.map(({ name }) => name).join(', '), mono: false }]
        : []),
      ...(record.configuration.length > 0
        ? [{ label: 'Settings files', value: record.configuration.map(({ original }) => original).join(', '), mono: true }]
        : []),
      ...(record.incremental && plan.parent ? [{ label: 'Builds on', value: plan.parent.folder, mono: true }] : []),
      ...slotFacts(request),
      { label: 'Checked', value: checked.detail === '' ? 'no, as asked for' : checked.detail, mono: false },
      { label: 'Took', value: `${seconds.toFixed(1)} s`, mono: false },
    ],
    backupPath: plan.place.final,
    database: null,
  }
}

function positionFacts(start: BasePositions['start'], stop: { lsn: string }, stopTime: string): JobFact[] {
  return [
    { label: 'From', value: `${start.lsn}, timeline ${start.timeline}`, mono: true },
    { label: 'Consistent at', value: `${stop.lsn}, ${utcText(stopTime)}`, mono: true },
  ]
}

function slotFacts(request: BaseBackupRequest): JobFact[] {
  const slot = createdSlot(request)
  if (slot === null) return []
  return [{ label: 'Replication slot', value: `${slot} was made and stays: it keeps WAL until somebody reads it`, mono: false }]
}

/** Of a backup that went to a target: there is no folder, no record and nothing to be checked here. */
export function describeTarget({
  plan,
  taken,
  startedAt,
  request,
}: Pick<RecordParts, 'plan' | 'taken' | 'startedAt' | 'request'>): JobResult {
  const where = plan.target?.replace(/^server:/, '') ?? ''
  const seconds = (Date.now() - startedAt.getTime()) / 1000
  const blackhole = plan.target === 'blackhole'
  return {
    headline: blackhole
      ? `Read all of ${plan.connection.label} and kept nothing: there is no backup of it.`
      : `The backup is on the server itself, in ${where}. Walkback can not verify it there and keeps no record of it.`,
    facts: [
      ...(blackhole ? [] : [{ label: 'On the server', value: where, mono: true }]),
      ...(taken.start && taken.stop !== null
        ? positionFacts(
            { timeline: taken.start.timeline, lsn: formatLsn(taken.start.lsn) },
            { lsn: formatLsn(taken.stop) },
            taken.stopTime,
          )
        : []),
      { label: 'WAL', value: walWords[walMethodOf(request)], mono: false },
      { label: 'Program', value: `pg_basebackup ${plan.tool ? formatPgVersion(plan.tool.version) : ''}`, mono: false },
      { label: 'Took', value: `${seconds.toFixed(1)} s`, mono: false },
    ],
    backupPath: null,
    database: null,
  }
}
