// Answers the calls of the connections contract.
import type { connections as connectionsContract } from '../../../shared/contracts/connections'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { ConnectError } from '../../postgres/connectError'
import { parseConnectionString } from '../../postgres/connectionString'
import { readServerFacts } from '../../postgres/serverFacts'
import { explainSqlError } from '../../postgres/sqlError'
import { withClient } from '../../postgres/withClient'
import type { Services } from '../../services'
import { dropDatabase } from './dropDatabase'
import { readServerPage } from './serverPage'
import { readSources } from './sources'

type Needs = Pick<Services, 'connections' | 'vault'>

export function connectionsHandlers({ connections, vault }: Needs): Handlers<typeof connectionsContract, AbortSignal> {
  return {
    list: async () => ({ connections: connections.list() }),
    save: (input) => connections.save(input),
    remove: async ({ connectionId }) => {
      connections.remove(connectionId)
      return {}
    },
    test: async (draft, { signal }) => {
      try {
        const connection = await connections.resolveDraft(draft)
        const facts = await withClient({ connections, connection, signal }, (client) =>
          readServerFacts(client).catch((error: unknown) => {
            throw explainSqlError(error, 'Reading what the server says of itself')
          }),
        )
        return { ok: true, facts }
      } catch (error) {
        if (error instanceof ConnectError) return { ok: false, ...error.words }
        // A setting that can't be used (a list of hosts, a keyring that is locked) is a failed test too.
        if (error instanceof AppError && error.code !== 'cancelled') {
          return { ok: false, failure: 'other', message: error.message, hint: error.hint ?? '', original: '' }
        }
        throw error
      }
    },
    parse: async ({ text }) => parseConnectionString(text),
    sources: async () => readSources(),
    secretStorage: async () => ({ canRemember: vault.canRemember, reason: vault.reason }),
    server: async ({ connectionId }, { signal }) => {
      const connection = await connections.resolve(connectionId)
      return readServerPage(connections, connection, signal)
    },
    dropDatabase: async (input, { signal }) => {
      await dropDatabase(connections, input, signal)
      return {}
    },
  }
}
