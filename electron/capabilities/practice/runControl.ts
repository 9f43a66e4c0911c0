// Starting, stopping, filling again and removing a practice cluster, as jobs that say what they found.

import type { JobResult } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { stopCluster } from '../../postgres/localCluster'
import { findPostmaster, type LocalCluster, readControlData } from '../../postgres/localClusterState'
import type { Services } from '../../services'
import { fillSample } from './fillSample'
import { forgetSize } from './listPractice'
import { changeMarker, type PracticeFolder, removeFolder, requireMarker, tablespaceFolders } from './practiceFolder'
import { localClusterOf } from './practiceHost'
import { connectionIdOf, requireThisCluster, spawnFor, startPractice } from './practiceServer'

const nothingElse = { backupPath: null, database: null }

export async function runStart(services: Services, context: JobContext, folder: PracticeFolder): Promise<JobResult> {
  context.step('start')
  const started = await startPractice(services, context, folder)
  const cluster = await localClusterOf(services, folder, await requireMarker(folder))
  context.endStep('start', 'done', `port ${started.port}`)
  const moved =
    started.movedFrom === null ? '' : ` Port ${started.movedFrom} was taken by another program; its connection was changed.`
  const recovered = started.recovered
    ? ' It had not been shut down cleanly and has recovered by itself: nothing that was committed is lost.'
    : ''
  return {
    headline: `Practice cluster ${folder.name} runs on port ${started.port} and was connected to.${recovered}${moved}`,
    facts: [
      { label: 'Version', value: `PostgreSQL ${formatPgVersion(cluster.version)}`, mono: false },
      { label: 'Port', value: String(started.port), mono: true },
      { label: 'Process', value: String(started.postmaster.pid), mono: true },
      { label: 'System identifier', value: started.systemIdentifier, mono: true },
    ],
    ...nothingElse,
  }
}

export async function runStop(services: Services, context: JobContext, folder: PracticeFolder): Promise<JobResult> {
  context.step('stop')
  const cluster = await localClusterOf(services, folder, await requireMarker(folder))
  const { stopped } = await stopCluster(services.spawn, cluster, 'fast')
  const control = await readControlData(services.spawn, cluster)
  forgetSize(folder.folder)
  context.endStep('stop', 'done', `pg_controldata says "${control.state}"`)
  return {
    headline: stopped
      ? `Practice cluster ${folder.name} was shut down cleanly.`
      : `Practice cluster ${folder.name} was not running any more.`,
    facts: [
      { label: 'State', value: control.state, mono: true },
      { label: 'Latest checkpoint', value: control.checkpoint, mono: true },
    ],
    ...nothingElse,
  }
}

export async function runFill(services: Services, context: JobContext, folder: PracticeFolder): Promise<JobResult> {
  // It drops databases: its connection may have come to lead to another server.
  const cluster = await localClusterOf(services, folder, await requireMarker(folder))
  const { systemIdentifier } = await readControlData(spawnFor(services, context), cluster, context.signal)
  await requireThisCluster(services, folder.name, systemIdentifier, context.signal)
  const filled = await fillSample(services, context, connectionIdOf(folder.name))
  await changeMarker(folder, { filledAt: new Date().toISOString() })
  forgetSize(folder.folder)
  return {
    headline: `The databases shop and course are filled anew; ${filled.rows.toLocaleString('en')} rows were counted.`,
    facts: [
      { label: 'Rows', value: `${filled.rows.toLocaleString('en')} in ${filled.tables} tables`, mono: false },
      { label: 'Size of shop', value: formatBytes(filled.bytes), mono: false },
      { label: 'Time', value: `${filled.seconds.toFixed(1)} s`, mono: false },
    ],
    backupPath: null,
    database: 'shop',
  }
}

export async function runRemove(services: Services, context: JobContext, folder: PracticeFolder): Promise<JobResult> {
  context.step('stop')
  const marker = await requireMarker(folder)
  const running = await findPostmaster(folder.data)
  if (running) await stopForRemoval(services, context, await localClusterOf(services, folder, marker))
  context.endStep('stop', running ? 'done' : 'skipped', running ? `process ${running.pid} has ended` : 'it did not run')
  if (context.signal.aborted) throw new AppError('cancelled', 'Stopped before anything was deleted.')

  context.step('remove')
  for (const path of await tablespaceFolders(folder)) context.leftover(`${path}: a tablespace outside the cluster's folder`)
  await removeFolder(folder)
  services.connections.removePractice(folder.name)
  forgetSize(folder.folder)
  return {
    headline: `Practice cluster ${folder.name} and its connection are removed.`,
    facts: [{ label: 'Deleted', value: folder.folder, mono: true }],
    ...nothingElse,
  }
}

/** What it still had to write is going to be deleted, so a server that is slow to stop is not waited for. */
async function stopForRemoval(services: Services, context: JobContext, cluster: LocalCluster): Promise<void> {
  try {
    await stopCluster(spawnFor(services, context), cluster, 'fast', 15_000)
  } catch (error) {
    context.log(`${error instanceof Error ? error.message : error} It is stopped at once.`, 'warning')
    await stopCluster(services.spawn, cluster, 'immediate')
  }
}
