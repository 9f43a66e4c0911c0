// Whether a role that is no superuser may use ALTER SYSTEM for certain settings.
import type { Client } from 'pg'

/** Rights on single settings came with 15: not to be asked of an earlier server. */
export async function mayAlter(client: Client, settings: readonly string[]): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `SELECT bool_and(has_parameter_privilege(name, 'ALTER SYSTEM')) AS may FROM unnest($1::text[]) AS name`,
    [settings],
  )
  return rows[0]?.may === true
}
