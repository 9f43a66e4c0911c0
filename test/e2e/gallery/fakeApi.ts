// Stands in for renderer/rpc/api.ts in the gallery: answers with the samples, so that every page can be looked at.
import type { Api } from '../../../shared/contracts'
import { copySamples } from './copySamples'
import { outcomeSamples } from './outcomeSamples'
import { pointSamples } from './pointSamples'
import { ago, backups, connections, jobs, logLine } from './samples'

const GB = 1024 ** 3
const scene = new URLSearchParams(location.search)
const empty = scene.has('empty')

const facts = {
  version: 180004,
  versionText: '18.4 (Debian 18.4-1)',
  systemIdentifier: '7614118026514903417',
  dataDirectory: '/var/lib/postgresql/18/main',
  encrypted: true,
  inRecovery: false,
  role: {
    name: 'walkback',
    superuser: false,
    createDatabase: true,
    createRole: false,
    replication: true,
    bypassRls: false,
    readServerFiles: true,
    writeServerFiles: false,
    executeServerProgram: false,
  },
  roundTripMs: 1.4,
}

const database = (name: string, size: number, sessions: number) => ({
  name,
  size: String(Math.round(size)),
  owner: 'shop_owner',
  encoding: 'UTF8',
  localeProvider: 'libc',
  collate: 'en_US.UTF-8',
  ctype: 'en_US.UTF-8',
  locale: null,
  allowsConnections: true,
  isTemplate: false,
  sessions,
})

const ready = (
  id: string,
  check: string,
  now: string,
  needed: string,
  state: 'ready' | 'check' | 'blocked' | 'unknown' = 'ready',
  howToChange = '',
) => ({
  id,
  state,
  check,
  now,
  needed,
  howToChange,
})

const host = {
  version: '0.1.0',
  host: 'serve' as const,
  platform: 'linux',
  hostname: 'db1',
  account: 'postgres',
  cores: 8,
  dataFolder: '/var/lib/walkback',
  timeZone: '+01:00 Europe/Berlin',
}
let settings = {
  theme: (scene.get('theme') ?? 'system') as 'system' | 'light' | 'dark',
  libraries: ['/var/lib/walkback/library', '/srv/walkback'],
  installationFolders: ['/opt/pg18/bin'],
  concurrentJobs: 2,
  notifyAfterSeconds: 30,
}

const fake = {
  connections: {
    list: async () => ({
      connections: empty ? [] : connections.map((each) => ({ ...each, readOnly: each.readOnly && scene.has('readonly') })),
    }),
    save: async (input: { label: string }) => ({ ...connections[0], label: input.label }),
    remove: async () => ({}),
    test: async (input: { settings: { host: string } }) =>
      input.settings.host.includes('bad')
        ? {
            ok: false,
            failure: 'host',
            message: 'The name bad.internal is not known.',
            hint: 'Check the spelling, or whether the VPN is up.',
            original: 'getaddrinfo ENOTFOUND bad.internal',
          }
        : { ok: true, facts },
    parse: async () => ({ settings: connections[0]?.settings, hasPassword: true, ignored: ['application_name'] }),
    sources: async () => ({
      services: [{ name: 'orders', file: '/root/.pg_service.conf', settings: { host: 'db1.internal', port: 5433 } }],
      passfile: { path: '/root/.pgpass', exists: false, problem: '' },
      sockets: [{ folder: '/var/run/postgresql', port: 5432 }],
    }),
    secretStorage: async () => ({
      canRemember: false,
      reason: 'There is no keyring where Walkback runs; passwords stay in memory until it stops.',
    }),
    server: async () => ({
      facts,
      databases: [
        database('orders', 4.62 * GB, 31),
        database('analytics', 1.21 * GB, 4),
        database('billing', 0.273 * GB, 2),
        database('postgres', 7.6e6, 0),
      ],
      archiving: { mode: 'off', command: '', lastArchivedAt: null, lastFailedAt: null },
      readiness: [
        ready('role', 'Role and pg_hba.conf', 'hostssl, line 94', 'a replication connection'),
        ready('wal_level', 'wal_level', 'replica', 'replica or logical'),
        ready('senders', 'max_wal_senders', '3 of 10 used', '1 free'),
        ready('slots', 'max_replication_slots', '2 of 10 used', '1 free'),
        ready('summarize', 'summarize_wal', 'on', 'on, for incrementals'),
        ready(
          'keep',
          'max_slot_wal_keep_size',
          '-1 (no limit)',
          'a limit or consent',
          'check',
          "ALTER SYSTEM SET max_slot_wal_keep_size = '16GB', then reload",
        ),
      ],
      startedAt: ago(900_000),
    }),
    dropDatabase: async () => ({}),
  },
  objects: {
    tables: async () => ({
      tables: [
        { schema: 'public', name: 'customers', kind: 'table', estimatedRows: 312408, size: String(148 * 1024 ** 2) },
        { schema: 'sales', name: 'order_items', kind: 'table', estimatedRows: 4812588, size: String(918 * 1024 ** 2) },
        { schema: 'sales', name: 'order_events', kind: 'partitioned table', estimatedRows: 18904126, size: String(1.92 * GB) },
        { schema: 'sales', name: 'open_orders', kind: 'view', estimatedRows: null, size: null },
      ],
      largeObjects: 1204,
      functions: 267,
      extensions: ['pgcrypto', 'pg_trgm'],
    }),
    rows: async () => ({
      columns: [
        { name: 'id', type: 'bigint' },
        { name: 'name', type: 'text' },
        { name: 'email', type: 'text' },
        { name: 'note', type: 'text' },
      ],
      rows: [
        ['1', 'Ada', 'ada@example.org', null],
        ['2', 'Grace', null, ''],
        ['3', "Robert'); DROP TABLE", 'bob@example.org', 'a\nb'],
      ],
      count: '312408',
    }),
  },
  copy: copySamples,
  restoreOutcome: outcomeSamples,
  recoveryPoint: pointSamples,
  backups: {
    list: async () => ({
      backups: empty ? [] : backups,
      oddities: [],
      libraries: settings.libraries.map((path) => ({
        path,
        exists: path !== '/srv/walkback',
        freeBytes: path === '/srv/walkback' ? null : String(218 * GB),
      })),
    }),
  },
  jobs: {
    watch: async function* () {
      let list = empty || scene.has('idle') ? jobs.filter((job) => job.endedAt !== null && !empty) : jobs
      yield { type: 'all', jobs: list }
      let done = 4.18 * GB
      for (let tick = 0; list.length > 0 && !scene.has('stalled'); tick++) {
        await new Promise((resolve) => setTimeout(resolve, 250))
        done += 112 * 1024 ** 2 * 0.25 * (0.8 + 0.4 * Math.abs(Math.sin(tick)))
        list = list.map((job) =>
          job.state === 'running' && job.progress
            ? { ...job, movedAt: new Date().toISOString(), progress: { ...job.progress, done: Math.min(done, 6.14 * GB) } }
            : job,
        )
        const running = list.find((job) => job.state === 'running')
        if (!running) return
        yield { type: 'job', job: running }
      }
      await new Promise(() => undefined)
    },
    get: async ({ jobId }: { jobId: string }) => jobs.find((job) => job.id === jobId),
    cancel: async ({ jobId }: { jobId: string }) => jobs.find((job) => job.id === jobId),
    remove: async () => ({}),
    runAgain: async () => ({ jobId: 'run' }),
    saveReport: async ({ path }: { path: string }) => ({ path }),
    log: async ({ jobId, from, count, level }: { jobId: string; from: number; count: number; level: string }) => {
      const total = jobs.find((job) => job.id === jobId)?.logLines ?? 0
      const all = Array.from({ length: total }, (_, line) => logLine(line)).filter(
        (line) => level === 'info' || line.level === level || line.level === 'error',
      )
      return { lines: all.slice(from, from + count), total: all.length }
    },
    watchLog: async function* ({ jobId }: { jobId: string }) {
      const job = jobs.find((each) => each.id === jobId)
      yield { total: job?.logLines ?? 0, warnings: 1, errors: job?.errorCount ?? 0 }
    },
    searchLog: async ({ jobId, text }: { jobId: string; text: string }) => {
      const total = jobs.find((job) => job.id === jobId)?.logLines ?? 0
      const lines = Array.from({ length: total }, (_, line) => line).filter((line) =>
        logLine(line).text.toLowerCase().includes(text.toLowerCase()),
      )
      return { lines, total: lines.length }
    },
  },
  host: {
    info: async () => host,
    installations: async () => ({
      installations: [
        {
          folder: '/usr/lib/postgresql/15/bin',
          version: 150018,
          programs: ['pg_dump', 'pg_restore', 'psql', 'initdb', 'pg_ctl', 'postgres'],
          origin: 'Debian',
        },
        { folder: '/opt/pg18/bin', version: 180004, programs: ['pg_dump', 'pg_restore', 'psql'], origin: 'added by hand' },
      ],
    }),
    settings: async () => settings,
    saveSettings: async (next: typeof settings) => (settings = next),
    folder: async ({ path }: { path: string }) => ({
      path: path === '' ? '/root' : path,
      parent: '/',
      entries: ['backups', 'library', 'projects'].map((name) => ({
        name,
        path: `/root/${name}`,
        kind: 'folder',
        size: null,
        modifiedAt: ago(86_400),
      })),
      writable: true,
      freeBytes: String(218 * GB),
    }),
    makeFolder: async () => ({ path: '/root/new' }),
  },
} as const

/** Samples are typed loosely: the gallery is for looking, the schemas are tested elsewhere. */
export const api = fake as unknown as Api
type State = 'connecting' | 'ready' | 'lost' | 'no-session' | 'refused'
const state = (scene.get('connection') ?? 'ready') as State
export const connectionState = () => state
export const subscribeConnection = () => () => undefined
export const openApi = async () => ({ api, onLost: () => () => undefined })
export { type ConnectionState, connectionWords } from '../../../renderer/rpc/connection'
