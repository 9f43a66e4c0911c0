// Answers the calls of the coldBackup contract.
import os from 'node:os'
import { type ColdBackupRequest, type coldBackup, coldBackupRequest } from '../../../shared/contracts/coldBackup'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { isFree } from '../../library/backupFolder'
import { freeBytes } from '../../library/freeSpace'
import { findOutsideSettings } from '../../postgres/outsideSettings'
import { configurationName } from './coldRecord'
import { dataName, listSource, tablespacesName } from './listSource'
import { type ColdServices, openCluster, placeCold, planCold, refusal } from './planCold'
import { coldOnCancel, coldSteps, runCold } from './runCold'

export function coldBackupHandlers(services: ColdServices): Handlers<typeof coldBackup, AbortSignal> {
  return {
    prepare: ({ dataDirectory }, { signal }) => prepareCold(services, dataDirectory, signal),
    preview: async (request, { signal }) => {
      const plan = await planCold(services, request, (info) => placeCold(info, request, new Date(), 0), signal)
      return {
        commands: plan.shown,
        preflight: plan.preflight,
        writes: [
          { label: 'Folder', value: plan.place.final },
          { label: 'Data directory', value: dataName },
          ...(plan.listing.tablespaces.length > 0 ? [{ label: 'Tablespaces', value: `${tablespacesName}/<oid>` }] : []),
          ...(request.configuration && plan.outside.files.length > 0
            ? [{ label: 'Settings files', value: `${configurationName}/…` }]
            : []),
          { label: 'Record', value: 'walkback.json, with the SHA-256 of every file' },
        ],
        blocked: plan.blocked,
        checkedAt: new Date().toISOString(),
      }
    },
    start: (request, { signal }) => startCold(services, request, signal),
  }
}

/** For "run again": the stored request, checked like a new one. */
export function restartCold(services: ColdServices): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startCold(services, coldBackupRequest.parse(input), new AbortController().signal)
}

/** Refuses before anything is written, by any blocker of the checks. */
async function startCold(services: ColdServices, request: ColdBackupRequest, signal: AbortSignal): Promise<{ jobId: string }> {
  const at = new Date()
  const plan = await planCold(services, request, (info) => placeCold(info, request, at, 0), signal)
  const refused = refusal(plan)
  if (refused) throw refused
  for (let attempt = 0; ; attempt += 1) {
    const place = placeCold(plan.info, request, at, attempt)
    if (!isFree(place) && attempt < 50) continue
    const { id } = services.jobs.start({
      capability: 'cold-backup',
      title: `Cold backup of ${plan.info.name}`,
      input: request,
      connectionId: null,
      serverLabel: plan.info.name,
      steps: coldSteps,
      onCancel: coldOnCancel,
      // Walkback itself starts no server in there meanwhile.
      locks: [`path:${place.final}`, `data:${plan.info.dataDirectory}`],
      run: (job) => runCold({ request, place }, job, services),
    })
    return { jobId: id }
  }
}

async function prepareCold(services: ColdServices, dataDirectory: string, signal: AbortSignal) {
  const { info, cluster } = await openCluster(services, dataDirectory, signal)
  if (info.major === null) throw new AppError('internal', `${dataDirectory} does not say its major version.`)
  // Files come and go while it runs, and one that is stopped may be started while we look.
  const listing = await listSource(cluster.dataDirectory, { major: info.major, running: true, signal })
  const outside = await findOutsideSettings(services.spawn, info, cluster, signal)
  const libraries = [...new Set([...services.settings.get().libraries, services.paths.defaultLibrary])]
  return {
    cluster: info,
    hostname: os.hostname(),
    size: String(listing.bytes),
    files: listing.files.length,
    tablespaces: listing.tablespaces.map(({ oid, location, bytes }) => ({ oid, location, size: String(bytes) })),
    configuration: outside.files,
    slots: listing.slots,
    libraries: await Promise.all(
      libraries.map(async (path) => ({ path, freeBytes: (await freeBytes(path))?.toString() ?? null })),
    ),
  }
}
