// A cluster in Debian's layout (settings apart from the data), made by pg_createcluster in folders of a test's own.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { freePort } from './clusters'
import { testAccount } from './clusterTemplate'
import { tempFolder } from './tempFolder'

export interface DebianTestCluster {
  /** "15/main" */
  name: string
  major: number
  configDirectory: string
  dataDirectory: string
  socketFolder: string
  logFile: string
  port: number
  /** SQL over the socket, as the superuser; the rows as psql prints them unaligned. */
  sql(text: string, database?: string): string
  control(action: 'start' | 'stop'): void
}

/**
 * Debian's own PostgreSQL 15. PG_CLUSTER_CONF_ROOT is set for this process until `undo`, so that postgresql-common and
 * Walkback look at this cluster and never at the system's.
 */
export async function makeDebianCluster(name = 'main'): Promise<DebianTestCluster & { undo(): void }> {
  const major = 15
  const account = testAccount()
  const folder = tempFolder('debian')
  const own = (inner: string) => {
    const made = path.join(folder, inner)
    fs.mkdirSync(made, { recursive: true, mode: 0o755 })
    fs.chownSync(made, account.uid, account.gid)
    return made
  }
  const root = own('etc')
  const socketFolder = own('s')
  const logFile = path.join(own('log'), 'server.log')
  const dataDirectory = path.join(own('lib'), name)
  const port = await freePort()
  const before = process.env.PG_CLUSTER_CONF_ROOT
  process.env.PG_CLUSTER_CONF_ROOT = root
  const env = { ...process.env, PG_CLUSTER_CONF_ROOT: root, LC_ALL: 'C.UTF-8' }
  const run = (file: string, argv: string[]) =>
    execFileSync(file, argv, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const argv = [String(major), name, `--datadir=${dataDirectory}`, `--socketdir=${socketFolder}`, `--logfile=${logFile}`]
  run('pg_createcluster', [...argv, `--port=${port}`, `--user=${account.name}`, '--start-conf=manual', '--', '--data-checksums'])
  return {
    name: `${major}/${name}`,
    major,
    configDirectory: path.join(root, String(major), name),
    dataDirectory,
    socketFolder,
    logFile,
    port,
    sql: (text, database = 'postgres') =>
      execFileSync(
        `/usr/lib/postgresql/${major}/bin/psql`,
        ['-X', '-At', '-v', 'ON_ERROR_STOP=1', '-h', socketFolder, '-p', String(port), '-d', database, '-c', text],
        { env: { PATH: '/usr/bin:/bin' }, cwd: '/', encoding: 'utf8', ...account.spawn },
      ).trim(),
    control: (action) =>
      void run('pg_ctlcluster', [String(major), name, action, ...(action === 'stop' ? ['--mode', 'fast'] : [])]),
    undo() {
      if (before === undefined) delete process.env.PG_CLUSTER_CONF_ROOT
      else process.env.PG_CLUSTER_CONF_ROOT = before
    },
  }
}
