// A drill of a physical backup from its request to its end: recover to scratch, prove, throw away, and a dated result.
import path from 'node:path'
import type { DrillRequest, DrillResult } from '../../../../shared/contracts/drill'
import type { JobResult } from '../../../../shared/jobs/job'
import { isPhysical, type PhysicalRecord } from '../../../../shared/model/backupRecord'
import { formatPgVersion, majorOf } from '../../../../shared/model/pgVersion'
import { wishWords } from '../../../../shared/model/recoveryTarget'
import type { JobContext } from '../../../jobs/jobTypes'
import { findAccount } from '../../../process/runAs'
import { messageOf } from '../../../process/systemError'
import { withCombine } from '../combineInto'
import type { Parts, RecoveryServices } from '../parts'
import { findPrograms, planRecovery, type RecoveryRequest, refusal } from '../planRecovery'
import { pointSteps, recoverySteps } from '../recoverySteps'
import { runRecovery } from '../runRecovery'
import { refuseAmcheck } from './checkStructure'
import { type DrillPlace, describeDrill, emptyResult, guardScratch, planPlace, proofSteps, recordDrill } from './drillPlan'
import { notePhases, seconds } from './phases'
import { proveAll } from './proveAll'
import { makeScratchFolder } from './scratchRecord'

export const drillSteps = [...recoverySteps, ...proofSteps]
export const pointDrillSteps = [...pointSteps, ...proofSteps]

export interface DrillPlan extends DrillPlace {
  record: PhysicalRecord
  recovery: RecoveryRequest
}

/** Looks at backup, place and programs; throws AppError for what stands in the way. */
export async function planDrill(services: RecoveryServices, request: DrillRequest, signal: AbortSignal): Promise<DrillPlan> {
  const place = await planPlace(request, signal)
  const { record, data, port } = place
  if (!isPhysical(record)) throw new Error('planDrill is for physical backups')
  const major = majorOf(record.source.serverVersion)
  const programs = await findPrograms(services, major)
  if (programs) refuseAmcheck({ ...programs, major }, request.amcheck ?? {})
  const recovery: RecoveryRequest = {
    source: { path: request.backup },
    destination: { kind: 'new', folder: data, port },
    ...{ tablespaces: {}, verify: false, login: null, confirm: null },
    drill: { user: request.user },
    ...(request.point
      ? {
          point: {
            archiveId: request.point.archiveId,
            backup: request.backup,
            wish: { ...request.point.wish, action: 'promote' },
          },
        }
      : {}),
  }
  return { ...place, record, recovery }
}

export async function runDrill(
  request: DrillRequest,
  job: JobContext,
  services: RecoveryServices,
  parts: Parts,
): Promise<JobResult> {
  const plan = await planDrill(services, request, job.signal)
  const { record, folder, data, port } = plan
  const major = majorOf(record.source.serverVersion)
  const programs = await findPrograms(services, major)
  const [bin, version] = [programs?.bin ?? '', programs?.version ?? record.source.serverVersion]
  const account = process.getuid?.() === 0 ? await findAccount('postgres') : null
  const result = emptyResult(job, plan)
  result.serverVersion = formatPgVersion(version)
  result.target = request.point ? wishWords(request.point.wish) : 'as soon as it is consistent'
  let begun = false
  const { throwAway } = guardScratch(job, services, plan, { bin, account, logFile: path.join(data, 'log', 'server.log') })
  try {
    const refused = refusal(await planAt(services, job.id, plan, account, job.signal))
    if (refused) throw refused
    begun = true
    await recoverToScratch(job, services, parts, plan, result)
    const scratch = { bin, major, version, socketFolder: data, port, user: request.user }
    await proveAll(notePhases(job, result.phases, nameOf), services, scratch, request.amcheck ?? {}, result)
    job.step('away')
    await throwAway()
    job.endStep('away', 'done', `${folder} is gone`)
    result.ok = true
  } catch (error) {
    if (job.signal.aborted || !begun) throw error
    result.problem = messageOf(error)
    await recordDrill(services, job, result)
    throw error
  }
  await recordDrill(services, job, result)
  return describeDrill(result)
}

/** The scratch folder is made first, so that the checks see where the data directory will be. */
async function planAt(
  services: RecoveryServices,
  jobId: string,
  { folder, recovery }: DrillPlan,
  account: Parameters<typeof makeScratchFolder>[2],
  signal: AbortSignal,
) {
  await makeScratchFolder(jobId, folder, account)
  return planRecovery(services, recovery, new Date(), signal)
}

async function recoverToScratch(
  job: JobContext,
  services: RecoveryServices,
  parts: Parts,
  plan: DrillPlan,
  result: DrillResult,
): Promise<void> {
  const began = performance.now()
  // What it leaves unfinished lies in the scratch folder, which goes.
  const inner: JobContext = { ...notePhases(job, result.phases, nameOf), leftover: () => undefined, output: () => undefined }
  const recovered = await runRecovery({ request: plan.recovery, at: new Date() }, inner, services, parts)
  result.recoverySeconds = seconds(performance.now() - began)
  const fact = (...labels: string[]) => recovered.facts.find(({ label }) => labels.includes(label))?.value ?? ''
  result.stoppedAt = fact('Stopped', 'Consistent at', 'Consistent') || recovered.headline
  result.proved.push(
    `Recovered ${result.target}: by the server's own log it stopped at ${result.stoppedAt}, and it is the backup's own system.`,
  )
}

const nameOf = (id: string) =>
  [...pointDrillSteps, ...drillSteps, ...withCombine(recoverySteps, true)].find((step) => step.id === id)?.label ?? id
