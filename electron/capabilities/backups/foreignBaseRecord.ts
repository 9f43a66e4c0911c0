// The record of a base backup that Walkback did not take, from its own files.
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { ForeignBackup } from '../../../shared/contracts/backups'
import type { BackupLabel } from '../../../shared/model/backupLabel'
import type { BackupManifest } from '../../../shared/model/backupManifest'
import { type BaseBackupRecord, recordVersion } from '../../../shared/model/backupRecord'
import { formatLsn } from '../../../shared/model/lsn'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import type { HashedFile } from '../../library/checksumFiles'
import { scanLibraries } from '../../library/scanLibrary'
import type { ControlData } from '../../postgres/localClusterState'
import { addedLater, type KeptUnder, sourceOf } from './foreignReading'
import { knownLibraries, type LibraryNeeds } from './removeBackup'

/** Within the backup's folder, once it has a record. */
const dataName = 'data'

export interface BaseFacts {
  major: number
  label: BackupLabel
  control: ControlData
  manifest: BackupManifest
  /** What the manifest does not cover, by its path in the folder. */
  files: HashedFile[]
  size: bigint
  walMethod: BaseBackupRecord['walMethod']
  compression: string
  detail: string
}

export async function foreignBaseRecord(
  found: ForeignBackup,
  keep: KeptUnder,
  facts: BaseFacts,
  job: Pick<JobContext, 'signal'>,
  services: LibraryNeeds,
): Promise<BaseBackupRecord> {
  const { label, manifest, control, major } = facts
  const last = manifest.walRanges.toSorted((a, b) => a.timeline - b.timeline).at(-1)
  if (!last) throw new AppError('tool_failed', 'Its manifest names no WAL.')
  const written = await stat(path.join(found.path, 'backup_manifest'))
  const times = timesOf(label, written.mtime)
  const now = new Date().toISOString()
  return {
    recordVersion,
    id: crypto.randomUUID(),
    kind: 'base-backup',
    label: keep.label,
    startedAt: `${times.start.slice(0, 23)}Z`,
    endedAt: `${times.stop.slice(0, 23)}Z`,
    source: sourceOf(keep.server, {
      serverVersion: major * 10000,
      systemIdentifier: control.systemIdentifier,
      dataChecksums: control.dataChecksums,
    }),
    tools: [],
    commands: [],
    artifact: dataName,
    globals: null,
    files: facts.files.map((file) => ({ ...file, path: `${dataName}/${file.path}` })),
    warnings: [addedLater, times.how],
    verifications: [{ at: now, level: 'manifest', ok: true, detail: facts.detail }],
    major,
    segmentSize: control.segmentSize,
    start: { timeline: label.startTimeline, lsn: formatLsn(label.startLsn) },
    stop: { timeline: last.timeline, lsn: formatLsn(last.end) },
    ...{ startTime: times.start, stopTime: times.stop, size: String(facts.size) },
    tablespaces: await tarSpaces(found),
    configuration: [],
    format: found.format === 'tar' ? 'tar' : 'plain',
    walMethod: facts.walMethod,
    compression: facts.compression,
    backupLabel: label.label,
    fromStandby: label.from === 'standby',
    manifest: {
      path: `${dataName}/backup_manifest`,
      files: manifest.files.length,
      algorithm: manifest.files[0]?.algorithm ?? 'NONE',
    },
    incremental: label.incrementalFrom && {
      parent: await parentOf(label.incrementalFrom, control.systemIdentifier, job, services),
      from: { timeline: label.incrementalFrom.timeline, lsn: formatLsn(label.incrementalFrom.lsn) },
    },
    combinedFrom: null,
  }
}

/** Tablespaces of a tar backup by their oid; their names only the server knows, their places base.tar's tablespace_map. */
async function tarSpaces({ path: folder, format }: ForeignBackup): Promise<BaseBackupRecord['tablespaces']> {
  if (format !== 'tar') return []
  const tars = (await readdir(folder)).filter((name) => /^\d+\.tar/.test(name)).toSorted()
  return tars.map((name) => {
    const oid = name.slice(0, name.indexOf('.'))
    return { oid, name: oid, location: '', path: `${dataName}/${name}` }
  })
}

/** The backup in the libraries that it was taken on. */
async function parentOf(
  from: NonNullable<BackupLabel['incrementalFrom']>,
  systemIdentifier: string,
  job: Pick<JobContext, 'signal'>,
  services: LibraryNeeds,
): Promise<string> {
  const { backups } = await scanLibraries(knownLibraries(services), job.signal)
  const parent = backups.find(
    ({ record }) =>
      record.kind === 'base-backup' &&
      record.source.systemIdentifier === systemIdentifier &&
      record.start.lsn === formatLsn(from.lsn) &&
      record.start.timeline === from.timeline,
  )
  return parent?.record.id ?? 'not known'
}

/** backup_label names the server's zone by letters, which mean nothing elsewhere unless they are UTC's. */
function timesOf(label: BackupLabel, manifestWritten: Date): { start: string; stop: string; how: string } {
  const iso = (time: Date) => time.toISOString().replace('Z', '000Z')
  const said = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (?:UTC|GMT)$/.exec(label.startTime ?? '')
  const start = said ? new Date(`${said[1]}T${said[2]}Z`) : manifestWritten
  const stop = manifestWritten < start ? start : manifestWritten
  const how = said
    ? 'Its end is known by position; as its time stands when its manifest was written.'
    : `Its start is told as ${label.startTime ?? 'nothing'}, in the server's zone; as its times stand when its manifest was written.`
  return { start: iso(start), stop: iso(stop), how }
}
