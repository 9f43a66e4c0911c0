// objects: what is inside a database.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { call, contract, stream } from '../rpc/contract'
import { databaseRef } from './connections'

export const tableFacts = z.object({
  schema: z.string(),
  name: z.string(),
  kind: z.enum(['table', 'partitioned table', 'partition', 'foreign table', 'materialized view', 'view', 'sequence']),
  estimatedRows: z.number().nullable(),
  size: byteCount.nullable(),
})

/**
 * Some thousand nodes of a database's tree in preorder, as columns: 100,000 tables travel as a few MB and are read in slices.
 * What the letters of `kinds` mean stands in shared/model/objectTree.ts.
 */
export const treePart = z.object({
  /** Of all parts together. */
  total: z.int(),
  /** In the first part, else empty. */
  schemas: z.array(z.string()),
  /** false: sizes are by the pages counted at the last VACUUM or ANALYZE; `sizes` has the exact ones. */
  exactSizes: z.boolean(),
  depths: z.array(z.number()),
  kinds: z.string(),
  names: z.array(z.string()),
  oids: z.array(z.number()),
  /** Index into `schemas`, -1 for what is in none. */
  inSchema: z.array(z.number()),
  /** Estimated rows of relations, how many of what is counted (large objects); -1 where that is not known. */
  rows: z.array(z.number()),
  /** Bytes with indexes and TOAST, of the node alone; -1 where that is not known. */
  bytes: z.array(z.number()),
  flags: z.array(z.number()),
})

/** Who needs what: parallel columns, ordered by nothing. */
export const objectNeeds = z.object({
  /** The relation that needs something. */
  from: z.array(z.number()),
  /** A relation, an extension, or a schema for the functions and types in it. */
  to: z.array(z.number()),
  /** By need: r relation, e extension, s schema. */
  toKinds: z.string(),
  /** 'foreign key', 'view' ...: index into `words`. */
  how: z.array(z.number()),
  words: z.array(z.string()),
  /** There are more than are sent. */
  cut: z.boolean(),
})

export const objects = contract('objects', {
  /** Everything in a database that a dump can hold. */
  tree: stream(databaseRef, treePart),
  /** Exact bytes of these relations, null for what is locked or gone. */
  sizes: call(
    databaseRef.extend({ oids: z.array(z.int().min(1).max(4_294_967_295)).max(500) }),
    z.object({ bytes: z.array(z.number().nullable()) }),
  ),
  /** What relations need of other relations, extensions and schemas. */
  needs: call(databaseRef, objectNeeds),
  /** Every relation that a person calls a table, view or sequence, without the system's own. */
  tables: call(
    databaseRef,
    z.object({ tables: z.array(tableFacts), largeObjects: z.int(), functions: z.int(), extensions: z.array(z.string()) }),
  ),
  /** The first rows as text (null is NULL), in a read-only transaction; the exact count where it can be had in 5 s. */
  rows: call(
    databaseRef.extend({ schema: z.string().max(4096), name: z.string().max(4096), limit: z.int().min(1).max(500) }),
    z.object({
      columns: z.array(z.object({ name: z.string(), type: z.string() })),
      rows: z.array(z.array(z.string().nullable())),
      count: z.string().nullable(),
    }),
  ),
})

export type TreePart = z.infer<typeof treePart>
export type ObjectNeeds = z.infer<typeof objectNeeds>
