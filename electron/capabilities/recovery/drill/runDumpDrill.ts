// A drill of a dump from its request to its end: an empty cluster, the dump restored into it, proofs, and all of it thrown away.
import path from 'node:path'
import type { DrillRequest } from '../../../../shared/contracts/drill'
import type { JobResult } from '../../../../shared/jobs/job'
import { majorOf } from '../../../../shared/model/pgVersion'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import type { OsAccount } from '../../../process/processTypes'
import { messageOf } from '../../../process/systemError'
import type { Parts, RecoveryServices } from '../parts'
import type { Programs } from '../planRecovery'
import { refuseAmcheck } from './checkStructure'
import { type DrillPlace, describeDrill, emptyResult, guardScratch, planPlace, proofSteps, recordDrill } from './drillPlan'
import { notePhases } from './phases'
import { proveAll } from './proveAll'
import { count } from './proveCluster'
import { restoreToScratch } from './restoreToScratch'
import { makeScratch, prepareScratch, scratchWords, superuserOf } from './scratchCluster'

export const dumpDrillSteps = [
  { id: 'checks', label: 'Checks' },
  { id: 'scratch', label: 'Make a scratch cluster' },
  { id: 'globals', label: 'Roles and tablespaces' },
  { id: 'restore', label: 'Restore' },
  ...proofSteps,
]

export interface DumpDrillPlan extends DrillPlace {
  programs: Programs
  account: OsAccount | null
}

/** Throws AppError for what stands in the way of a drill; that says nothing of the backup. */
export async function planDumpDrill(
  services: RecoveryServices,
  request: DrillRequest,
  signal: AbortSignal,
): Promise<DumpDrillPlan> {
  const place = await planPlace(request, signal)
  const found = await prepareScratch(services, place)
  const version = found.programs.version
  refuseAmcheck({ ...found.programs, major: majorOf(version) }, request.amcheck ?? {})
  return { ...place, ...found }
}

export async function runDumpDrill(
  request: DrillRequest,
  job: JobContext,
  services: RecoveryServices,
  parts: Parts,
): Promise<JobResult> {
  job.step('checks')
  const plan = await planDumpDrill(services, request, job.signal)
  const { folder, programs, account } = plan
  const result = emptyResult(job, plan)
  result.serverVersion = scratchWords(programs).replace('PostgreSQL ', '')
  result.target = `into an empty cluster of ${scratchWords(programs)}`
  const { throwAway } = guardScratch(job, services, plan, {
    ...{ bin: programs.bin, account, logFile: path.join(folder, 'server.log') },
  })
  const noted = notePhases(job, result.phases, labelOf)
  let begun = false
  try {
    const looking = parts.restoreThrough(services.connections)
    begun = true
    const set = plan.record.kind === 'dump-set' ? await looking.set.look(request.backup) : null
    // A set's own databases say what they need when they are restored.
    const needs = set ? null : await looking.look(request.backup, job.signal)
    job.endStep('checks', 'done', scratchWords(programs))
    begun = false
    noted.step('scratch')
    const made = await makeScratch(noted, services, plan, plan, superuserOf(set?.globals ?? needs?.globals ?? null))
    noted.endStep('scratch', 'done', `${scratchWords(programs)}, reached by its socket alone`)
    begun = true
    const errors = await restoreToScratch({ job, noted, services, parts, plan, needs, set, made, result })
    job.endStep(
      'restore',
      errors === null ? 'done' : 'warning',
      errors === null ? 'without an error' : count(result.errors?.count ?? 0, 'error'),
    )
    await proveAll(noted, services, made.scratch, request.amcheck ?? {}, result)
    job.step('away')
    await throwAway()
    job.endStep('away', 'done', `${folder} is gone`)
    if (errors !== null) throw errors
    result.ok = true
  } catch (error) {
    if (job.signal.aborted || !begun || isOfMachine(error)) throw error
    result.problem = problemOf(error)
    await recordDrill(services, job, result)
    throw error
  }
  await recordDrill(services, job, result)
  return describeDrill(result)
}

const labelOf = (id: string) => dumpDrillSteps.find((step) => step.id === id && id !== 'restore')?.label ?? null

/** Disk, programs, the connection: what is in the way here says nothing of the backup. */
const ofMachine = ['disk', 'tools', 'connection', 'writable', 'recovery']

function isOfMachine(error: unknown): boolean {
  if (!(error instanceof AppError) || error.code !== 'preflight') return false
  const blockers = error.details?.blockers
  return Array.isArray(blockers) && blockers.every((id) => ofMachine.includes(String(id)))
}

/** A refusal by the checks says what they found in its hint. */
function problemOf(error: unknown): string {
  if (error instanceof AppError && error.code === 'preflight' && error.hint)
    return `${error.message} ${error.hint.split('\n')[0]}`
  return messageOf(error)
}
