// Answers the calls of the objects contract.
import { DatabaseError } from 'pg'
import type { objects as objectsContract } from '../../../shared/contracts/objects'
import type { Handlers } from '../../../shared/rpc/contract'
import { readTree } from '../../postgres/readTree'
import { explainSqlError } from '../../postgres/sqlError'
import { withClient } from '../../postgres/withClient'
import type { Services } from '../../services'
import { readNeeds, readSizes } from './readNeeds'
import { readRows } from './readRows'
import { readTables } from './readTables'

export function objectsHandlers({ connections }: Pick<Services, 'connections'>): Handlers<typeof objectsContract, AbortSignal> {
  return {
    tree: async function* ({ connectionId, database }, { signal }) {
      const connection = await connections.resolve(connectionId)
      const work = { connections, connection, database, signal }
      const parts = await withClient(work, (client) =>
        readTree(client).catch((error: unknown) => {
          throw explainSqlError(error, `Reading what is in ${database}`)
        }),
      )
      yield* parts
    },
    sizes: async ({ connectionId, database, oids }, { signal }) => {
      const connection = await connections.resolve(connectionId)
      return withClient({ connections, connection, database, signal }, async (client) => ({
        bytes: await readSizes(client, oids).catch((error: unknown) => {
          // A table that is locked right now keeps its estimate.
          if (error instanceof DatabaseError && error.code === '55P03') return oids.map(() => null)
          throw explainSqlError(error, `Reading sizes in ${database}`)
        }),
      }))
    },
    needs: async ({ connectionId, database }, { signal }) => {
      const connection = await connections.resolve(connectionId)
      return withClient({ connections, connection, database, signal }, (client) =>
        readNeeds(client).catch((error: unknown) => {
          throw explainSqlError(error, `Reading what depends on what in ${database}`)
        }),
      )
    },
    tables: async ({ connectionId, database }, { signal }) => {
      const connection = await connections.resolve(connectionId)
      return withClient({ connections, connection, database, signal }, (client) =>
        readTables(client).catch((error: unknown) => {
          throw explainSqlError(error, `Reading what is in ${database}`)
        }),
      )
    },
    rows: async ({ connectionId, database, schema, name, limit }, { signal }) => {
      const connection = await connections.resolve(connectionId)
      return withClient({ connections, connection, database, signal }, (client) =>
        readRows(client, { schema, name, limit }).catch((error: unknown) => {
          throw explainSqlError(error, `Reading ${schema}.${name}`)
        }),
      )
    },
  }
}
