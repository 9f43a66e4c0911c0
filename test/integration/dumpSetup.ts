// An application with its own data folder and library for the tests of dump and backups, and databases worth dumping.
import fs from 'node:fs'
import path from 'node:path'
import { type App, createApp } from '../../electron/app'
import { backupsHandlers } from '../../electron/capabilities/backups/handlers'
import { dumpHandlers } from '../../electron/capabilities/dump/handlers'
import { findInstallations } from '../../electron/process/findTools'
import { chooseForServer, noFit } from '../../electron/process/tools'
import type { Services } from '../../electron/services'
import type { DumpRequest } from '../../shared/contracts/dump'
import type { JobSnapshot } from '../../shared/jobs/job'
import { majorOf } from '../../shared/model/pgVersion'
import { binFolder, type TestCluster, testMajors } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'

export interface DumpApp {
  app: App
  services: Services
  library: string
  dataFolder: string
  dump: ReturnType<typeof dumpHandlers>
  backups: ReturnType<typeof backupsHandlers>
  /** Saves a connection to the cluster and returns its id. */
  connect(cluster: TestCluster, login?: { user: string; password: string }, label?: string): Promise<string>
  request(connectionId: string, database: string, more?: Partial<DumpRequest>): DumpRequest
  /** Starts the dump and waits for its end. */
  run(request: DumpRequest): Promise<JobSnapshot>
  verify(folder: string): Promise<JobSnapshot>
  log(jobId: string): Promise<string>
  close(): Promise<void>
}

export const context = { signal: new AbortController().signal }

/** `onlyMajors`: the programs of these majors are the only ones that this application finds. */
export async function dumpApp(onlyMajors?: readonly number[]): Promise<DumpApp> {
  const dataFolder = tempFolder('dumpapp')
  const library = path.join(dataFolder, 'my library')
  const app = await createApp({
    host: { kind: 'serve', version: '0.0.0' },
    vault: {
      canRemember: false,
      reason: 'a test',
      encrypt: () => Promise.reject(new Error('not in tests')),
      decrypt: () => Promise.reject(new Error('not in tests')),
    },
    dataFolder,
  })
  const folders = testMajors().map(binFolder)
  app.services.settings.save({
    ...app.services.settings.get(),
    libraries: [library],
    installationFolders: folders,
    concurrentJobs: 4,
  })
  const services: Services = onlyMajors
    ? { ...app.services, tools: await limitedTools(app.services, folders, onlyMajors) }
    : app.services
  const dump = dumpHandlers(services)
  const backups = backupsHandlers(services)
  let count = 0
  return {
    app,
    services,
    library,
    dataFolder,
    dump,
    backups,
    connect: async (cluster, login = { user: 'postgres', password: cluster.password }, label) => {
      count += 1
      const saved = await services.connections.save({
        id: null,
        label: label ?? `pg${cluster.major} ${count}`,
        colour: 'slate',
        readOnly: false,
        settings: {
          host: '127.0.0.1',
          port: cluster.port,
          database: 'postgres',
          user: login.user,
          sslmode: 'disable',
          sslrootcert: '',
          sslcert: '',
          sslkey: '',
          service: '',
          passfile: '',
        },
        password: { kind: 'set', password: login.password, remember: false },
      })
      return saved.id
    },
    request: (connectionId, database, more = {}) => ({
      connectionId,
      database,
      format: 'directory',
      options: { ...((more.format ?? 'directory') === 'directory' ? { jobs: 2 } : {}), lockWaitTimeout: '60s' },
      globals: true,
      library,
      label: '',
      ...more,
    }),
    run: async (request) => services.jobs.ended((await dump.start(request, context)).jobId),
    verify: async (folder) => services.jobs.ended((await backups.verify({ path: folder }, context)).jobId),
    log: async (jobId) => {
      const lines: string[] = []
      for (;;) {
        const batch = await services.jobs.readLog(jobId, lines.length, 2000, 'info')
        lines.push(...batch.lines.map((line) => line.text))
        if (lines.length >= batch.total || batch.lines.length === 0) return lines.join('\n')
      }
    },
    close: () => app.shutdown(),
  }
}

export async function limitedTools(services: Services, added: string[], majors: readonly number[]): Promise<Services['tools']> {
  const all = await findInstallations({ spawn: services.spawn, added })
  const some = all.filter((one) => majors.includes(majorOf(one.version)))
  return {
    installations: async () => some,
    forServer: async (program, server) => {
      const found = chooseForServer(some, program, server)
      if (!found) throw noFit(some, program, server)
      return found
    },
  }
}

/** A database with a bit of everything; `rows` in its largest table. */
export async function makeShop(cluster: TestCluster, database: string, rows = 2000): Promise<void> {
  await cluster.sql(`CREATE DATABASE "${database}"`)
  await cluster.sql(
    `CREATE SCHEMA sales;
     CREATE TABLE sales.customers (id int PRIMARY KEY, name text, note text);
     CREATE TABLE sales.orders (id bigserial PRIMARY KEY, customer int REFERENCES sales.customers, at timestamptz DEFAULT now(), pad text);
     CREATE TABLE public.empty (x int);
     CREATE TABLE public.events (at date NOT NULL, what text) PARTITION BY RANGE (at);
     CREATE TABLE public.events_2026 PARTITION OF public.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
     INSERT INTO sales.customers SELECT i, 'customer ' || i, CASE WHEN i % 2 = 0 THEN NULL ELSE '' END FROM generate_series(1, 50) i;
     INSERT INTO sales.orders (customer, pad) SELECT 1 + i % 50, md5(i::text) || md5((i * 7)::text) FROM generate_series(1, ${rows}) i;
     INSERT INTO public.events SELECT '2026-11-22', 'e' || i FROM generate_series(1, 100) i;
     CREATE INDEX ON sales.orders (customer);
     CREATE MATERIALIZED VIEW sales.totals AS SELECT customer, count(*) FROM sales.orders GROUP BY customer;
     CREATE FUNCTION public.twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
     SELECT lo_from_bytea(0, 'large object');`,
    database,
  )
}

/** Every file below a folder, absolute. */
export function filesBelow(folder: string): string[] {
  if (!fs.existsSync(folder)) return []
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
}

/** Folders that a library holds, two levels down, named from the library on; the trash and links apart. */
export function foldersIn(library: string): string[] {
  if (!fs.existsSync(library)) return []
  return fs
    .readdirSync(library, { withFileTypes: true })
    .filter((server) => server.isDirectory() && server.name !== '.trash')
    .flatMap((server) => fs.readdirSync(path.join(library, server.name)).map((name) => `${server.name}/${name}`))
}

export function only<T>(items: readonly T[]): T {
  if (items.length !== 1 || items[0] === undefined) throw new Error(`expected one, got ${items.length}: ${JSON.stringify(items)}`)
  return items[0]
}

/** Watches the command lines and environments of all processes for a text; the returned function tells where it was seen. */
export function watchProcesses(text: string, everyMs = 20): () => string[] {
  const seen = new Set<string>()
  const look = () => {
    for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      for (const file of ['cmdline', 'environ']) {
        try {
          const content = fs.readFileSync(`/proc/${pid}/${file}`, 'utf8')
          if (content.includes(text)) seen.add(`${file}: ${content.replaceAll('\0', ' ')}`)
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EACCES'].includes(String(error.code))))
            throw error
        }
      }
    }
  }
  const timer = setInterval(look, everyMs)
  look()
  return () => {
    clearInterval(timer)
    look()
    return [...seen]
  }
}
