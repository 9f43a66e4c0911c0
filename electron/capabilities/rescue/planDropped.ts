// Tables that are gone: which statements bring them back, what of them is left out and why, and what others lost with them.
import type { Client } from 'pg'
import { z } from 'zod'
import type { RescuePreview } from '../../../shared/contracts/rescue'
import type { ShownCommand } from '../../../shared/jobs/job'
import { qualifiedName, quoteIdentifier } from '../../../shared/model/identifier'
import type { DefinedEntry } from '../../library/readToc'
import { dumpDefinition, entrySql, granteesOf, readNeeds, relationsOf, splitDefinition } from './dumpDefinition'
import type { LiveFacts } from './liveFacts'
import type { OpenSides } from './openSides'
import type { RescueServices } from './parts'
import type { TablePlan } from './tablePlan'

export interface DroppedPlan {
  /** Before and after the rows. */
  before: string[]
  after: string[]
  /** Sequences that belong to the tables or feed their defaults, with where they stood. */
  sequences: { schema: string; name: string; last: string; called: boolean; there: boolean }[]
  /** In words: what of a table does not come back, and why. */
  leftOut: string[]
  /** Names that something else has in the live database. */
  collisions: string[]
  /** Live tables that a foreign key is made to: their writers wait for its check. */
  parents: string[]
  command: ShownCommand | null
}

export const nothingDropped: DroppedPlan = {
  ...{ before: [], after: [], sequences: [], leftOut: [], collisions: [], parents: [], command: null },
}

const words = (entry: DefinedEntry) => `${entry.kind.toLowerCase()} ${entry.tag}`

export async function planDropped(
  services: RescueServices,
  open: OpenSides,
  asked: { database: string; facts: LiveFacts; plans: readonly TablePlan[] },
  signal: AbortSignal,
): Promise<DroppedPlan> {
  const { facts } = asked
  const gone = asked.plans.filter(({ asked: { way } }) => way === 'dropped')
  if (gone.length === 0) return nothingDropped
  const chosen = gone.map(({ past }): [string, string] => [past.schema, past.name])
  const { source, target, past } = open
  const relations = (await relationsOf(source.client, chosen)).filter(
    // A sequence that belongs to nobody may be there still.
    ([schema, name]) => !facts.taken.get(schema)?.has(name) || chosen.some(([s, n]) => s === schema && n === name),
  )
  const { entries, command } = await dumpDefinition(
    services,
    open,
    { database: asked.database, version: past.version, tables: relations },
    signal,
  )
  const split = splitDefinition(entries)
  const needs = await readNeeds(source.client, entries)
  const functions = await thereOf(target.client, 'to_regprocedure', [...new Set(needs.functions.values())])
  const tables = await thereOf(
    target.client,
    'to_regclass',
    [...needs.parents.values()].map(([schema, name]) => qualifiedName(schema, name)),
  )
  const comesBack = (schema: string, name: string) => relations.some(([s, n]) => s === schema && n === name)
  const leftOut: string[] = []
  const parents = new Set<string>()
  const missing = (entry: DefinedEntry): boolean => {
    const parent = needs.parents.get(entry.oid)
    if (entry.kind === 'FK CONSTRAINT' && parent && !comesBack(...parent)) {
      if (!tables.has(qualifiedName(...parent))) {
        leftOut.push(`${words(entry)}: it leads to ${parent.join('.')}, which the live database has not`)
        return true
      }
      parents.add(parent.join('.'))
    }
    const called = needs.functions.get(entry.oid)
    if (entry.kind === 'TRIGGER' && called !== undefined && !functions.has(called)) {
      leftOut.push(`${words(entry)}: its function ${called} is not in the live database`)
      return true
    }
    return false
  }
  const missingRoles = (await granteesOf(source.client, relations)).filter((role) => !facts.roles.has(role))
  // Those of an owner are the new owner's.
  const owners = new Set(entries.map(({ owner }) => owner))
  const without = missingRoles.filter((role) => !owners.has(role))
  if (without.length > 0) leftOut.push(`rights of ${without.join(', ')}: no such role in the live cluster`)
  leftOut.push(...split.others.map((entry) => `${words(entry)}: it is no part of the table`))
  // A table that is chosen with its partitions has one owner: that of the chosen one, where another was chosen.
  const ownerOf = (entry: DefinedEntry) => {
    const own = gone.find((plan) => plan.past.schema === entry.schema && plan.past.name === entry.tag)
    const only = gone.length === 1 ? gone[0] : own
    return (own?.asked.owner ?? only?.asked.owner) || entry.owner
  }
  const sqlOf = (list: readonly DefinedEntry[]) =>
    list
      .filter((entry) => !missing(entry))
      .flatMap((entry) => entrySql(entry, { owner: ownerOf(entry), tablespaces: facts.tablespaces, missingRoles }))
  const named = entries.filter(({ kind }) => ['TABLE', 'SEQUENCE', 'INDEX', 'CONSTRAINT'].includes(kind))
  return {
    before: sqlOf(split.before),
    after: sqlOf(split.after),
    sequences: await readSequences(source.client, gone, facts),
    leftOut,
    collisions: named.flatMap((entry) => {
      const name = entry.kind === 'CONSTRAINT' ? entry.tag.slice(constraintStart(entry, relations)) : entry.tag
      const what = facts.taken.get(entry.schema ?? '')?.get(name)
      return what === undefined ? [] : [`${entry.schema}.${name} is ${what} in the live database`]
    }),
    parents: [...parents],
    command,
  }
}

/** The tag of a constraint is "table constraint", and either may hold spaces. Source: dumpConstraint in pg_dump.c. */
function constraintStart(entry: DefinedEntry, relations: readonly [string, string][]): number {
  const table = relations
    .filter(([schema, name]) => schema === entry.schema && entry.tag.startsWith(`${name} `))
    .toSorted(([, a], [, b]) => b.length - a.length)[0]
  return table ? table[1].length + 1 : entry.tag.indexOf(' ') + 1
}

async function thereOf(client: Client, look: 'to_regprocedure' | 'to_regclass', names: readonly string[]): Promise<Set<string>> {
  const { rows } = await client.query(`SELECT t AS name FROM unnest($1::text[]) AS t WHERE ${look}(t) IS NOT NULL`, [names])
  return new Set(
    z
      .array(z.object({ name: z.string() }))
      .parse(rows)
      .map(({ name }) => name),
  )
}

async function readSequences(source: Client, gone: readonly TablePlan[], facts: LiveFacts): Promise<DroppedPlan['sequences']> {
  const found: DroppedPlan['sequences'] = []
  for (const { past } of gone) {
    for (const { schema, name } of past.sequences) {
      const { rows } = await source.query(
        `SELECT last_value::text AS last, is_called AS called FROM ${qualifiedName(schema, name)}`,
      )
      const [row] = z.array(z.object({ last: z.string(), called: z.boolean() })).parse(rows)
      if (row) found.push({ schema, name, there: facts.taken.get(schema)?.has(name) === true, ...row })
    }
  }
  return found
}

/** Views on a table, and foreign keys of others that led to it: gone with it, and not there now. */
export async function readLost(
  open: Pick<OpenSides, 'source' | 'target'>,
  schema: string,
  name: string,
): Promise<RescuePreview['offered']> {
  const views = await open.source.client.query(
    `WITH RECURSIVE on_it(oid, depth) AS (
       SELECT c.oid, 0 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND c.relname = $2::text
       UNION SELECT w.ev_class, on_it.depth + 1 FROM on_it JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = on_it.oid
         AND d.classid = 'pg_rewrite'::regclass JOIN pg_rewrite w ON w.oid = d.objid WHERE w.ev_class <> on_it.oid AND on_it.depth < 50)
     SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'm' AS materialized, pg_get_viewdef(c.oid) AS definition
       FROM (SELECT oid, max(depth) AS depth FROM on_it WHERE depth > 0 GROUP BY oid) AS v JOIN pg_class c ON c.oid = v.oid AND c.relkind IN ('v', 'm')
       JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY v.depth, 1, 2`,
    [schema, name],
  )
  const viewRows = z
    .array(z.object({ schema: z.string(), name: z.string(), materialized: z.boolean(), definition: z.string() }))
    .parse(views.rows)
  const keys = await open.source.client.query(
    `SELECT n.nspname AS schema, c.relname AS table, f.conname AS name, pg_get_constraintdef(f.oid) AS definition
       FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
      WHERE f.contype = 'f' AND f.conparentid = 0 AND f.conrelid <> f.confrelid AND pn.nspname = $1::text AND p.relname = $2::text ORDER BY 1, 2, 3`,
    [schema, name],
  )
  const keyRows = z
    .array(z.object({ schema: z.string(), table: z.string(), name: z.string(), definition: z.string() }))
    .parse(keys.rows)
  const known = await open.target.client.query(
    `SELECT n.nspname AS schema, c.relname AS name, COALESCE((SELECT json_agg(f.conname) FROM pg_constraint f WHERE f.conrelid = c.oid), '[]') AS constraints
       FROM unnest($1::text[], $2::text[]) AS t(schema, name) JOIN pg_namespace n ON n.nspname = t.schema
       JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name`,
    [
      [...viewRows, ...keyRows].map((row) => row.schema),
      [...viewRows.map((row) => row.name), ...keyRows.map((row) => row.table)],
    ],
  )
  const knownRows = z
    .array(z.object({ schema: z.string(), name: z.string(), constraints: z.array(z.string()) }))
    .parse(known.rows)
  const there = (s: string, n: string) => knownRows.find((row) => row.schema === s && row.name === n)
  return [
    ...viewRows
      .filter((view) => !there(view.schema, view.name))
      .map((view) => {
        const what = view.materialized ? 'MATERIALIZED VIEW' : 'VIEW'
        return {
          what: `${what.toLowerCase()} ${view.schema}.${view.name}`,
          statement: `CREATE ${what} ${qualifiedName(view.schema, view.name)} AS\n${view.definition}`,
        }
      }),
    ...keyRows.flatMap((each) => {
      const child = there(each.schema, each.table)
      if (!child || child.constraints.includes(each.name)) return []
      const statement = `ALTER TABLE ${qualifiedName(each.schema, each.table)} ADD CONSTRAINT ${quoteIdentifier(each.name)} ${each.definition};`
      return [{ what: `foreign key ${each.name} of ${each.schema}.${each.table}`, statement }]
    }),
  ]
}
