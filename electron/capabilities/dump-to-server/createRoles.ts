// Makes roles that the destination lacks, so that objects can belong to them: without login, without rights of their own.
import { quoteIdentifier } from '../../../shared/model/identifier'
import { withServer } from '../../postgres/openServer'
import type { PipeServices } from './planPipe'

export async function createRoles(services: Pick<PipeServices, 'connections'>, destinationId: string, roles: readonly string[]) {
  services.connections.requireWritable(destinationId, 'Creating roles')
  const connection = await services.connections.resolve(destinationId)
  return withServer(services, connection, async (client) => {
    const created: string[] = []
    const failed: { name: string; message: string }[] = []
    for (const name of roles) {
      try {
        await client.query(`CREATE ROLE ${quoteIdentifier(name)} NOLOGIN`)
        created.push(name)
      } catch (error) {
        failed.push({ name, message: error instanceof Error ? error.message : String(error) })
      }
    }
    return { created, failed }
  })
}
