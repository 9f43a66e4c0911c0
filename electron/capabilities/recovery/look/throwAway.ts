// A recovered cluster away with: stopped, and its folders removed, each with its size. Typed confirmation; never one that lives.
import { existsSync } from 'node:fs'
import { lstat, rmdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { JobResult } from '../../../../shared/jobs/job'
import { formatBytes } from '../../../../shared/model/byteCount'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { folderBytes } from '../../../library/watchFolderSize'
import { stopCluster } from '../../../postgres/localCluster'
import { findPostmaster, type LocalCluster, readControlData } from '../../../postgres/localClusterState'
import { ownerOf } from '../../../process/runAs'
import { errorCode, fromSystemError } from '../../../process/systemError'
import { clearUnfinished, type Place, placeAt, removeUnfinished, unfinishPlace, whatIsAt } from '../destination'
import type { RecoveryServices } from '../parts'
import { dropPristine } from '../pristine'
import { controlOf, logFileOf, recoveringStates } from './askLook'
import { placesOf } from './listLooks'
import { forgetConnection, type LookRecord, locksOf, readLookRecord, requireIdle, requireOwn } from './lookRecord'

const steps = [
  { id: 'checks', label: 'Checks' },
  { id: 'stop', label: 'Stop the server' },
  { id: 'remove', label: 'Remove its folders' },
] as const

export interface ThrowAwayRequest {
  jobId: string
  confirm: string
  systemIdentifier: string
}

/** Refused before anything is stopped. */
export async function startThrowAway(
  services: RecoveryServices,
  { jobId, confirm, systemIdentifier }: ThrowAwayRequest,
): Promise<{ jobId: string }> {
  const record = await readLookRecord(services, jobId)
  requireOwn(record)
  const { dataDirectory, port } = record
  if (confirm !== path.basename(dataDirectory)) {
    throw new AppError(
      'preflight',
      `Type ${path.basename(dataDirectory)} to throw away the cluster in ${dataDirectory}, port ${port}.`,
    )
  }
  requireIdle(services, record)
  await requireRemovable(services, record)
  if (record.systemIdentifier !== null && systemIdentifier !== record.systemIdentifier) {
    throw new AppError(
      'preflight',
      `The system identifier shown was ${systemIdentifier}, and it is ${record.systemIdentifier}.`,
      {
        hint: 'Look at the page anew: something else may be there by now.',
      },
    )
  }
  const { id } = services.jobs.start({
    capability: 'recovery-look',
    title: `Throw away ${path.basename(dataDirectory)}, recovered from ${record.server}`,
    // The typed confirmation is for this one time.
    input: { jobId, action: 'throw-away', destination: record.destination },
    connectionId: null,
    serverLabel: record.server,
    steps,
    onCancel: 'Until the removal begins, nothing is lost. What is left of a removal has a name that ends in .partial.',
    locks: locksOf(record),
    run: (job) => run(services, record, job),
  })
  return { jobId: id }
}

/** It is what this recovery made, nobody works in it, and nothing of others is in the way. */
export async function requireRemovable(services: RecoveryServices, record: LookRecord): Promise<LocalCluster> {
  const { dataDirectory } = record
  const { bin } = await controlOf(services, dataDirectory)
  const account = await ownerOf(dataDirectory)
  const control = await readControlData(services.spawn, { bin, dataDirectory, account })
  if (record.systemIdentifier !== null && control.systemIdentifier !== record.systemIdentifier) {
    throw new AppError('conflict', `${dataDirectory} holds another cluster now: ${control.systemIdentifier}.`, {
      hint: 'It was not made by this recovery, and is left alone.',
    })
  }
  if (!recoveringStates.has(control.state)) {
    throw new AppError(
      'conflict',
      `The cluster in ${dataDirectory} is on its own now (${control.state}): somebody may work in it.`,
      { hint: 'Stop it and remove its folder by hand once nothing in it is needed.' },
    )
  }
  const { uid } = await lstat(dataDirectory)
  for (const { final, partial } of places(record)) {
    // What an interrupted recovery of ours left there is no use to anybody.
    const held = await whatIsAt(partial)
    if (held === 'something') {
      throw new AppError('conflict', `${partial} is there: it would be mixed up with what is removed.`, {
        hint: 'Look at it, rename it or remove it, then try again.',
      })
    }
    // Whoever owns the data directory can write its record: that must not lead to folders of others.
    const found = existsSync(final) ? await lstat(final) : null
    if (found && (found.uid !== uid || !found.isDirectory())) {
      throw new AppError('conflict', `${final} is no folder of the account that owns ${dataDirectory}.`, {
        hint: 'It was not made by this recovery, and is left alone.',
      })
    }
  }
  return { bin, dataDirectory, account, logFile: logFileOf(dataDirectory) }
}

const places = (record: LookRecord): Place[] => [
  placeAt('data', record.dataDirectory),
  ...Object.entries(record.tablespaces).map(([oid, at]) => placeAt(oid, at)),
]

async function run(services: RecoveryServices, record: LookRecord, job: JobContext): Promise<JobResult> {
  const startedAt = Date.now()
  job.step('checks')
  const cluster = await requireRemovable(services, record)
  const sizes = new Map<string, number>()
  for (const folder of placesOf(record)) sizes.set(folder, await folderBytes(folder))
  const all = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  job.endStep('checks', 'done', `${formatBytes(all)} in ${sizes.size === 1 ? 'one folder' : `${sizes.size} folders`}`)
  job.signal.throwIfAborted()
  job.step('stop')
  const running = (await findPostmaster(record.dataDirectory)) !== null
  if (running) {
    job.onCleanup('the server', () => {
      if (existsSync(record.dataDirectory)) job.leftover(`${record.dataDirectory}: stopped, and whole`)
    })
    await stopCluster(services.spawn, cluster, 'fast')
  }
  job.endStep('stop', running ? 'done' : 'skipped', running ? 'shut down' : 'it did not run')
  job.signal.throwIfAborted()
  job.step('remove')
  const removed = await remove(job, record, cluster, sizes, all)
  const pristine = await dropPristine(record.pristine)
  await removeEmptied(record)
  const connection = forgetConnection(services, record, job, 'it led to what is not there any more')
  const fact = (label: string, value: string, mono = false) => ({ label, value, mono })
  return {
    headline: `${path.basename(record.dataDirectory)}, recovered from ${record.server}, is gone: ${formatBytes(all)} were removed.`,
    facts: [
      fact('Was on', `${os.hostname()}, port ${record.port}`),
      fact('System identifier', record.systemIdentifier ?? 'not known', true),
      ...removed.map((folder, index) =>
        fact(index === 0 ? 'Removed' : `Removed ${index + 1}`, `${folder}, ${formatBytes(sizes.get(folder) ?? 0)}`, true),
      ),
      ...pristine.map((folder) => fact('Kept base files, removed', folder, true)),
      ...(connection === null ? [] : [fact('Connection, removed', connection)]),
      fact('Not touched', 'source, backup and archive'),
      fact('Time', `${((Date.now() - startedAt) / 1000).toFixed(1)} s`),
    ],
    backupPath: null,
    database: null,
  }
}

/** The folder that was made for its tablespaces, once nothing is in it. */
async function removeEmptied({ dataDirectory, tablespaces }: LookRecord): Promise<void> {
  const made = new Set(Object.values(tablespaces).map((folder) => path.dirname(folder)))
  for (const folder of made) {
    if (!folder.startsWith(`${dataDirectory}.tablespaces`)) continue
    try {
      await rmdir(folder)
    } catch (error) {
      if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST' && errorCode(error) !== 'ENOENT') throw error
    }
  }
}

/** All are given the name of something unfinished first, so that a half-removed one never looks like a cluster. */
async function remove(
  job: JobContext,
  record: LookRecord,
  { account }: LocalCluster,
  sizes: ReadonlyMap<string, number>,
  total: number,
): Promise<string[]> {
  const there = places(record).filter(({ final }) => existsSync(final))
  for (const { final, partial } of there) job.output({ partial, final })
  for (const place of there) {
    try {
      await clearUnfinished(place.partial)
      await unfinishPlace(place, account)
    } catch (error) {
      throw fromSystemError(error, `rename ${place.final}`) ?? error
    }
  }
  const removed: string[] = []
  let done = 0
  for (const { final, partial } of there) {
    job.signal.throwIfAborted()
    job.progress({ done, total, unit: 'bytes', label: final })
    try {
      await removeUnfinished(partial)
    } catch (error) {
      throw fromSystemError(error, `remove ${partial}`) ?? error
    }
    job.log(`Removed ${final}, ${formatBytes(sizes.get(final) ?? 0)}`)
    removed.push(final)
    done += sizes.get(final) ?? 0
  }
  job.progress(null)
  return removed
}
