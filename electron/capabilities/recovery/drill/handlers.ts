// Answers the calls of the drill contract.

import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type DrillRequest, type drill, drillRequest } from '../../../../shared/contracts/drill'
import type { ShownCommand } from '../../../../shared/jobs/job'
import { type BackupRecord, isPhysical } from '../../../../shared/model/backupRecord'
import { majorOf } from '../../../../shared/model/pgVersion'
import type { Handlers } from '../../../../shared/rpc/contract'
import type { OptionValues } from '../../../../shared/tools/defineTool'
import { readRecord } from '../../../library/recordFile'
import { withCombine } from '../combineInto'
import type { Parts, RecoveryServices } from '../parts'
import { findPrograms, type Programs } from '../planRecovery'
import { insteadOfAmcheck, planAmcheck, shownAmcheck } from './checkStructure'
import { drillOnCancel } from './drillPlan'
import { drillReport } from './drillReport'
import { listDrills, loadDrill } from './drillStore'
import { drillSteps, planDrill, pointDrillSteps, runDrill } from './runDrill'
import { dumpDrillSteps, planDumpDrill, runDumpDrill } from './runDumpDrill'
import { findScratchPrograms, noServer } from './scratchCluster'

export function drillHandlers(services: RecoveryServices, parts: Parts): Handlers<typeof drill, AbortSignal> {
  return {
    prepare: async ({ backup }) => {
      const record = await readRecord(backup)
      const place = path.join(services.paths.data, 'recovered')
      // Enterable for the account that runs the server, as for any recovered cluster.
      await mkdir(place, { recursive: true, mode: 0o711 })
      const saved = services.connections.list().find(({ label }) => label === record.source.label)
      const server = await serverFor(services, record)
      return {
        place,
        user: saved?.settings.user || 'postgres',
        problem: server ? '' : absent(record),
        server: server?.version ?? null,
        amcheck: server && server.instead === '' ? server.version : null,
        instead: server?.instead ?? '',
      }
    },
    preview: async (request) => {
      const server = await serverFor(services, await readRecord(request.backup))
      return server ? previewOf(server, request) : { commands: [], problem: '' }
    },
    start: (request, { signal }) => startDrill(services, parts, request, signal),
    report: async ({ jobId }) => {
      const result = loadDrill(services.paths, jobId)
      return {
        html: drillReport(result),
        name: `drill-${result.server.replaceAll(/[^\w.-]+/g, '-')}-${result.at.slice(0, 16).replaceAll(':', '')}.html`,
      }
    },
    list: async () => ({ drills: listDrills(services.paths) }),
  }
}

type Server = Programs & { major: number; instead: string }

/** A physical backup starts under its own major alone. */
async function serverFor(services: RecoveryServices, record: BackupRecord): Promise<Server | null> {
  const { serverVersion } = record.source
  const programs = isPhysical(record)
    ? await findPrograms(services, majorOf(serverVersion))
    : await findScratchPrograms(services, serverVersion)
  const major = programs ? majorOf(programs.version) : 0
  return programs && { ...programs, major, instead: insteadOfAmcheck({ ...programs, major }) }
}

function absent(record: BackupRecord): string {
  const { serverVersion } = record.source
  if (!isPhysical(record)) {
    const { message, hint } = noServer(serverVersion)
    return `${message} ${hint ?? ''}`
  }
  const major = majorOf(serverVersion)
  return `The server of PostgreSQL ${major} is not on this machine. Install it (apt install postgresql-${major}), or add its folder in Settings.`
}

/** In the place of what only the run knows: its folder and its port. */
const scratchFolder = 'SCRATCH/data'

function previewOf({ bin, version, major, instead }: Server, { user, amcheck = {} }: DrillRequest) {
  const dump = (program: string, words: string[]): ShownCommand => ({
    ...{ title: 'Dump to nowhere', program, version, kind: 'program' },
    words: [...words, '--no-password'],
  })
  const dumps = [dump('pg_dumpall', ['--globals-only']), dump('pg_dump', ['--dbname=each database'])]
  if (instead !== '') return { commands: dumps, problem: asked(amcheck) ? instead : '' }
  const scratch = { bin, version, major, user, socketFolder: scratchFolder, port: 54_500 }
  const built = planAmcheck(scratch, amcheck)
  return { commands: [shownAmcheck(scratch, built), ...dumps], problem: built.problems[0]?.message ?? '' }
}

const asked = (values: OptionValues) => Object.keys(values).length > 0

async function startDrill(
  services: RecoveryServices,
  parts: Parts,
  request: DrillRequest,
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  const record = await readRecord(request.backup)
  const physical = isPhysical(record)
  await (physical ? planDrill : planDumpDrill)(services, request, signal)
  const { id } = services.jobs.start({
    capability: 'drill',
    title: `Drill the backup of ${record.source.label}`,
    input: request,
    connectionId: null,
    serverLabel: record.source.label,
    steps: physical
      ? withCombine(request.point ? pointDrillSteps : drillSteps, record.kind === 'base-backup' && record.incremental !== null)
      : dumpDrillSteps,
    onCancel: drillOnCancel,
    locks: [`path:${request.backup}`],
    run: (job) => (physical ? runDrill : runDumpDrill)(request, job, services, parts),
  })
  return { jobId: id }
}

/** For "run again". */
export function restartDrill(services: RecoveryServices, parts: Parts): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startDrill(services, parts, drillRequest.parse(input), new AbortController().signal)
}
