// Records of base backups for tests of chains: a full one and incremental ones on it.
import type { RestoreWindow } from '../../../shared/contracts/backups'
import type { BaseBackupRecord } from '../../../shared/model/backupRecord'

export interface Entry {
  path: string
  library: string
  size: string
  record: BaseBackupRecord
}

/** `at` places it: its start is 0/<at>000000, it stops half a segment later, and it is of that minute. */
export function baseEntry(name: string, at: number, parent: Entry | null = null, more: Partial<BaseBackupRecord> = {}): Entry {
  const lsn = (half: boolean) => `0/${at.toString(16).toUpperCase()}${half ? '8' : '0'}00000`
  const time = (second: number) => `2026-11-20T10:${String(at).padStart(2, '0')}:${String(second).padStart(2, '0')}.000000Z`
  return {
    path: `/lib/main/${name}`,
    library: '/lib',
    size: '1000',
    record: {
      ...{ recordVersion: 1, id: `id-${name}`, kind: 'base-backup', label: name, artifact: 'data', globals: null },
      ...{ startedAt: time(0).replace('.000000', '.000'), endedAt: time(30).replace('.000000', '.000') },
      source: {
        ...{ label: 'main', host: '127.0.0.1', port: 5432, database: null, systemIdentifier: '7000', serverVersion: 180004 },
        ...{ dataChecksums: true, encoding: null, localeProvider: null, collate: null, ctype: null, locale: null },
        ...{ collationVersion: null, owner: null, databaseSize: '1000' },
      },
      ...{ tools: [], commands: [], files: [], warnings: [], verifications: [], major: 18, segmentSize: 16777216, size: '1000' },
      ...{ start: { timeline: 1, lsn: lsn(false) }, stop: { timeline: 1, lsn: lsn(true) } },
      ...{ startTime: time(0), stopTime: time(30), tablespaces: [], configuration: [], format: 'plain', walMethod: 'stream' },
      ...{ compression: '', backupLabel: name, fromStandby: false, combinedFrom: null },
      manifest: { path: 'data/backup_manifest', files: 1, algorithm: 'CRC32C' },
      incremental: parent && { parent: parent.record.id, from: parent.record.start },
      ...more,
    },
  }
}

/** The archive leads on from the entry to this position, whose last commit is of that minute. */
export function windowOf({ path }: Entry, reaches: string, minute: number, more: Partial<RestoreWindow> = {}): RestoreWindow {
  const time = Date.parse(`2026-11-20T10:${String(minute).padStart(2, '0')}:00Z`) * 1000
  return {
    ...{ path, archiveId: 'a', archive: 'main', gap: '', problem: '' },
    reaches: { timeline: 1, lsn: reaches },
    lastCommit: { lsn: reaches, time, xid: 1 },
    ...more,
  }
}
