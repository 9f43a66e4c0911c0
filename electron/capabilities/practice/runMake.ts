// Makes a practice cluster: initdb, settings for every exercise, first start, and for main the sample data.
import { appendFile, chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobResult } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion, majorOf } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { initCluster, stopCluster } from '../../postgres/localCluster'
import { findPostmaster, type LocalCluster } from '../../postgres/localClusterState'
import { barrierFor } from '../../process/barrier'
import type { OsAccount } from '../../process/processTypes'
import type { Services } from '../../services'
import { fillSample, fillSteps } from './fillSample'
import { forgetSize } from './listPractice'
import { changeMarker, claimFolder, type PracticeFolder, readMarker } from './practiceFolder'
import { localClusterOf, readHost } from './practiceHost'
import { choosePort, connectionIdOf, practiceUser, spawnFor, startPractice, writePassword } from './practiceServer'

export const makeSteps = [
  { id: 'prepare', label: 'Prepare the folder' },
  { id: 'initdb', label: 'Make the cluster (initdb)' },
  { id: 'settings', label: 'Write the settings' },
  { id: 'start', label: 'Start the server and connect' },
] as const

export interface MakeRequest {
  /** The installation's bin folder. */
  bin: string
  version: number
  fill: boolean
}

export function stepsOfMake(fill: boolean) {
  return fill ? [...makeSteps, ...fillSteps] : makeSteps
}

export async function runMake(
  services: Services,
  context: JobContext,
  folder: PracticeFolder,
  request: MakeRequest,
): Promise<JobResult> {
  const host = await readHost(services)
  if (host.problem) throw new AppError('preflight', host.problem.message, { hint: host.problem.hint })
  const spawn = spawnFor(services, context)
  const cluster: LocalCluster = { bin: request.bin, dataDirectory: folder.data, account: host.account, logFile: folder.logFile }
  let finished = false

  context.step('prepare')
  context.output({ partial: null, final: folder.data })
  const now = new Date().toISOString()
  await stopLeftServer(services, folder)
  const port = await choosePort(services, folder.name)
  await claimFolder(folder, {
    madeBy: 'walkback practice',
    name: folder.name,
    bin: request.bin,
    port,
    finished: false,
    filledAt: null,
    madeAt: now,
  })
  context.onCleanup('stop the server of an unfinished cluster', async () => {
    forgetSize(folder.folder)
    if (finished) return
    await stopUnfinished(services, cluster)
    context.leftover(`${folder.folder}: an unfinished practice cluster, nothing runs in it. Make it anew, or remove it.`)
  })
  for (const path of [folder.data, folder.sockets, folder.logs])
    await makeOwned(path, path === folder.data ? 0o700 : 0o755, host.account)
  const barrier = host.account ? await barrierFor(host.account, folder.data) : null
  if (barrier) {
    throw new AppError('permission', `The account postgres can't enter ${barrier}.`, { hint: `Run: chmod o+x ${barrier}` })
  }
  context.endStep('prepare', 'done', host.account ? `run by the account ${host.account.name}` : '')

  context.step('initdb')
  const password = await writePassword(services, folder)
  context.hide(password)
  const passwordFile = join(folder.folder, 'initdb-password')
  context.onCleanup('remove the password file of initdb', () => rm(passwordFile, { force: true }))
  await writeFile(passwordFile, `${password.reveal()}\n`, { mode: 0o600, flag: 'wx' })
  if (host.account) await chown(passwordFile, host.account.uid, host.account.gid)
  await initCluster(spawn, cluster, {
    superuser: practiceUser,
    passwordFile,
    // Present in every system and the same in every version: what is sorted here is sorted alike after a restore elsewhere.
    locale: 'C.UTF-8',
    dataChecksums: true,
    signal: context.signal,
    onLine: (line) => context.log(line),
  })
  await rm(passwordFile)
  context.endStep('initdb', 'done', `PostgreSQL ${formatPgVersion(request.version)}, UTF-8, data checksums on`)

  context.step('settings')
  await appendFile(join(folder.data, 'postgresql.conf'), practiceSettings(majorOf(request.version)))
  context.endStep('settings', 'done', 'base backups, streaming and archiving are possible')

  context.step('start')
  const started = await startPractice(services, context, folder)
  context.endStep('start', 'done', `port ${started.port}`)
  // A cancel during the fill leaves it unfinished: a cluster that was asked for with data must not pass for one.
  if (!request.fill) await changeMarker(folder, { finished: true })
  const facts = [
    { label: 'Version', value: `PostgreSQL ${formatPgVersion(request.version)}`, mono: false },
    { label: 'Port', value: String(started.port), mono: true },
    { label: 'Data directory', value: folder.data, mono: true },
    { label: 'System identifier', value: started.systemIdentifier, mono: true },
    { label: 'Account', value: host.accountText, mono: false },
  ]
  if (request.fill) {
    const filled = await fillSample(services, context, connectionIdOf(folder.name))
    await changeMarker(folder, { finished: true, filledAt: new Date().toISOString() })
    facts.push({
      label: 'Sample data',
      value: `shop with ${filled.rows.toLocaleString('en')} rows in ${filled.tables} tables, ${formatBytes(filled.bytes)}, and course`,
      mono: false,
    })
  }
  finished = true
  return {
    headline: `Practice cluster ${folder.name} runs on port ${started.port} and was connected to${request.fill ? '; its sample rows were counted' : ''}.`,
    facts,
    backupPath: null,
    database: request.fill ? 'shop' : null,
  }
}

/** Everything the exercises need is on from the start: none of it can be changed without a restart. */
export function practiceSettings(major: number): string {
  const lines = [
    "listen_addresses = '127.0.0.1'",
    'wal_level = replica',
    'max_wal_senders = 10',
    'max_replication_slots = 10',
    ...(major >= 17 ? ['summarize_wal = on'] : []),
    "lc_messages = 'C'",
    "log_line_prefix = '%m [%p] '",
    'log_checkpoints = on',
    'shared_buffers = 64MB',
  ]
  return `\n# Walkback practice cluster. Port and socket folder are given at start and win over this file.\n${lines.join('\n')}\n`
}

async function makeOwned(path: string, mode: number, account: OsAccount | null): Promise<void> {
  await mkdir(path, { mode })
  await chmod(path, mode)
  if (account) await chown(path, account.uid, account.gid)
}

/** An earlier make that was killed with Walkback may have left its server running: servers outlive us. */
async function stopLeftServer(services: Services, folder: PracticeFolder): Promise<void> {
  const marker = await readMarker(folder)
  if (!marker || marker.finished || !(await findPostmaster(folder.data))) return
  await stopCluster(services.spawn, await localClusterOf(services, folder, marker), 'immediate')
}

/** Nobody needs what is in it: the quickest way is right. pg_control may not be there yet, then nothing runs either. */
export async function stopUnfinished(services: Pick<Services, 'spawn'>, cluster: LocalCluster): Promise<void> {
  if (await findPostmaster(cluster.dataDirectory)) await stopCluster(services.spawn, cluster, 'immediate')
}
