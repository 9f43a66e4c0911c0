// Snapshots for the window's tests.
import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { emptyConnectionSettings, type SavedConnection } from '../../../shared/model/connection'

export function jobSample(change: Partial<JobSnapshot> = {}): JobSnapshot {
  return {
    id: 'j1',
    capability: 'dump',
    title: 'Dump shop',
    input: {},
    connectionId: 'c1',
    serverLabel: 'main',
    state: 'running',
    createdAt: '2026-11-22T10:00:00Z',
    startedAt: '2026-11-22T10:00:01Z',
    endedAt: null,
    movedAt: '2026-11-22T10:00:02Z',
    steps: [],
    progress: null,
    commands: [],
    outputs: [],
    onCancel: '',
    issues: [],
    warningCount: 0,
    errorCount: 0,
    result: null,
    error: null,
    leftovers: [],
    logLines: 0,
    ...change,
  }
}

export function connectionSample(change: Partial<SavedConnection> = {}): SavedConnection {
  return {
    id: 'c1',
    label: 'main',
    colour: 'teal',
    readOnly: false,
    settings: { ...emptyConnectionSettings, host: 'db1', port: 5433 },
    password: 'none',
    practice: null,
    ...change,
  }
}

export function dumpSample(
  database: string,
  startedAt: string,
  checks: { level: 'checksums' | 'read'; ok: boolean; at: string }[] = [{ level: 'read', ok: true, at: startedAt }],
  source: Partial<CatalogEntry['record']['source']> = {},
): CatalogEntry {
  return {
    path: `/lib/${database}-${startedAt}`,
    library: '/lib',
    size: '1000',
    record: {
      recordVersion: 1,
      id: `${database}-${startedAt}`,
      kind: 'dump',
      label: '',
      startedAt,
      endedAt: startedAt,
      source: {
        label: 'main',
        host: 'db1',
        port: 5433,
        database,
        systemIdentifier: '77',
        serverVersion: 180004,
        dataChecksums: true,
        encoding: 'UTF8',
        localeProvider: 'libc',
        collate: 'C',
        ctype: 'C',
        locale: null,
        collationVersion: null,
        owner: 'postgres',
        databaseSize: '5000',
        ...source,
      },
      tools: [],
      commands: [],
      format: 'directory',
      artifact: 'data',
      globals: null,
      files: [],
      warnings: [],
      verifications: checks.map((check) => ({ ...check, detail: '' })),
    },
  }
}
