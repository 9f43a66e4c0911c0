// The record of a cold backup, and what its job's page says of it.

import { randomUUID } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import type { ColdBackupRequest } from '../../../shared/contracts/coldBackup'
import type { JobResult } from '../../../shared/jobs/job'
import type { ColdBackupRecord } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import type { HashedFile } from '../../library/checksumFiles'
import { needsCrashRecovery } from '../../postgres/localClusterState'
import { dataName, type SourceEntry, tablespacesName } from './listSource'
import type { ColdPlan } from './planCold'

export const configurationName = 'configuration'

/** /etc/postgresql/15/main/pg_hba.conf becomes configuration/etc/postgresql/15/main/pg_hba.conf. */
export function configurationPath(original: string): string {
  return `${configurationName}/${original
    .split(path.sep)
    .filter((part) => part !== '' && !part.endsWith(':'))
    .join('/')}`
}

export interface RecordInput {
  request: ColdBackupRequest
  plan: ColdPlan
  startedAt: Date
  copied: readonly SourceEntry[]
  files: HashedFile[]
  warnings: string[]
}

export function makeRecord({ request, plan, startedAt, copied, files, warnings }: RecordInput): ColdBackupRecord {
  const { control, info, version } = plan
  const at = (lsn: string) => ({ timeline: control.timeline, lsn })
  // The server's clock at its latest checkpoint; pg_control keeps seconds.
  const moment = (control.checkpointAt ?? startedAt).toISOString().replace('Z', '000Z')
  const unclean = needsCrashRecovery(control.state)
  const size = files.reduce((sum, file) => sum + BigInt(file.size), 0n)
  return {
    recordVersion: 1,
    id: randomUUID(),
    kind: 'cold-backup',
    label: request.label,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    source: {
      label: info.name,
      host: os.hostname(),
      port: info.port,
      database: null,
      systemIdentifier: control.systemIdentifier,
      serverVersion: version,
      dataChecksums: control.dataChecksums,
      ...{ encoding: null, localeProvider: null, collate: null, ctype: null, locale: null, collationVersion: null },
      owner: info.owner,
      databaseSize: null,
    },
    tools: plan.shown.map(({ program }) => ({ program, version })),
    commands: plan.shown.map(({ words }) => words.join(' ')),
    artifact: dataName,
    globals: null,
    files,
    warnings,
    verifications: [
      {
        at: new Date().toISOString(),
        level: 'checksums',
        ok: true,
        detail: `${files.length} files, ${formatBytes(size)}, read back after they were written`,
      },
    ],
    format: 'plain',
    major: info.major ?? 0,
    segmentSize: control.segmentSize,
    start: at(unclean ? control.redo : control.checkpoint),
    stop: at(unclean ? (plan.wal.end ?? control.checkpoint) : control.checkpoint),
    startTime: moment,
    stopTime: moment,
    size: size.toString(),
    tablespaces: plan.listing.tablespaces.map(({ oid, location }) => ({
      oid,
      name: '',
      location,
      path: `${tablespacesName}/${oid}`,
    })),
    configuration: request.configuration
      ? plan.outside.files.map((original) => ({ original, path: configurationPath(original) }))
      : [],
    configurationFolders: request.configuration ? plan.outside.folders : [],
    dataDirectory: info.dataDirectory,
    state: control.state,
    ...ownershipOf(plan, copied),
  }
}

/** initdb gives 0700 and 0600, with --allow-group-access 0750 and 0640; what differs is listed. */
function ownershipOf({ listing, info }: ColdPlan, copied: readonly SourceEntry[]): Pick<ColdBackupRecord, 'ownership' | 'modes'> {
  const root = listing.folders.find((folder) => folder.path === dataName)
  const { uid, gid, mode } = root ?? { uid: 0, gid: 0, mode: 0o700 }
  const usual = mode & 0o050 ? { folder: 0o750, file: 0o640 } : { folder: 0o700, file: 0o600 }
  const differs = (entry: SourceEntry, expected: number) => entry.mode !== expected || entry.uid !== uid || entry.gid !== gid
  return {
    ownership: { account: info.owner ?? '', uid, gid, mode: octal(mode) },
    modes: [
      ...listing.folders.filter((folder) => differs(folder, usual.folder)),
      ...copied.filter((file) => differs(file, usual.file)),
    ].map((entry) => ({ path: entry.path, mode: octal(entry.mode), uid: entry.uid, gid: entry.gid })),
  }
}

function octal(mode: number): string {
  return `0${mode.toString(8).padStart(3, '0')}`
}

export function describeResult(plan: ColdPlan, record: ColdBackupRecord, cloned: number): JobResult {
  const recovery = needsCrashRecovery(record.state) ? ' It will go through crash recovery when it starts.' : ''
  const spaces = record.tablespaces.length
  return {
    headline: `${record.files.length} files were copied, and read back as they were read from ${plan.info.name}.${recovery}`,
    facts: [
      { label: 'State', value: `pg_controldata says "${record.state}"`, mono: false },
      { label: 'Size', value: formatBytes(record.size), mono: false },
      ...(cloned > 0
        ? [{ label: 'Shared blocks', value: `${cloned} files share their blocks with the original`, mono: false }]
        : []),
      { label: 'Tablespaces', value: spaces === 0 ? 'none' : String(spaces), mono: false },
      {
        label: 'Settings files',
        value: record.configuration.length === 0 ? 'in the data directory' : `${record.configuration.length} from outside`,
        mono: false,
      },
      { label: 'Consistent from', value: `${record.stop.lsn}, timeline ${record.stop.timeline}`, mono: true },
      { label: 'System identifier', value: record.source.systemIdentifier ?? '', mono: true },
      { label: 'Cluster', value: `${plan.info.name} is still stopped`, mono: false },
      { label: 'Folder', value: plan.place.final, mono: true },
    ],
    backupPath: plan.place.final,
    database: null,
  }
}
