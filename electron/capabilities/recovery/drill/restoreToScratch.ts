// Restores a dump into the scratch cluster of its drill, by the restore's own code, and notes what each part of it took.
import type { DrillResult } from '../../../../shared/contracts/drill'
import type { RestoreRequest } from '../../../../shared/contracts/restore'
import type { JobIssue, JobResult } from '../../../../shared/jobs/job'
import type { BackupRecord } from '../../../../shared/model/backupRecord'
import type { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import type { DumpNeeds } from '../../../library/dumpNeeds'
import type { DumpSet, Parts, RecoveryServices, RestorePart } from '../parts'
import { isExpected, judgeRestore } from './judgeRestore'
import { notePhases, seconds } from './phases'
import type { DumpDrillPlan } from './runDumpDrill'
import { type ScratchCluster, withScratchConnection } from './scratchCluster'
import { type MadeGlobals, makeGlobals, tablespaceFolders } from './scratchGlobals'

export interface DumpRestore {
  job: JobContext
  noted: JobContext
  services: RecoveryServices
  parts: Parts
  plan: DumpDrillPlan
  /** null for a set. */
  needs: DumpNeeds | null
  set: DumpSet | null
  made: ScratchCluster
  result: DrillResult
}

/** What failed on the way as the error to end with, once all the rest was looked at too; null when nothing did. */
export async function restoreToScratch(context: DumpRestore): Promise<AppError | null> {
  const { job, noted, services, parts, plan, needs, made, result } = context
  const restore = parts.restoreThrough(withScratchConnection(services.connections, made.connection))
  const issues: JobIssue[] = []
  noted.step('globals')
  const spaces = needs
    ? await makeGlobals(services, made.connection, needs, plan.record.source.serverVersion, plan, job.signal)
    : null
  noted.endStep('globals', needs ? 'done' : 'skipped', spaces ? globalsWords(spaces) : 'with the databases of the set')
  job.step('restore')
  const began = performance.now()
  const names = plan.record.kind === 'dump-set' ? setNames(restore, plan.record) : restoreNames
  // What it leaves unfinished lies in the scratch cluster, which goes.
  const inner: JobContext = {
    ...notePhases(job, result.phases, (id) => names[id] ?? null, false),
    leftover: () => undefined,
    output: () => undefined,
    issue: (issue) => {
      if (isExpected(issue)) return
      issues.push(issue)
      job.issue(issue)
    },
  }
  const restored = await (needs ? restoreOne(context, restore, needs, inner) : restoreSet(context, restore, inner))
  inner.step('end')
  const times = result.phases.filter(({ name }) => Object.values(names).includes(name) && !notRestoring.has(name))
  result.recoverySeconds =
    times.length === 0 ? seconds(performance.now() - began) : round(times.reduce((sum, each) => sum + each.seconds, 0))
  job.progress(null)
  return judgeRestore({ result, record: plan.record, issues, made: spaces, rowCheck: restored.rowCheck ?? null })
}

async function restoreOne(
  { plan, made, job }: DumpRestore,
  restore: RestorePart,
  needs: DumpNeeds,
  inner: JobContext,
): Promise<JobResult> {
  const id = made.connection.id
  const { suggestedTarget, defaults } = await restore.prepare(id, plan.request.backup, job.signal)
  const request: RestoreRequest = {
    connectionId: id,
    source: { path: plan.request.backup },
    // A script of the cluster brings its own databases, or none.
    target: needs.ofCluster ? { kind: 'existing', database: 'postgres' } : suggestedTarget,
    options: defaults,
    ...{ analyze: false, continueOnError: true, singleTransaction: false, checkRows: true },
  }
  return restore.run(request, inner)
}

async function restoreSet({ plan, made, set }: DumpRestore, restore: RestorePart, inner: JobContext): Promise<JobResult> {
  const { record, request, folder, account } = plan
  if (record.kind !== 'dump-set' || !set) throw new Error('restoreSet is for sets')
  const places = set.tablespaces.map(({ name }) => name)
  return restore.set.run(
    {
      connectionId: made.connection.id,
      source: { path: request.backup },
      databases: record.databases.map(({ name }) => name),
      locations: await tablespaceFolders(folder, places, account),
      ...{ globals: true, atOnce: 2, options: {}, analyze: false, continueOnError: true, checkRows: true },
    },
    inner,
  )
}

function globalsWords({ restored, roles, tablespaces, failed }: MadeGlobals): string {
  const parts = [
    restored.length > 0 ? `${restored.length} from the saved globals` : '',
    roles.length + tablespaces.length > 0 ? `${roles.length + tablespaces.length} by name alone` : '',
    failed.length > 0 ? `${failed.length} failed` : '',
  ].filter(Boolean)
  return parts.join(', ') || 'none was needed'
}

/** Of the restore's own steps; the rest of them is not told of. */
const restoreNames: Readonly<Record<string, string>> = {
  checks: 'Checks of the backup',
  create: 'Create the database',
  before: 'Restore before data',
  data: 'Restore data',
  after: 'Restore after data',
  script: 'Restore the script',
  rows: 'Compare rows with the backup',
}
const notRestoring = new Set([restoreNames.checks, restoreNames.rows])

function setNames(restore: RestorePart, record: Extract<BackupRecord, { kind: 'dump-set' }>): Record<string, string> {
  const steps = restore.set.steps(record.databases.map(({ name }) => name))
  return Object.fromEntries(
    steps.flatMap(({ id, label }) => (id === 'result' ? [] : [[id, id === 'checks' ? 'Checks of the backup' : label]])),
  )
}

const round = (value: number) => Math.round(value * 10) / 10
