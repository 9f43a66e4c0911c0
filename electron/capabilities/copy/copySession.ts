// Connections for copying: one that runs the statements, and a second one that can stop it and watch it.
import { openStoppable, type Stoppable } from '../../postgres/stoppable'
import type { Services } from '../../services'

export type CopyServices = Pick<Services, 'connections' | 'jobs' | 'settings'>

export type CopySession = Stoppable

export async function openCopySession(
  services: Pick<CopyServices, 'connections'>,
  connectionId: string,
  database: string,
  signal: AbortSignal,
): Promise<CopySession> {
  const connection = await services.connections.resolve(connectionId)
  return openStoppable(services.connections, connection, database, signal)
}
