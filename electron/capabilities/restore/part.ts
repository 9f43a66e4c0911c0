// The restore of one database for those who restore several: the same checks, the same work within a job of theirs.
import type { RestoreRequest } from '../../../shared/contracts/restore'
import type { JobResult, ShownCommand } from '../../../shared/jobs/job'
import type { PreflightRow } from '../../../shared/model/preflight'
import type { JobContext } from '../../jobs/jobTypes'
import { type Globals, parseGlobals, readGlobals } from '../../library/readGlobals'
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

/** What a dump asks of any server that it is restored to. */
export interface DumpNeeds {
  kind: 'archive' | 'script'
  /** It makes the roles that it names itself, and connects to its databases: a script of pg_dumpall. */
  ofCluster: boolean
  /** Roles that it names without making them, and the owner of its database. */
  roles: string[]
  tablespaces: string[]
  extensions: string[]
  /** Saved beside it, or at the head of a script of pg_dumpall. */
  globals: Globals | null
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
