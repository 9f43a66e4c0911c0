// Runs one recovery as a job: checks, verify, copy, settings, start, consistent, to a moment replay and its stop, connect.
import { existsSync } from 'node:fs'
import { chmod, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { JobResult } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { syncFolder } from '../../library/durability'
import { inspectCluster } from '../../postgres/findLocalClusters'
import { type ControlData, readControlData } from '../../postgres/localClusterState'
import { errorCode, messageOf } from '../../process/systemError'
import { combineInto } from './combineInto'
import { connectRecovered, sayConnected } from './connectRecovered'
import { copyBackup, makeFolder } from './copyBackup'
import { conflictAt, finishPlace, openPlace, own, type Place, setAside, unfinishPlace, whatIsAt } from './destination'
import { writeLookRecord } from './look/lookRecord'
import type { Parts, RecoveryServices } from './parts'
import { shownCombine } from './planChain'
import { planRecovery, type RecoveryPlan, type RecoveryRequest, refusal } from './planRecovery'
import { pointFiles, stageWal } from './point/pointFiles'
import { describePoint } from './point/pointResult'
import { pointSettings } from './point/pointRun'
import { recoverToPoint } from './point/recoverToPoint'
import { stageSalvage } from './point/stageSalvage'
import { keepPristine, keepsPristine, type Pristine, takePristine } from './pristine'
import { describeRecovery } from './recoveryResult'
import { addedSettings, keptAutoSettings, plainSettings, withoutPlaces } from './settingsText'
import { clusterOf, readEvidence, startRecovered, stopRecovered } from './startRecovered'
import { makeTablespaceMap } from './tarHead'
import { unpackBackup } from './unpackBackup'
import { shownVerifiers, verifiesFirst, verifySource } from './verifySource'

export interface RecoveryInput {
  request: RecoveryRequest
  at: Date
  /** Kept base files to begin with, in place of the backup's. They stay. */
  pristine?: Pristine
}

/** Throws AppError; by then nothing unfinished has a finished name, and what was there before is back in its place. */
export async function runRecovery(
  { request, at, pristine }: RecoveryInput,
  job: JobContext,
  services: RecoveryServices,
  parts: Parts,
): Promise<JobResult> {
  const startedAt = new Date()
  job.step('checks')
  const plan = await planRecovery(services, request, at, job.signal)
  const refused = refusal(plan)
  if (refused) throw refused
  for (const command of [...shownVerifiers(plan), ...shownCombine(plan.chain)]) job.command(command)
  for (const { name, why } of (plan.listing ?? plan.chain?.last.listing)?.left ?? []) job.log(`Left out: ${name} (${why})`)
  job.endStep('checks', 'done', plan.target ? `${plan.target.name} is stopped` : `${plan.data.final} is free`)

  if (verifiesFirst(plan)) {
    job.step('verify')
    job.endStep('verify', 'done', await verifySource(job, plan))
  } else job.endStep('verify', 'skipped', 'not asked for; compared while copying')

  const undo = guardDestination(job, services, plan)
  if (pristine) {
    const step = plan.chain ? 'combine' : 'copy'
    job.step(step)
    job.endStep(step, 'done', await takePristine(job, plan, pristine))
  } else if (plan.chain) await combineInto(job, plan, plan.chain)
  else await copy(job, plan)
  const made = !pristine && keepsPristine(plan) ? await keepPristine(job, plan) : null

  job.step('settings')
  const unpacked = await requireRightControl(services, plan, job.signal)
  if (plan.point?.access === 'staged') await stageWal(job, plan.point, plan.data.partial, plan.account)
  if (plan.point?.salvage)
    await stageSalvage(job, { ...plan.point, salvage: plan.point.salvage }, plan.data.partial, plan.account)
  await writeSettings(plan, unpacked)
  await takePlace(job, services, plan, undo)
  job.endStep('settings', 'done', plan.kept === null ? '' : `${plan.data.final} is kept as ${path.basename(plan.kept)}`)

  if (plan.point) {
    const reached = await recoverToPoint(job, services, parts, plan, plan.point)
    const kept = pristine ?? made?.folders ?? {}
    await writeLookRecord(job.id, plan, plan.point, { ...reached, pristine: kept })
    undo.keep()
    made?.keep()
    return describePoint(plan, plan.point, { ...reached, startedAt, pristine: kept })
  }
  job.step('start')
  const started = await startRecovered(job, services, parts, plan)
  job.endStep('start', 'done', `port ${started.port}`)
  job.step('consistent')
  const evidence = readEvidence(plan, started.lines)
  job.endStep('consistent', 'done', evidence.detail)
  job.step('connect')
  const connected = await connectRecovered(job, services, plan, { ...started, recovering: false })
  sayConnected(job, connected)
  const control = await readControlData(services.spawn, clusterOf(plan), job.signal)
  job.signal.throwIfAborted()
  job.endStep('connect', connected.how === '' ? 'warning' : 'done', connected.how || 'nobody logged in')
  undo.keep()
  return describeRecovery(plan, { port: started.port, evidence, connected, control, startedAt })
}

interface Undo {
  /** This place has its final name by us. */
  took(place: Place): void
  /** The data directory of before has its new name by us. */
  setAside(): void
  keep(): void
}

/** On any end but a good one: stops the server, gives the unfinished names back, and the old data directory its own. */
function guardDestination(job: JobContext, services: RecoveryServices, plan: RecoveryPlan): Undo {
  let kept = false
  let aside = false
  const taken = new Set<Place>()
  const places = [plan.data, ...plan.spaces]
  for (const place of places) job.output({ partial: place.partial, final: place.final })
  job.onCleanup('the destination', async () => {
    if (kept) return
    // What is at a final name that we did not give is somebody else's.
    if (taken.has(plan.data)) {
      await stopRecovered(services, plan).catch((error: unknown) => {
        job.leftover(`a server may still run in ${plan.data.final}: ${messageOf(error)}`)
        if (aside) job.leftover(`${plan.kept}: the data directory of before, whole`)
        throw error
      })
    }
    for (const place of taken) await unfinishPlace(place, plan.account)
    if (aside && plan.kept !== null) await putBack(job, plan.kept, plan.data.final)
    for (const { partial } of places) {
      if (existsSync(partial)) job.leftover(`${partial}: unfinished. Starting again removes it first.`)
    }
  })
  return {
    took: (place) => {
      taken.add(place)
      const left = `${place.final}: a recovery that was not judged yet, perhaps with its server running`
      if (place === plan.data) job.output({ partial: null, final: place.final, left })
    },
    setAside: () => {
      aside = true
    },
    keep: () => {
      kept = true
    },
  }
}

/** The data directory of before gets its name again, where nobody else has taken it. */
async function putBack(job: JobContext, kept: string, final: string): Promise<void> {
  if (existsSync(final)) {
    job.leftover(`${kept}: the data directory of before, whole. Something else is at ${final}.`)
    return
  }
  await rename(kept, final)
  await syncFolder(path.dirname(final))
  job.log(`${final} is again what it was before.`, 'warning')
}

async function copy(job: JobContext, plan: RecoveryPlan): Promise<void> {
  job.step('copy')
  const { backup, listing, account } = plan
  for (const place of [plan.data, ...plan.spaces]) await openPlace(place, account)
  const places = new Map([plan.data, ...plan.spaces].map((place) => [place.name, place.partial]))
  const total = listing?.bytes ?? (await tarBytes(plan))
  let done = 0
  const options = {
    account,
    signal: job.signal,
    onBytes: (bytes: number, label: string) => {
      done += bytes
      job.progress({ done, total, unit: 'bytes', label })
    },
  }
  if (listing) {
    const { files, compared, cloned } = await copyBackup(listing, places, options)
    const shared = cloned === 0 ? '' : `, ${cloned} by reflink`
    job.endStep('copy', 'done', `${files} files, ${formatBytes(done)}${shared}, ${compared} compared with their checksum`)
  } else {
    const { files, compared, left } = await unpackBackup(backup, places, options)
    for (const name of left) job.log(`Left out: ${name}`)
    job.endStep('copy', 'done', `${files} files from ${backup.tars.length} tars, ${compared} compared with their checksum`)
  }
  job.progress(null)
}

async function tarBytes({ backup }: RecoveryPlan): Promise<number> {
  let bytes = 0
  for (const name of backup.tars) bytes += (await stat(path.join(backup.data, name))).size
  return bytes
}

/** Into the unfinished data directory: settings files, postgresql.auto.conf, the links and the map of its tablespaces. */
async function writeSettings(plan: RecoveryPlan, { limits }: ControlData): Promise<void> {
  const { data, account, spaces, point } = plan
  const settings = point ? { ...plan.settings, recovery: pointSettings(point, limits) } : plan.settings
  const root = data.partial
  const write = async (name: string, text: string) => {
    const file = path.join(root, name)
    const below = path.dirname(name)
    let folder = root
    for (const part of below === '.' ? [] : below.split('/')) {
      folder = path.join(folder, part)
      await makeFolder(folder, account)
    }
    await writeFile(file, text, { mode: 0o600, flush: true })
    await chmod(file, 0o600)
    await own(file, account)
  }
  const read = async (name: string) => {
    try {
      return await readFile(path.join(root, name), 'utf8')
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null
      throw error
    }
  }
  for (const { path: name, text } of plan.placed) await write(name, text)
  if (settings.kind !== 'debian') {
    for (const { path: name, text } of plainSettings) if ((await read(name)) === null) await write(name, text)
    const main = (await read('postgresql.conf')) ?? ''
    const safe = withoutPlaces(main)
    if (safe !== main) await write('postgresql.conf', safe)
    await makeFolder(path.join(root, 'log'), account)
  }
  const auto = keptAutoSettings((await read('postgresql.auto.conf')) ?? '')
  await write('postgresql.auto.conf', auto.text + addedSettings(settings))
  if (point) for (const { path: name, text } of pointFiles(point)) await write(name, text)
  // Its socket lies in its data directory, which nobody else may enter.
  if (plan.request.drill) await write('pg_hba.conf', '# Walkback: a drill, thrown away afterwards\nlocal all all trust\n')
  const links = path.join(root, 'pg_tblspc')
  await makeFolder(links, account)
  for (const { name, final } of spaces) {
    await rm(path.join(links, name), { force: true })
    await symlink(final, path.join(links, name))
  }
  if ((await read('tablespace_map')) !== null) {
    await write('tablespace_map', makeTablespaceMap(spaces.map(({ name, final }) => ({ oid: name, location: final }))))
  }
  await syncFolder(links)
  await syncFolder(root)
}

/** By its own programs, before any server is started: it is the backup's cluster, and readable. */
async function requireRightControl(services: RecoveryServices, plan: RecoveryPlan, signal: AbortSignal): Promise<ControlData> {
  const { backup, data } = plan
  const control = await readControlData(services.spawn, { ...clusterOf(plan), dataDirectory: data.partial }, signal)
  if (backup.systemIdentifier !== null && control.systemIdentifier !== backup.systemIdentifier) {
    throw new AppError(
      'tool_failed',
      `pg_control of the backup is of the cluster ${control.systemIdentifier}, its WAL of ${backup.systemIdentifier}.`,
      { hint: 'Somebody changed the backup after it was taken. Use another one.' },
    )
  }
  return control
}

/** The last look, and then the names: nobody may have started the cluster, or put something there, since the checks. */
async function takePlace(job: JobContext, services: RecoveryServices, plan: RecoveryPlan, undo: Undo): Promise<void> {
  const { target, kept, data, spaces } = plan
  job.signal.throwIfAborted()
  if (target && kept !== null) {
    const now = await inspectCluster(services, target.dataDirectory, job.signal)
    if (now.running || now.control?.systemIdentifier !== target.control?.systemIdentifier) {
      throw new AppError('conflict', `${target.name} was started or replaced while the backup was copied.`, {
        hint: 'Nothing of it was changed. Stop it, and start again.',
      })
    }
  }
  for (const place of [...(target ? [] : [data]), ...spaces]) {
    const conflict = conflictAt(place.final, await whatIsAt(place.final))
    if (conflict) throw conflict
  }
  for (const place of spaces) await finishPlace(place, () => undo.took(place))
  if (kept !== null) {
    job.output({ partial: null, final: kept, left: `${kept}: the data directory of before, whole` })
    await setAside(data.final, kept, undo.setAside)
    job.log(`${data.final} is now ${kept}`)
  }
  await finishPlace(data, () => undo.took(data))
}
