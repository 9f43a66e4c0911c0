// Two databases' definitions against each other: what was added, what is missing, what changed.
import { z } from 'zod'

/** In the order in which they are shown. */
export const schemaKinds = [
  'extension',
  'schema',
  'type',
  'table',
  'column',
  'constraint',
  'index',
  'statistics',
  'trigger',
  'rule',
  'policy',
  'view',
  'function',
  'sequence',
  'event trigger',
  'owner',
  'privileges',
] as const
export type SchemaKind = (typeof schemaKinds)[number]

export const schemaDifference = z.object({
  kind: z.enum(schemaKinds),
  /** Of an owner or of privileges: whose. */
  of: z.enum(schemaKinds).nullable(),
  /** '' of what belongs to the database as a whole. */
  schema: z.string(),
  /** The table of a column, constraint, index or trigger; ''. */
  table: z.string(),
  /** Functions with the types of their arguments. */
  name: z.string(),
  /** missing: in the recovered one alone, so that live has lost it. added: in live alone. */
  says: z.enum(['missing', 'added', 'changed']),
  /** As the server writes the definition, cut to 20,000 characters; null where it is not there. */
  recovered: z.string().nullable(),
  live: z.string().nullable(),
})
export type SchemaDifference = z.infer<typeof schemaDifference>

export interface SchemaObject {
  kind: SchemaKind
  of?: SchemaKind
  schema: string
  table: string
  name: string
  definition: string
}

const longest = 20_000

const cut = (text: string) => (text.length <= longest ? text : `${text.slice(0, longest)}…`)

const keyOf = ({ kind, of = kind, schema, table, name }: Omit<SchemaObject, 'definition'>) =>
  [kind, of, schema, table, name].join('\0')

/** Of a table that is on one side alone, the table is named, and not each of its columns too; so with schemas. */
export function compareSchemas(
  recovered: readonly SchemaObject[],
  live: readonly SchemaObject[],
): { differences: SchemaDifference[]; same: number } {
  const then = new Map(recovered.map((one) => [keyOf(one), one]))
  const now = new Map(live.map((one) => [keyOf(one), one]))
  const inBoth = (kind: SchemaKind, schema: string, name: string) => {
    const key = keyOf({ kind, schema, table: '', name })
    return then.has(key) && now.has(key)
  }
  const ownerInBoth = ({ kind, of, schema, table, name }: SchemaObject) => {
    if (kind === 'schema' || schema === '') return true
    if (of !== undefined) {
      const key = keyOf({ kind: of, schema, table, name })
      return then.has(key) && now.has(key)
    }
    if (!inBoth('schema', schema, schema)) return false
    // A trigger may belong to a view.
    return table === '' || inBoth('table', schema, table) || inBoth('view', schema, table)
  }
  const differences: SchemaDifference[] = []
  let same = 0
  for (const [key, one] of then) {
    const other = now.get(key)
    if (other?.definition === one.definition) same += 1
    else if (ownerInBoth(one)) differences.push(differenceOf(one, one, other))
  }
  for (const [key, one] of now) if (!then.has(key) && ownerInBoth(one)) differences.push(differenceOf(one, undefined, one))
  return { differences: differences.toSorted(inOrder), same }
}

function differenceOf(about: SchemaObject, then: SchemaObject | undefined, now: SchemaObject | undefined): SchemaDifference {
  const { kind, of = null, schema, table, name } = about
  return {
    ...{ kind, of, schema, table, name },
    says: then === undefined ? 'added' : now === undefined ? 'missing' : 'changed',
    recovered: then ? cut(then.definition) : null,
    live: now ? cut(now.definition) : null,
  }
}

const weight = { missing: 0, changed: 1, added: 2 } as const

/** What live has lost first; then by place, with what belongs to a table beside it. */
function inOrder(a: SchemaDifference, b: SchemaDifference): number {
  const place = ({ schema, table, kind, name }: SchemaDifference) => [
    schema,
    table || name,
    String(schemaKinds.indexOf(kind)).padStart(2, '0'),
    name,
  ]
  const [one, other] = [place(a), place(b)]
  const at = one.findIndex((part, index) => part !== other[index])
  return weight[a.says] - weight[b.says] || (at === -1 ? 0 : (one[at] ?? '') < (other[at] ?? '') ? -1 : 1)
}
