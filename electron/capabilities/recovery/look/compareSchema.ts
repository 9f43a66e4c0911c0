// Definitions of a recovered cluster's database beside those of a live one, from the catalogs of both.
import type { ClientBase } from 'pg'
import type { LookSchema } from '../../../../shared/contracts/look'
import { compareSchemas, type SchemaObject } from '../../../../shared/model/schemaCompare'
import { AppError } from '../../../../shared/rpc/appError'
import { explainSqlError } from '../../../postgres/sqlError'
import type { RecoveryServices } from '../parts'
import { bothSides, type CompareRequest } from './bothSides'
import { countSql, schemaSql } from './schemaSql'

/** Columns and functions: more than that are not held in memory twice. */
const mostObjects = 400_000
const shownDifferences = 2000

export async function compareLookSchema(
  services: RecoveryServices,
  request: CompareRequest,
  signal: AbortSignal,
): Promise<LookSchema> {
  const { recovered, live, about } = await bothSides(services, request, signal, (client) => readSchema(client, signal))
  const { differences, same } = compareSchemas(recovered, live)
  return { ...about, differences: differences.slice(0, shownDifferences), different: differences.length, same }
}

/** In one snapshot; search_path is empty here, so that every name is written with its schema. */
async function readSchema(client: ClientBase, signal: AbortSignal): Promise<SchemaObject[]> {
  const objects: SchemaObject[] = []
  await client.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''; SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '2s'`,
  )
  try {
    const counted = await client.query<{ count: string }>(countSql)
    if (Number(counted.rows[0]?.count ?? 0) > mostObjects) {
      throw new AppError(
        'bad_input',
        `This database has ${counted.rows[0]?.count} columns and functions: too many to compare here.`,
        {
          hint: 'Compare dumps made with --schema-only instead.',
        },
      )
    }
    for (const sql of schemaSql) {
      signal.throwIfAborted()
      const { rows } = await client.query<SchemaObject>(sql)
      // Not push(...rows): an engine takes so many arguments only.
      for (const row of rows) objects.push(row)
    }
  } catch (error) {
    throw explainSqlError(error, 'Reading the definitions')
  } finally {
    await client.query('ROLLBACK').catch(() => undefined) // the connection may be gone: then so is the transaction
  }
  return objects
}
