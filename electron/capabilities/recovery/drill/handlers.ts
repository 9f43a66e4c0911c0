// Answers the calls of the drill contract.

import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type DrillRequest, type drill, drillRequest } from '../../../../shared/contracts/drill'
import { isPhysical } from '../../../../shared/model/backupRecord'
import type { Handlers } from '../../../../shared/rpc/contract'
import { readRecord } from '../../../library/recordFile'
import { withCombine } from '../combineInto'
import type { Parts, RecoveryServices } from '../parts'
import { drillReport } from './drillReport'
import { listDrills, loadDrill } from './drillStore'
import { drillOnCancel, drillSteps, planDrill, pointDrillSteps, runDrill } from './runDrill'

export function drillHandlers(services: RecoveryServices, parts: Parts): Handlers<typeof drill, AbortSignal> {
  return {
    prepare: async ({ backup }) => {
      const record = await readRecord(backup)
      const place = path.join(services.paths.data, 'recovered')
      // Enterable for the account that runs the server, as for any recovered cluster.
      await mkdir(place, { recursive: true, mode: 0o711 })
      const problem = isPhysical(record) ? '' : 'Only base backups and cold backups are drilled so far.'
      const saved = services.connections.list().find(({ label }) => label === record.source.label)
      return { place, user: saved?.settings.user || 'postgres', problem }
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

async function startDrill(
  services: RecoveryServices,
  parts: Parts,
  request: DrillRequest,
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  const { record } = await planDrill(request, signal)
  const { id } = services.jobs.start({
    capability: 'drill',
    title: `Drill the backup of ${record.source.label}`,
    input: request,
    connectionId: null,
    serverLabel: record.source.label,
    steps: withCombine(
      request.point ? pointDrillSteps : drillSteps,
      record.kind === 'base-backup' && record.incremental !== null,
    ),
    onCancel: drillOnCancel,
    locks: [`path:${request.backup}`],
    run: (job) => runDrill(request, job, services, parts),
  })
  return { jobId: id }
}

/** For "run again". */
export function restartDrill(services: RecoveryServices, parts: Parts): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startDrill(services, parts, drillRequest.parse(input), new AbortController().signal)
}
