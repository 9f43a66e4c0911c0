// Reads everything in a database that a dump can hold, and lays it out as the preorder that the tree is.
import { type Client, DatabaseError } from 'pg'
import { z } from 'zod'
import type { TreePart } from '../../shared/contracts/objects'
import { nodeFlags } from '../../shared/model/objectTree'
import { factsSql, globalsSql, policiesSql, relationsSql, restSql, schemasSql } from './treeSql'

/** Above this the exact sizes, which ask the file system for each relation, take longer than a person waits. */
const exactSizes = 4000
/** Nodes of a part: small enough that neither side stands still while it reads one. */
const partSize = 4000

const numbers = z.array(z.number())
const texts = z.array(z.string())
const facts = z.object({
  database: z.string(),
  largeObjects: z.number(),
  largeObjectBytes: z.number(),
  relations: z.number(),
})
const schemasRow = z.object({ oids: numbers, names: texts, members: z.array(z.boolean()) })
const relationsRow = z.object({
  oids: numbers,
  schemas: numbers,
  names: texts,
  kinds: texts,
  parents: numbers,
  rows: numbers,
  bytes: numbers,
  flags: numbers,
})
const policiesRow = z.object({ parents: numbers, oids: numbers, names: texts })
const restRow = z.object({ schemas: numbers, oids: numbers, kinds: texts, names: texts })
const globalsRow = z.object({ kinds: texts, oids: numbers, names: texts })

/** The client's search_path must be empty (ConnectionStore.open), so that types in names are qualified as pg_dump does it. */
export async function readTree(client: Client): Promise<TreePart[]> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    // A hundred thousand names would be sorted on disk with the default work_mem; parallel workers take longer here, measured.
    await client.query(
      `SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '2s'; SET LOCAL work_mem = '64MB'; SET LOCAL max_parallel_workers_per_gather = 0`,
    )
    const row = async <T>(sql: string, schema: z.ZodType<T>): Promise<T> => schema.parse((await client.query(sql)).rows[0])
    const fact = await row(factsSql, facts)
    const schemas = await row(schemasSql, schemasRow)
    const rest = await row(restSql, restRow)
    const globals = await row(globalsSql, globalsRow)
    const policies = await row(policiesSql, policiesRow)
    const exact = fact.relations <= exactSizes
    await client.query('SAVEPOINT sizes')
    const found = await row(relationsSql(exact), relationsRow)
      .then((relations) => ({ relations, exact }))
      .catch(async (error: unknown) => {
        // An exact size takes a lock that a running ALTER TABLE, VACUUM FULL or restore holds back.
        if (!(error instanceof DatabaseError && error.code === '55P03')) throw error
        await client.query('ROLLBACK TO SAVEPOINT sizes')
        return { relations: await row(relationsSql(false), relationsRow), exact: false }
      })
    return layOut({ fact, schemas, rest, globals, policies, ...found })
  } finally {
    await client.query('ROLLBACK')
  }
}

interface Found {
  fact: z.infer<typeof facts>
  schemas: z.infer<typeof schemasRow>
  rest: z.infer<typeof restRow>
  globals: z.infer<typeof globalsRow>
  policies: z.infer<typeof policiesRow>
  relations: z.infer<typeof relationsRow>
  exact: boolean
}

function layOut({ fact, schemas, rest, globals, policies, relations, exact }: Found): TreePart[] {
  const writer = partWriter(schemas.names, exact)
  const schemaAt = new Map(schemas.oids.map((oid, index) => [oid, index]))
  const relationAt = new Map(relations.oids.map((oid, index) => [oid, index]))
  const isMember = (index: number) => ((relations.flags[index] ?? 0) & nodeFlags.member) !== 0
  const children = new Map<number, number[]>()
  const roots = schemas.names.map((): number[] => [])
  relations.oids.forEach((_, index) => {
    if (isMember(index)) return
    const parent = relationAt.get(relations.parents[index] ?? 0)
    if (parent !== undefined && !isMember(parent)) push(children, parent, index)
    else roots[schemaAt.get(relations.schemas[index] ?? 0) ?? -1]?.push(index)
  })
  const policiesOf = groupBy(policies.parents)
  const restOf = groupBy(rest.schemas)

  const relation = (index: number, depth: number) => {
    const kind = relations.kinds[index] ?? 'r'
    const owner = relationAt.get(relations.parents[index] ?? 0)
    const owned = kind === 'S' && owner !== undefined && !isMember(owner)
    writer.add({
      depth,
      kind: owned ? 's' : kind,
      name: relations.names[index] ?? '',
      oid: relations.oids[index] ?? 0,
      schema: schemaAt.get(relations.schemas[index] ?? 0) ?? -1,
      rows: relations.rows[index] ?? -1,
      bytes: relations.bytes[index] ?? -1,
      flags: relations.flags[index] ?? 0,
    })
    for (const at of policiesOf.get(relations.oids[index] ?? 0) ?? []) {
      writer.add({ depth: depth + 1, kind: 'l', name: policies.names[at] ?? '', oid: policies.oids[at] ?? 0 })
    }
    for (const child of children.get(index) ?? []) relation(child, depth + 1)
  }

  writer.add({ depth: 0, kind: 'd', name: fact.database, oid: 0 })
  schemas.names.forEach((name, schema) => {
    const oid = schemas.oids[schema] ?? 0
    writer.add({ depth: 1, kind: 'n', name, oid, schema })
    writer.add({ depth: 2, kind: 'R', name, oid, schema, flags: schemas.members[schema] === true ? nodeFlags.member : 0 })
    for (const at of restOf.get(oid) ?? []) {
      writer.add({ depth: 3, kind: rest.kinds[at] ?? 'F', name: rest.names[at] ?? '', oid: rest.oids[at] ?? 0, schema })
    }
    for (const index of roots[schema] ?? []) relation(index, 2)
  })
  const group = (kind: string, letter: string, name: string) => {
    const members = globals.kinds.flatMap((found, at) => (found === letter ? [at] : []))
    if (members.length === 0) return
    writer.add({ depth: 1, kind, name, oid: 0, rows: members.length })
    for (const at of members) {
      writer.add({ depth: 2, kind: letter, name: globals.names[at] ?? '', oid: globals.oids[at] ?? 0 })
    }
  }
  group('E', 'e', 'Extensions')
  if (fact.largeObjects > 0) {
    writer.add({ depth: 1, kind: 'L', name: 'Large objects', oid: 0, rows: fact.largeObjects, bytes: fact.largeObjectBytes })
  }
  group('U', 'u', 'Publications')
  group('B', 'b', 'Subscriptions')
  group('O', 'o', 'Event triggers, casts, languages, foreign servers')
  return writer.finish()
}

interface NodeRow {
  depth: number
  kind: string
  name: string
  oid: number
  schema?: number
  rows?: number
  bytes?: number
  flags?: number
}

function partWriter(schemas: string[], exact: boolean) {
  const parts: TreePart[] = []
  let total = 0
  const begin = (): TreePart => {
    const part: TreePart = {
      total: 0,
      schemas: parts.length === 0 ? schemas : [],
      exactSizes: exact,
      depths: [],
      kinds: '',
      names: [],
      oids: [],
      inSchema: [],
      rows: [],
      bytes: [],
      flags: [],
    }
    parts.push(part)
    return part
  }
  let part = begin()
  return {
    add({ depth, kind, name, oid, schema = -1, rows = -1, bytes = -1, flags = 0 }: NodeRow): void {
      if (part.names.length >= partSize) part = begin()
      part.depths.push(depth)
      part.kinds += kind
      part.names.push(name)
      part.oids.push(oid)
      part.inSchema.push(schema)
      part.rows.push(rows)
      part.bytes.push(bytes)
      part.flags.push(flags)
      total += 1
    },
    finish(): TreePart[] {
      for (const made of parts) made.total = total
      return parts
    },
  }
}

function push(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

function groupBy(keys: readonly number[]): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  keys.forEach((key, index) => {
    push(groups, key, index)
  })
  return groups
}
