// For the tests of recovery: requests, a run to its end, and what is left behind.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import type { StandaloneRequest } from '../../shared/contracts/recovery'
import type { JobSnapshot } from '../../shared/jobs/job'
import { backupRecord } from '../../shared/model/backupRecord'
import { freePort, type TestCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import type { TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'

/** To a new folder, which the account postgres may enter, on a free port. */
export async function recoveryRequest(source: string, more: Partial<StandaloneRequest> = {}): Promise<StandaloneRequest> {
  return {
    source: { path: source },
    destination: { kind: 'new', folder: path.join(tempFolder('recovered'), 'copy of it'), port: await freePort() },
    tablespaces: {},
    verify: true,
    login: null,
    confirm: null,
    ...more,
  }
}

export async function recover(core: TestCore, request: StandaloneRequest): Promise<JobSnapshot> {
  return core.ended(await core.api.recovery.startStandalone(request))
}

export function newPlace(request: StandaloneRequest): { folder: string; port: number } {
  if (request.destination.kind !== 'new') throw new Error('it takes the place of a cluster')
  return request.destination
}

/** Every file below, with its contents and times: what must be the same afterwards. */
export function printOf(folder: string): string {
  const script =
    'find . -printf "%y %m %u %s %T@ %p %l\\n" | sort; find . -type f -print0 | sort -z | xargs -0 --no-run-if-empty sha256sum'
  return execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
}

/** As the postgres account. */
export function runTool(bin: string, program: string, argv: string[]): string {
  return execFileSync(path.join(bin, program), argv, {
    ...testAccount().spawn,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

export function stopServer(cluster: Pick<TestCluster, 'bin'>, folder: string): void {
  runTool(cluster.bin, 'pg_ctl', ['stop', '-w', '-m', 'fast', '-D', folder])
}

export function clientOf(cluster: Pick<TestCluster, 'password'>, port: number): (database: string) => Promise<Client> {
  return async (database) => {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password: cluster.password, database })
    await client.connect()
    return client
  }
}

export function factsOf(job: JobSnapshot): Map<string, string> {
  return new Map((job.result?.facts ?? []).map(({ label, value }) => [label, value]))
}

/** Puts settings files into a backup's record, as one has them that was taken of a cluster in Debian's layout. */
export function addSettingsFiles(backup: string, folder: string, names: readonly string[]): void {
  const file = path.join(backup, 'walkback.json')
  const record = backupRecord.parse(JSON.parse(fs.readFileSync(file, 'utf8')))
  if (record.kind !== 'cold-backup' && record.kind !== 'base-backup') throw new Error(`a record of kind ${record.kind}`)
  for (const name of names) {
    const original = path.join(folder, name)
    const inner = `configuration${original}`
    const content = fs.readFileSync(original)
    fs.mkdirSync(path.dirname(path.join(backup, inner)), { recursive: true })
    fs.writeFileSync(path.join(backup, inner), content)
    record.configuration.push({ original, path: inner })
    const sha256 = createHash('sha256').update(content).digest('hex')
    record.files.push({ path: inner, size: String(content.length), sha256 })
  }
  fs.writeFileSync(file, JSON.stringify(record))
}
