// A recovered cluster begun again at an earlier moment, in its own place: the former one is set aside, and comes back on any
// end but a good one.
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { JobResult } from '../../../../shared/jobs/job'
import { formatBytes } from '../../../../shared/model/byteCount'
import { wishWords } from '../../../../shared/model/recoveryTarget'
import type { RecoveryWish } from '../../../../shared/model/recoveryWish'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { syncFolder } from '../../../library/durability'
import { folderBytes } from '../../../library/watchFolderSize'
import { stopCluster } from '../../../postgres/localCluster'
import { findPostmaster } from '../../../postgres/localClusterState'
import { fromSystemError, messageOf } from '../../../process/systemError'
import { withCombine } from '../combineInto'
import { keptName, setAside } from '../destination'
import type { Parts, RecoveryServices } from '../parts'
import { planRecovery, type RecoveryRequest } from '../planRecovery'
import { dropPristine } from '../pristine'
import { pointSteps } from '../recoverySteps'
import { runRecovery } from '../runRecovery'
import { placesOf } from './listLooks'
import { forgetConnection, type LookRecord, locksOf, readLookRecord } from './lookRecord'
import { type EarlierPlan, planEarlier } from './planMove'
import { requireRemovable } from './throwAway'

const earlierSteps = (chained: boolean) => [
  { id: 'aside', label: 'Stop, and set the former aside' },
  ...withCombine(pointSteps, chained),
  { id: 'clear', label: 'Remove the former' },
]

export async function startEarlier(
  services: RecoveryServices,
  parts: Parts,
  { jobId, wish }: { jobId: string; wish: RecoveryWish },
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  const record = await readLookRecord(services, jobId)
  const planned = await requirePlan(services, record, wish, signal)
  await requireRemovable(services, record)
  await requireRoom(services, requestOf(record, planned, wish), planned, new Date(), signal)
  const { id } = services.jobs.start({
    capability: 'recovery-look',
    title: `Start ${record.server} again earlier, at ${wishWords(wish)}`,
    input: { jobId, action: 'earlier', wish, destination: record.destination },
    connectionId: null,
    serverLabel: record.server,
    steps: earlierSteps((planned.move.plan?.chain.length ?? 0) > 0),
    onCancel: 'The former one gets its place back, stopped. Source and archive are only read.',
    locks: [...locksOf(record), `path:${planned.backup}`],
    run: (job) => run(services, parts, record, wish, job),
  })
  return { jobId: id }
}

async function requirePlan(
  services: RecoveryServices,
  record: LookRecord,
  wish: RecoveryWish,
  signal: AbortSignal,
  own?: string,
): Promise<EarlierPlan> {
  const planned = await planEarlier(services, record, wish, { fresh: true, signal, ...(own === undefined ? {} : { own }) })
  const { refused } = planned.move
  if (refused) throw new AppError('preflight', refused.message, { hint: refused.hint })
  return planned
}

/** As the former one was asked for, but for the moment. */
function requestOf(record: LookRecord, { backup }: EarlierPlan, wish: RecoveryWish): RecoveryRequest {
  const { archiveId, salvage, destination, tablespaces, login } = record
  return {
    ...{ source: { path: backup }, destination, tablespaces, login, verify: false, confirm: null },
    point: { archiveId, salvage, backup, wish },
  }
}

/** All that would be checked of a new recovery, but for the place, which the former one has until it is set aside. */
async function requireRoom(
  services: RecoveryServices,
  request: RecoveryRequest,
  { move }: EarlierPlan,
  at: Date,
  signal: AbortSignal,
): Promise<void> {
  const { preflight } = await planRecovery(services, request, at, signal)
  const its = new Set(['folder', 'port', ...(move.how === 'pristine' ? ['space'] : [])])
  const blockers = preflight.filter(({ id, result }) => result === 'blocker' && !its.has(id))
  if (blockers.length === 0) return
  throw new AppError('preflight', blockers.map(({ found }) => found).join(' '), {
    hint: 'The former one is as it was. Put right what the checks name, then start again.',
  })
}

interface Aside {
  final: string
  kept: string
}

async function run(
  services: RecoveryServices,
  parts: Parts,
  record: LookRecord,
  wish: RecoveryWish,
  job: JobContext,
): Promise<JobResult> {
  const at = new Date()
  job.step('aside')
  const planned = await requirePlan(services, record, wish, job.signal, job.id)
  for (const sentence of planned.move.says) job.log(sentence)
  const request = requestOf(record, planned, wish)
  const cluster = await requireRemovable(services, record)
  const asides: Aside[] = []
  let stands = false
  let stopped = false
  job.onCleanup('the former one', async () => {
    if (!stands) await putBack(job, asides, stopped ? record.dataDirectory : null)
  })
  if (await findPostmaster(record.dataDirectory)) {
    stopped = true
    await stopCluster(services.spawn, cluster, 'fast')
  }
  for (const final of placesOf(record).filter((folder) => existsSync(folder))) {
    const kept = keptName(final, at)
    job.output({ partial: null, final: kept, left: `${kept}: the recovered cluster of before` })
    await setAside(final, kept, () => void asides.push({ final, kept }))
  }
  job.endStep('aside', 'done', `${path.basename(record.dataDirectory)} is kept meanwhile`)

  const { pristine } = record
  const result = await runRecovery(
    { request, at, ...(planned.move.how === 'pristine' ? { pristine } : {}) },
    job,
    services,
    parts,
  )
  stands = true
  job.step('clear')
  forgetConnection(services, record, job, 'it was named after the former moment')
  const bytes = await clear(job, asides)
  // Of another backup, whose tablespaces lay elsewhere.
  const now = new Set(Object.values((await readLookRecord(services, job.id)).pristine))
  await dropPristine(Object.fromEntries(Object.entries(pristine).filter(([, folder]) => !now.has(folder))))
  job.endStep('clear', 'done', formatBytes(bytes))
  const base = planned.move.says[0] ?? ''
  return {
    ...result,
    facts: [
      ...result.facts,
      { label: 'Base files', value: base, mono: false },
      { label: 'The former one', value: `removed, ${formatBytes(bytes)}`, mono: false },
    ],
  }
}

async function putBack(job: JobContext, asides: readonly Aside[], stopped: string | null): Promise<void> {
  for (const { final, kept } of asides.toReversed()) {
    try {
      if (existsSync(final)) throw new Error(`something else is at ${final}`)
      await rename(kept, final)
      await syncFolder(path.dirname(final))
      job.log(`${final} is again what it was before.`, 'warning')
    } catch (error) {
      job.leftover(`${kept}: the recovered cluster of before, whole; it could not be put back: ${messageOf(error)}`)
    }
  }
  if (stopped !== null && existsSync(stopped)) {
    job.leftover(`${stopped}: the recovered cluster of before, whole and stopped; it is started again from its page`)
  }
}

/** A failure here leaves what was set aside by its name; the new cluster stands all the same. */
async function clear(job: JobContext, asides: readonly Aside[]): Promise<number> {
  let bytes = 0
  for (const { kept } of asides) {
    try {
      bytes += await folderBytes(kept)
      await rm(kept, { recursive: true })
      job.log(`Removed ${kept}`)
    } catch (error) {
      const words = messageOf(fromSystemError(error, `remove ${kept}`) ?? error)
      const nothing = { object: '', objectKind: '', entry: '', statement: '', harmless: null, logLine: null }
      job.issue({ ...nothing, severity: 'warning', message: words, advice: `Remove ${kept} by hand.` })
    }
  }
  return bytes
}
