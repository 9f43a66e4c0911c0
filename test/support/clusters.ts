// Real PostgreSQL clusters for tests: every major, free ports, own folders, gone after the test file.
import { type ChildProcess, spawn } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { Client, type QueryResult } from 'pg'
import { templateCluster, testAccount, writeSystemIdentifier } from './clusterTemplate'
import { findPostgres, wantedMajors } from './installPostgres.mjs'
import { postgresWithExtensions } from './ownExtensions'
import { removeTempFolder, tempFolder, waitUntilNoProcessIn } from './tempFolder'

export type StopMode = 'smart' | 'fast' | 'immediate' | 'kill'
export type Rows = Record<string, unknown>[]

export interface TestCluster {
  major: number
  /** The folder with this major's programs. */
  bin: string
  /** Everything of the cluster; the postgres account's own folders are inside. */
  folder: string
  dataDir: string
  logFile: string
  port: number
  socketDir: string
  superuser: 'postgres'
  password: string
  /** Rows of the last statement; numbers and times come as the driver reads them. */
  sql(text: string, db?: string, values?: unknown[]): Promise<Rows>
  /** A connected client, closed at the latest by remove(). */
  client(db?: string): Promise<Client>
  /** PG* variables for libpq programs, with a passfile of their own. */
  toolEnv(): Record<string, string>
  /** The postmaster's pid; throws when it does not run. */
  pid(): number
  log(): string
  stop(mode?: StopMode): Promise<void>
  start(): Promise<void>
  remove(): Promise<void>
}

export interface ClusterOptions {
  major: number
  /** Lines for postgresql.conf, value as written there. */
  conf?: Record<string, string>
  /** Lines put before the ones that ask for a password (scram) of everyone. */
  hba?: readonly string[]
  prefix?: string
  /** A folder with control files and scripts of extensions that this server alone offers. */
  extensions?: string
}

let told = false

/**
 * The majors to test: PG_MAJORS ("13 17") or all that are known. One that is not installed is left out loudly, and with
 * REQUIRE_PG it throws.
 */
export function testMajors(): number[] {
  const asked = (process.env.PG_MAJORS ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number)
  const found = findPostgres()
  const wanted = asked.length > 0 ? asked : [...wantedMajors]
  const missing = wanted.filter((major) => !(major in found))
  if (missing.length > 0) {
    const text = `PostgreSQL ${missing.join(', ')} is not installed for the tests. Run: node test/support/installPostgres.mjs`
    if (process.env.REQUIRE_PG) throw new Error(text)
    if (!told) process.stderr.write(`\n*** NOT TESTED: ${text} ***\n\n`)
    told = true
  }
  return wanted.filter((major) => major in found)
}

/** The oldest and the newest; with the full counts (WALKBACK_LONG) all. For what another test shows on every major already. */
export function endMajors(): number[] {
  const majors = testMajors()
  return process.env.WALKBACK_LONG === '1' ? majors : majors.filter((_, index) => index === 0 || index === majors.length - 1)
}

/** The newest alone; with the full counts (WALKBACK_LONG) all. For trials of our own code, and where a cheaper test takes both ends. */
export function newestOrAll(): number[] {
  return process.env.WALKBACK_LONG === '1' ? testMajors() : [newestMajor()]
}

/** The oldest alone; with the full counts (WALKBACK_LONG) all. Where another test walks the same way on the newest. */
export function oldestOrAll(): number[] {
  return process.env.WALKBACK_LONG === '1' ? testMajors() : testMajors().slice(0, 1)
}

/** The newest of testMajors(). Throws when there is none. */
export function newestMajor(): number {
  const newest = testMajors().at(-1)
  if (newest === undefined)
    throw new Error('No PostgreSQL is installed for the tests. Run: node test/support/installPostgres.mjs')
  return newest
}

export function binFolder(major: number): string {
  const bin = findPostgres()[major]
  if (!bin) throw new Error(`PostgreSQL ${major} is not installed for the tests. Run: node test/support/installPostgres.mjs`)
  return bin
}

/** A port nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

const shared = new Map<number, Promise<TestCluster>>()

/** One cluster per major and test file, for tests that keep to databases of their own. */
export function sharedCluster(major: number): Promise<TestCluster> {
  const known = shared.get(major)
  if (known) return known
  const made = startCluster({ major, prefix: `shared${major}` })
  shared.set(major, made)
  return made
}

export async function startCluster(options: ClusterOptions): Promise<TestCluster> {
  const bin = binFolder(options.major)
  const folder = tempFolder(options.prefix ?? `pg${options.major}`)
  const account = testAccount()
  const own = (name: string, mode: number) => {
    fs.mkdirSync(path.join(folder, name), { mode })
    fs.chownSync(path.join(folder, name), account.uid, account.gid)
    return path.join(folder, name)
  }
  const dataDir = path.join(folder, 'data')
  const socketDir = own('s', 0o755)
  const logFile = path.join(own('log', 0o755), 'server.log')
  const template = await templateCluster(options.major, bin, dataDir)
  const program = options.extensions
    ? postgresWithExtensions(bin, own('own', 0o755), options.extensions)
    : path.join(bin, 'postgres')
  writeSystemIdentifier(dataDir)
  const conf = {
    port: '0',
    listen_addresses: "'127.0.0.1'",
    unix_socket_directories: `'${socketDir}'`,
    fsync: 'off',
    shared_buffers: '32MB',
    lc_messages: "'C'",
    log_line_prefix: "'%m [%p] '",
    ...options.conf,
  }
  const password = crypto.randomBytes(18).toString('base64url')
  const clients = new Set<Client>()
  let currentPassword = template.password
  let child: ChildProcess | undefined

  const cluster: TestCluster = {
    major: options.major,
    bin,
    folder,
    dataDir,
    logFile,
    port: 0,
    socketDir,
    superuser: 'postgres',
    password,
    async client(db = 'postgres') {
      const client = new Client({
        host: '127.0.0.1',
        port: cluster.port,
        user: 'postgres',
        password: currentPassword,
        database: db,
        application_name: 'walkback tests',
      })
      // A server that stops ends its connections; the test sees that by its next query.
      client.on('error', () => clients.delete(client))
      await client.connect()
      clients.add(client)
      client.once('end', () => clients.delete(client))
      return client
    },
    async sql(text, db, values) {
      const client = await cluster.client(db)
      try {
        const result: QueryResult | QueryResult[] = await client.query(text, values)
        return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? []
      } finally {
        await client.end()
      }
    },
    toolEnv() {
      const passfile = path.join(folder, 'pgpass')
      fs.writeFileSync(passfile, `*:*:*:postgres:${password}\n`, { mode: 0o600 })
      return { PGHOST: '127.0.0.1', PGPORT: String(cluster.port), PGUSER: 'postgres', PGPASSFILE: passfile }
    },
    pid() {
      if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null)
        throw new Error('the server does not run')
      return child.pid
    },
    log: () => (fs.existsSync(logFile) ? fs.readFileSync(logFile, 'utf8') : ''),
    async stop(mode = 'fast') {
      const running = child
      if (!running || running.exitCode !== null || running.signalCode !== null) return
      const ended = new Promise((resolve) => running.once('exit', resolve))
      running.kill(({ smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const)[mode])
      await ended
      await waitUntilNoProcessIn(dataDir, 20_000)
    },
    async start() {
      const from = cluster.log().length
      const log = fs.openSync(logFile, 'a')
      const started = spawn(program, ['-D', dataDir], {
        cwd: '/',
        env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: '/tmp' },
        stdio: ['ignore', log, log],
        ...account.spawn,
      })
      fs.closeSync(log)
      fs.chownSync(logFile, account.uid, account.gid)
      child = started
      let failure: Error | undefined
      started.once('error', (error) => {
        failure = error
      })
      const end = Date.now() + 30_000
      for (;;) {
        if (failure) throw failure
        if (started.exitCode !== null || started.signalCode !== null || Date.now() > end) {
          throw new Error(`PostgreSQL ${options.major} did not start in ${dataDir}:\n${cluster.log().slice(from)}`)
        }
        try {
          await cluster.sql('SELECT 1')
          return
        } catch (error) {
          // Refused while it does not listen yet; 57P03 while it recovers.
          const code = error instanceof Error && 'code' in error ? error.code : undefined
          if (code !== 'ECONNREFUSED' && code !== 'ECONNRESET' && code !== '57P03') throw error
        }
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    async remove() {
      await Promise.allSettled([...clients].map((client) => client.end()))
      await cluster.stop('immediate')
      for (const [major, made] of shared) if ((await made) === cluster) shared.delete(major)
      await removeTempFolder(folder)
    },
  }

  if (options.hba) {
    const file = path.join(dataDir, 'pg_hba.conf')
    fs.writeFileSync(file, `${options.hba.join('\n')}\n${fs.readFileSync(file, 'utf8')}`)
  }
  for (let tries = 1; ; tries += 1) {
    cluster.port = await freePort()
    const lines = Object.entries({ ...conf, port: String(cluster.port) }).map(([name, value]) => `${name} = ${value}`)
    fs.writeFileSync(path.join(dataDir, 'postgresql.conf'), `${template.conf}\n${lines.join('\n')}\n`)
    try {
      await cluster.start()
      break
    } catch (error) {
      // Another process took the port in between.
      if (tries === 5 || !cluster.log().includes('Address already in use')) throw error
    }
  }
  await cluster.sql(`ALTER ROLE postgres PASSWORD '${password}'`)
  currentPassword = password
  return cluster
}
