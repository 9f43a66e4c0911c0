// The definition of tables that are gone, from pg_dump of the recovered cluster: what comes back, in order, and what can't.
import { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import { z } from 'zod'
import type { ShownCommand } from '../../../shared/jobs/job'
import { qualifiedName, quoteIdentifier } from '../../../shared/model/identifier'
import type { PgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import { buildCommand } from '../../../shared/tools/buildCommand'
import { pgDump } from '../../../shared/tools/pgDump'
import { shownWords } from '../../../shared/tools/showCommand'
import { explainToolFailure } from '../../library/explainToolFailure'
import { type DefinedEntry, readDefinitions } from '../../library/readToc'
import { databaseArgument } from '../../postgres/databaseArgument'
import type { Sides } from './openSides'
import type { RescueServices } from './parts'

export interface Definition {
  entries: DefinedEntry[]
  command: ShownCommand
}

/** What makes up a table. Publications, event triggers and statistics of values are not a table's own. */
const kinds = new Set([
  ...[
    'TABLE',
    'SEQUENCE',
    'SEQUENCE OWNED BY',
    'DEFAULT',
    'TABLE ATTACH',
    'STATISTICS',
    'CONSTRAINT',
    'CHECK CONSTRAINT',
    'INDEX',
  ],
  ...['INDEX ATTACH', 'FK CONSTRAINT', 'TRIGGER', 'RULE', 'ROW SECURITY', 'POLICY', 'COMMENT', 'ACL', 'SECURITY LABEL'],
])

/** Of the dump itself, no object of the database. */
const ofTheDump = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH', 'DATABASE', 'STATISTICS DATA'])

export interface SplitDefinition {
  /** Before the rows: tables and sequences. */
  before: DefinedEntry[]
  /** After the rows: keys, indexes, triggers. */
  after: DefinedEntry[]
  others: DefinedEntry[]
}

export function splitDefinition(entries: readonly DefinedEntry[]): SplitDefinition {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  // Comments and labels have no section of their own: they come with what they are on.
  const isLate = (entry: DefinedEntry): boolean =>
    entry.kind === 'ACL' ||
    entry.section === 'post-data' ||
    (entry.section === 'none' && entry.needs.some((id) => byId.get(id)?.section === 'post-data'))
  const ours = entries.filter(({ kind }) => kinds.has(kind))
  return {
    before: ours.filter((entry) => !isLate(entry)),
    after: ours.filter(isLate),
    others: entries.filter(({ kind }) => !kinds.has(kind) && !ofTheDump.has(kind)),
  }
}

/** Names of tables are patterns, so they are quoted. `tables` may hold sequences. */
export async function dumpDefinition(
  services: RescueServices,
  { recovered }: Sides,
  asked: { database: string; version: PgVersion; tables: readonly (readonly [string, string])[] },
  signal: AbortSignal,
): Promise<Definition> {
  const tool = await services.tools.forServer('pg_dump', asked.version)
  const { settings } = recovered.connection
  const values = {
    ...{ host: settings.host, port: settings.port, username: settings.user, noPassword: true },
    ...{ dbname: databaseArgument(asked.database), format: 'custom', compress: '0', schemaOnly: true },
    table: asked.tables.map(([schema, name]) => qualifiedName(schema, name)),
    lockWaitTimeout: '10s',
  }
  const command = buildCommand(pgDump, values, { tool: tool.version, server: asked.version })
  const [problem] = command.problems
  if (problem) throw new AppError('version_mismatch', problem.message)
  const { env, remove } = await services.connections.toolEnvironment(recovered.connection)
  const chunks: Buffer[] = []
  const said: string[] = []
  try {
    const exit = await services.spawn({
      ...{ file: tool.path, argv: command.argv, env, signal },
      onStdoutChunk: (chunk) => void chunks.push(Buffer.from(chunk)),
      onStderr: (line) => void said.push(line),
    })
    signal.throwIfAborted()
    if (exit.code !== 0) throw explainToolFailure('pg_dump', exit, said)
  } finally {
    await remove()
  }
  return {
    entries: readDefinitions(Buffer.concat(chunks)),
    command: {
      ...{ title: 'Definition, from the recovered cluster', program: 'pg_dump', version: tool.version, kind: 'program' },
      words: shownWords(command.argv),
    },
  }
}

/** The table, its partitions, and sequences that its defaults use without belonging to it. */
export async function relationsOf(source: Client, tables: readonly (readonly [string, string])[]): Promise<[string, string][]> {
  const { rows } = await source.query(
    `WITH RECURSIVE chosen AS (
       SELECT c.oid FROM unnest($1::text[], $2::text[]) AS t(schema, name) JOIN pg_namespace n ON n.nspname = t.schema
         JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
       UNION SELECT i.inhrelid FROM chosen JOIN pg_inherits i ON i.inhparent = chosen.oid JOIN pg_class p ON p.oid = i.inhrelid AND p.relispartition)
     SELECT n.nspname AS schema, c.relname AS name FROM (
       SELECT oid FROM chosen
       UNION SELECT d.refobjid FROM chosen JOIN pg_attrdef a ON a.adrelid = chosen.oid
         JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid AND d.refclassid = 'pg_class'::regclass
         JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S') AS all_of
      JOIN pg_class c ON c.oid = all_of.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'S')`,
    [tables.map(([schema]) => schema), tables.map(([, name]) => name)],
  )
  return z
    .array(z.object({ schema: z.string(), name: z.string() }))
    .parse(rows)
    .map(({ schema, name }) => [schema, name])
}

/** What an entry of the archive needs from the live database, as its own catalog tells it: by class and OID of the recovered one. */
export interface EntryNeeds {
  /** Of a foreign key: the table it leads to. */
  parents: Map<number, [string, string]>
  /** Of a trigger: its function, as regprocedure reads. */
  functions: Map<number, string>
}

export async function readNeeds(source: Client, entries: readonly DefinedEntry[]): Promise<EntryNeeds> {
  const oids = (kind: string) => entries.filter((entry) => entry.kind === kind).map(({ oid }) => oid)
  const parents = await source.query(
    `SELECT f.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name FROM pg_constraint f JOIN pg_class c ON c.oid = f.confrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace WHERE f.oid = ANY ($1::oid[])`,
    [oids('FK CONSTRAINT')],
  )
  const functions = await source.query(
    `SELECT t.oid::int8::text AS oid, t.tgfoid::regprocedure::text AS name FROM pg_trigger t WHERE t.oid = ANY ($1::oid[])`,
    [oids('TRIGGER')],
  )
  const parentRows = z.array(z.object({ oid: z.string(), schema: z.string(), name: z.string() })).parse(parents.rows)
  const functionRows = z.array(z.object({ oid: z.string(), name: z.string() })).parse(functions.rows)
  return {
    parents: new Map(parentRows.map(({ oid, schema, name }) => [Number(oid), [schema, name]])),
    functions: new Map(functionRows.map(({ oid, name }) => [Number(oid), name])),
  }
}

/** As pg_restore does: with owner, tablespace and access method, which are no part of the definition. */
export function entrySql(
  entry: DefinedEntry,
  { owner, tablespaces, missingRoles }: { owner: string; tablespaces: ReadonlySet<string>; missingRoles: readonly string[] },
): string[] {
  const definition = entry.definition.trim()
  if (definition === '') return []
  if (entry.kind === 'ACL') return grantLines(definition, missingRoles)
  const statements: string[] = []
  const placed = entry.kind === 'TABLE' || entry.kind === 'INDEX' || entry.kind === 'CONSTRAINT'
  if (placed) {
    const tablespace = tablespaces.has(entry.tablespace) ? entry.tablespace : ''
    // '' is the database's own.
    statements.push(`SET LOCAL default_tablespace = ${tablespace === '' ? "''" : quoteIdentifier(tablespace)}`)
  }
  if (entry.kind === 'TABLE' && entry.accessMethod !== '') {
    statements.push(`SET LOCAL default_table_access_method = ${quoteIdentifier(entry.accessMethod)}`)
  }
  statements.push(definition.replace(/;$/, ''))
  // The sequence of an identity column follows its table.
  const ownable =
    entry.kind === 'TABLE' || entry.kind === 'STATISTICS' || (entry.kind === 'SEQUENCE' && !definition.startsWith('ALTER TABLE'))
  if (ownable && owner !== '') {
    const what = entry.kind === 'SEQUENCE' ? 'SEQUENCE' : entry.kind
    statements.push(`ALTER ${what} ${qualifiedName(entry.schema ?? '', entry.tag)} OWNER TO ${quoteIdentifier(owner)}`)
  }
  return statements
}

/** One GRANT or REVOKE a line; those for roles that are not there are left out. Source: buildACLCommands in dumputils.c. */
function grantLines(definition: string, missingRoles: readonly string[]): string[] {
  const ends = missingRoles.flatMap((role) => {
    const names = [role, quoteIdentifier(role)]
    return names.flatMap((name) => [` TO ${name}`, ` TO ${name} WITH GRANT OPTION`, ` FROM ${name}`])
  })
  return definition
    .split(/;\n/)
    .map((line) => line.replace(/;$/, '').trim())
    .filter((line) => line !== '' && !ends.some((end) => line.endsWith(end)))
}

/** Roles that have rights on the tables, PUBLIC left out. */
export async function granteesOf(source: Client, tables: readonly (readonly [string, string])[]): Promise<string[]> {
  const { rows } = await source.query(
    `SELECT DISTINCT pg_get_userbyid(x.grantee)::text AS name
       FROM unnest($1::text[], $2::text[]) AS t(schema, name) JOIN pg_namespace n ON n.nspname = t.schema
       JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name,
            LATERAL (SELECT grantee FROM aclexplode(c.relacl)
                     UNION SELECT e.grantee FROM pg_attribute a, LATERAL aclexplode(a.attacl) AS e WHERE a.attrelid = c.oid) AS x
      WHERE x.grantee <> 0 ORDER BY 1`,
    [tables.map(([schema]) => schema), tables.map(([, name]) => name)],
  )
  return z
    .array(z.object({ name: z.string() }))
    .parse(rows)
    .map(({ name }) => name)
}
