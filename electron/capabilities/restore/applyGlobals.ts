// Creates named roles and tablespaces from the globals saved beside a dump; what exists already is never touched.
import { AppError } from '../../../shared/rpc/appError'
import { createGlobals, type GlobalsOutcome } from '../../library/createGlobals'
import { readGlobals } from '../../library/readGlobals'
import { withServer } from '../../postgres/openServer'
import type { Services } from '../../services'
import { findSource } from './findSource'

export interface GlobalsRequest {
  connectionId: string
  source: { path: string }
  roles: readonly string[]
  tablespaces: readonly string[]
}

/** Throws AppError permission for a read-only connection, not_found when there are no globals. */
export async function applyGlobals(
  services: Pick<Services, 'connections'>,
  request: GlobalsRequest,
  signal?: AbortSignal,
): Promise<GlobalsOutcome> {
  services.connections.requireWritable(request.connectionId, 'Creating roles and tablespaces')
  const source = await findSource(request.source.path)
  const globals = await readGlobals(source.globalsPath)
  if (!globals) {
    throw new AppError('not_found', 'No globals were saved with this dump.', {
      hint: 'Create the roles by hand, or restore without owners and privileges.',
    })
  }
  const connection = await services.connections.resolve(request.connectionId)
  return withServer(services, connection, (client) => createGlobals(client, globals, request), signal)
}
