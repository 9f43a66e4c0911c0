// What the preflight must know of the destination, asked of the server once.
import type { Client } from 'pg'
import type { RestoreDanger } from '../../../shared/contracts/restore'
import { readGlobals } from '../../library/readGlobals'
import { checkLocale, type LocaleAnswer } from '../../postgres/localeCheck'
import { openServer } from '../../postgres/openServer'
import { type ExistingContent, readContent } from '../../postgres/serverState'
import { madeTarget, type RestorePlan, type RestoreServices } from './planRestore'
import type { ExistingNames } from './preflightChoice'
import { type OldDatabase, readSessions } from './replaceDatabase'

export interface PreflightFacts {
  plan: RestorePlan
  /** Of an existing target. */
  content: ExistingContent | null
  /** What an existing target holds by name, where only some objects are restored into it. */
  names: ExistingNames | null
  sessions: RestoreDanger['sessions']
  /** The database to be replaced. */
  old: OldDatabase | null
  locale: LocaleAnswer | null
  globals: { roles: ReadonlySet<string>; tablespaces: ReadonlySet<string> } | null
}

export async function gatherFacts(services: RestoreServices, plan: RestorePlan, signal?: AbortSignal): Promise<PreflightFacts> {
  const { target } = plan.request
  const { connections } = services
  const on = async <T>(client: Client, work: (client: Client) => Promise<T>): Promise<T> => {
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }
  const existing = target.kind === 'existing' && plan.server.databases.get(target.database)?.allowsConnections === true
  const inside = existing
    ? await on(await connections.open(plan.connection, target.database, signal), async (client) => ({
        content: await readContent(client),
        names: plan.chosen === null ? null : await readNames(client),
        sessions: await readSessions(client, target.database),
      }))
    : { content: null, names: null, sessions: [] }
  const made = madeTarget(target, target.database, plan.replace?.old ?? null)
  const locale =
    made === null
      ? null
      : await on(await openServer(services, plan.connection, signal), (client) => checkLocale(client, made, plan.server.encoding))
  const globals = await readGlobals(plan.archive.source.globalsPath)
  return { plan, ...inside, old: plan.replace?.old ?? null, locale, globals }
}

async function readNames(client: Client): Promise<ExistingNames> {
  const within = async (text: string) => {
    const { rows } = await client.query<{ schema: string; name: string }>(text)
    return new Set(rows.map(({ schema, name }) => JSON.stringify([schema, name])))
  }
  const names = async (text: string) => new Set((await client.query<{ name: string }>(text)).rows.map(({ name }) => name))
  return {
    relations: await within(
      `SELECT n.nspname::text AS schema, c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`,
    ),
    constraints: await within(
      `SELECT n.nspname::text AS schema, c.relname || ' ' || o.conname AS name
       FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace`,
    ),
    types: await within(
      `SELECT n.nspname::text AS schema, t.typname::text AS name FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace`,
    ),
    routines: await within(
      `SELECT n.nspname::text AS schema, p.proname::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace`,
    ),
    schemas: await names('SELECT nspname::text AS name FROM pg_namespace'),
    extensions: await names('SELECT extname::text AS name FROM pg_extension'),
  }
}
