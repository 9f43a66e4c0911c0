// The restore of one database for those who restore several: the same checks, the same work within a job of theirs.
import type { RestoreRequest } from '../../../shared/contracts/restore'
import type { JobResult, ShownCommand } from '../../../shared/jobs/job'
import type { PreflightRow } from '../../../shared/model/preflight'
import type { JobContext } from '../../jobs/jobTypes'
import type { DumpNeeds } from '../../library/dumpNeeds'
import { parseGlobals, readGlobals } from '../../library/readGlobals'
import { databaseRoles } from './archiveNeeds'
import { prepare } from './handlers'
import { type InspectedArchive, inspectArchive } from './inspectArchive'
import { planRestore, type RestoreServices } from './planRestore'
import { checkRestore } from './preflight'
import { readHead } from './preflightCluster'
import { runRestore } from './runRestore'

export function restorePart(services: RestoreServices) {
  return {
    async check(request: RestoreRequest, signal: AbortSignal): Promise<{ preflight: PreflightRow[]; commands: ShownCommand[] }> {
      const plan = await planRestore(services, request, signal)
      const preflight = await checkRestore(services, plan, false, signal)
      return {
        preflight,
        commands: [plan.restore.shown, ...plan.analyze.flatMap(({ planned }) => (planned ? [planned.shown] : []))],
      }
    },
    run: (request: RestoreRequest, job: JobContext): Promise<JobResult> => runRestore(request, job, services),
    /** Where it goes best on this server, and by which options. */
    prepare: (connectionId: string, path: string, signal: AbortSignal) => prepare(services, connectionId, path, signal),
    look: async (path: string, signal: AbortSignal) => needsOf(await inspectArchive(path, signal), signal),
  }
}

async function needsOf(archive: InspectedArchive, signal: AbortSignal): Promise<DumpNeeds> {
  const { needs, settings, source } = archive
  const ofCluster = archive.kind === 'script' && archive.script.kind === 'cluster'
  const globals = ofCluster
    ? parseGlobals(await readHead(source.archive, archive.gzip, signal))
    : await readGlobals(source.globalsPath)
  const own = archive.kind === 'archive' ? databaseRoles(archive.toc.entries) : []
  const roles = new Set([...needs.roles.keys(), ...own, ...(settings.owner && !ofCluster ? [settings.owner] : [])])
  return {
    kind: archive.kind,
    ofCluster,
    roles: [...roles].toSorted(),
    tablespaces: [...needs.tablespaces.keys()].toSorted(),
    extensions: needs.extensions,
    globals,
  }
}
