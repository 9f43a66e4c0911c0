// What the catalog says of one table: columns, keys, foreign keys both ways, triggers, sequences, and what the role may do.
import type { Client } from 'pg'
import { z } from 'zod'

const column = z.object({
  name: z.string(),
  /** With its modifier: numeric(10,2). */
  type: z.string(),
  /** Without: numeric. */
  base: z.string(),
  /** That of a domain at the bottom of it, without modifier; else the same. */
  root: z.string(),
  typmod: z.int(),
  /** In pg_catalog. */
  builtIn: z.boolean(),
  notNull: z.boolean(),
  hasDefault: z.boolean(),
  /** '' | s stored | v virtual (18) */
  generated: z.string(),
  /** '' | a always | d by default */
  identity: z.string(),
  /** Of its own, as SQL names it; null for that of its type. */
  collation: z.string().nullable(),
})

const key = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  /** The operator by which the index calls two values equal, one for each column: OPERATOR(pg_catalog.=). */
  operators: z.array(z.string()),
  primary: z.boolean(),
  /** Checked at the end of the transaction: ON CONFLICT can't go by it. */
  deferrable: z.boolean(),
  /** A collation of it that calls values equal which are written otherwise; null for none. */
  nondeterministic: z.string().nullable(),
})

const name = z.tuple([z.string(), z.string()])

const foreignKey = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  parent: name,
  parentColumns: z.array(z.string()),
  /** Parent column first. */
  operators: z.array(z.string()),
  deferrable: z.boolean(),
})

const reference = z.object({
  name: z.string(),
  child: name,
  childPartitioned: z.boolean(),
  columns: z.array(z.string()),
  parentColumns: z.array(z.string()),
  operators: z.array(z.string()),
  /** a no action, r restrict, c cascade, n set null, d set default */
  onDelete: z.string(),
})

const trigger = z.object({
  /** The table itself or a partition. */
  table: name,
  name: z.string(),
  /** O fires, A always fires. */
  enabled: z.enum(['O', 'A']),
  onInsert: z.boolean(),
  onChange: z.boolean(),
})

const sequence = z.object({ schema: z.string(), name: z.string(), column: z.string(), owned: z.boolean() })

const tableRow = z.object({
  schema: z.string(),
  name: z.string(),
  partitioned: z.boolean(),
  unlogged: z.boolean(),
  /** Other tables inherit from it, which are no partitions. */
  inherited: z.boolean(),
  owner: z.string(),
  isOwner: z.boolean(),
  maySelect: z.boolean(),
  mayInsert: z.boolean(),
  mayChange: z.boolean(),
  rowSecurity: z.boolean(),
  rules: z.array(z.string()),
  estimatedRows: z.number().nullable(),
  columns: z.array(column),
  keys: z.array(key),
  foreignKeys: z.array(foreignKey),
  referencedBy: z.array(reference),
  triggers: z.array(trigger),
  sequences: z.array(sequence),
  dependents: z.array(z.string()),
})

export type TableFacts = z.infer<typeof tableRow>
export type TableColumn = z.infer<typeof column>
export type TableKey = z.infer<typeof key>
export type ForeignKey = z.infer<typeof foreignKey>
export type Reference = z.infer<typeof reference>

/** "public.orders" */
export const shownName = ({ schema, name: table }: { schema: string; name: string }): string => `${schema}.${table}`

const columnNames = (relation: string, numbers: string): string =>
  `(SELECT json_agg(a.attname ORDER BY u.at) FROM unnest(${numbers}) WITH ORDINALITY AS u(num, at)
      JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = u.num)`

const operatorNames = (oids: string): string =>
  `(SELECT json_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY u.at) FROM unnest(${oids}) WITH ORDINALITY AS u(op, at)
      JOIN pg_operator o ON o.oid = u.op JOIN pg_namespace n ON n.oid = o.oprnamespace)`

const nameOf = (relation: string): string =>
  `(SELECT json_build_array(n.nspname, r.relname) FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace WHERE r.oid = ${relation})`

/** NOT ENFORCED foreign keys (18) bind nobody; older servers have no such column. */
const enforced = `COALESCE((to_jsonb(f) ->> 'conenforced')::bool, true)`

/*
 * Unique without expressions and predicates, by btree: then the equality of each column is strategy 3 of its operator family.
 * The names are compared as text: a parameter of type name would be cut to 63 bytes and could match another relation.
 */
const tableSql = `
  SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind = 'p' AS partitioned,
         c.relpersistence = 'u' AS unlogged,
         c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS inherited,
         pg_get_userbyid(c.relowner)::text AS owner, pg_has_role(c.relowner, 'USAGE') AS "isOwner",
         has_table_privilege(c.oid, 'SELECT') AS "maySelect", has_table_privilege(c.oid, 'INSERT') AS "mayInsert",
         has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') AS "mayChange",
         row_security_active(c.oid) AS "rowSecurity",
         COALESCE((SELECT json_agg(w.rulename ORDER BY w.rulename) FROM pg_rewrite w
                    WHERE w.ev_class = c.oid AND w.ev_type IN ('2', '3', '4') AND w.ev_enabled IN ('O', 'A')), '[]') AS rules,
         CASE WHEN c.reltuples >= 0 AND (c.reltuples > 0 OR c.relpages > 0) THEN c.reltuples::float8 END AS "estimatedRows",
         COALESCE((SELECT json_agg(json_build_object(
             'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', format_type(a.atttypid, NULL),
             'root', (WITH RECURSIVE b AS (SELECT t.oid, t.typbasetype AS next
                                           UNION ALL SELECT d.oid, d.typbasetype FROM b JOIN pg_type d ON d.oid = b.next)
                      SELECT format_type(b.oid, NULL) FROM b WHERE b.next = 0),
             'typmod', a.atttypmod, 'builtIn', t.typnamespace = 'pg_catalog'::regnamespace, 'notNull', a.attnotnull,
             'hasDefault', a.atthasdef AND a.attgenerated = '', 'generated', a.attgenerated, 'identity', a.attidentity,
             'collation', CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0
                               THEN (SELECT format('%I.%I', cn.nspname, co.collname) FROM pg_collation co
                                       JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END)
             ORDER BY a.attnum)
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
         COALESCE((SELECT json_agg(json_build_object(
             'name', x.relname, 'columns', k.columns, 'operators', k.operators, 'primary', i.indisprimary,
             'deferrable', NOT i.indimmediate,
             'nondeterministic', (SELECT min(o.collname) FROM pg_collation o WHERE NOT o.collisdeterministic
                AND (o.oid = ANY (i.indcollation::oid[]) OR o.oid IN (
                       SELECT a.attcollation FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[]))))) ORDER BY i.indisprimary DESC, x.relname)
            FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam AND m.amname = 'btree',
                 LATERAL (SELECT json_agg(a.attname ORDER BY u.at) AS columns,
                                 json_agg((SELECT format('OPERATOR(%I.%s)', pn.nspname, o.oprname)
                                             FROM pg_opclass oc JOIN pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amopstrategy = 3
                                                  AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype
                                             JOIN pg_operator o ON o.oid = ao.amopopr JOIN pg_namespace pn ON pn.oid = o.oprnamespace
                                            WHERE oc.oid = i.indclass[(u.at - 1)::int4]) ORDER BY u.at) AS operators
                            FROM unnest(i.indkey) WITH ORDINALITY AS u(num, at)
                            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.num
                           WHERE u.at <= i.indnkeyatts) AS k
           WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL), '[]') AS keys,
         COALESCE((SELECT json_agg(json_build_object(
             'name', f.conname, 'columns', ${columnNames('f.conrelid', 'f.conkey')}, 'parent', ${nameOf('f.confrelid')},
             'parentColumns', ${columnNames('f.confrelid', 'f.confkey')}, 'operators', ${operatorNames('f.conpfeqop')},
             'deferrable', f.condeferrable) ORDER BY f.conname)
            FROM pg_constraint f WHERE f.contype = 'f' AND f.conrelid = c.oid AND ${enforced}
             AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = f.conparentid AND p.conrelid = f.conrelid)), '[]') AS "foreignKeys",
         COALESCE((SELECT json_agg(json_build_object(
             'name', f.conname, 'child', ${nameOf('f.conrelid')},
             'childPartitioned', (SELECT r.relkind = 'p' FROM pg_class r WHERE r.oid = f.conrelid),
             'columns', ${columnNames('f.conrelid', 'f.conkey')}, 'parentColumns', ${columnNames('f.confrelid', 'f.confkey')},
             'operators', ${operatorNames('f.conpfeqop')}, 'onDelete', f.confdeltype) ORDER BY f.conname)
            FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = c.oid AND f.conrelid <> c.oid AND ${enforced}
             AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = f.conparentid AND p.confrelid = f.confrelid)), '[]') AS "referencedBy",
         COALESCE((SELECT json_agg(json_build_object(
             'table', ${nameOf('t.tgrelid')}, 'name', t.tgname, 'enabled', t.tgenabled,
             'onInsert', t.tgtype & 4 <> 0, 'onChange', t.tgtype & 24 <> 0) ORDER BY t.tgrelid <> c.oid, t.tgname)
            FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 28 <> 0
             AND (t.tgrelid = c.oid OR t.tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid)))), '[]') AS triggers,
         COALESCE((SELECT json_agg(s.one ORDER BY s.one ->> 'column', s.one ->> 'name') FROM (
             SELECT DISTINCT ON (q.oid, a.attname) jsonb_build_object('schema', qn.nspname, 'name', q.relname, 'column', a.attname,
                      'owned', d.owned) AS one
               FROM (SELECT objid, refobjsubid AS num, true AS owned FROM pg_depend
                      WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND refobjid = c.oid
                        AND refobjsubid > 0 AND deptype IN ('a', 'i')
                     UNION ALL
                     SELECT e.refobjid, b.adnum, false FROM pg_attrdef b JOIN pg_depend e
                         ON e.classid = 'pg_attrdef'::regclass AND e.objid = b.oid AND e.refclassid = 'pg_class'::regclass
                      WHERE b.adrelid = c.oid) AS d
               JOIN pg_class q ON q.oid = d.objid AND q.relkind = 'S' JOIN pg_namespace qn ON qn.oid = q.relnamespace
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.num
              ORDER BY q.oid, a.attname, d.owned DESC) AS s), '[]') AS sequences,
         COALESCE((SELECT json_agg(DISTINCT format('%s %s.%s', CASE v.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END,
                                                   vn.nspname, v.relname))
            FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid JOIN pg_class v ON v.oid = w.ev_class
            JOIN pg_namespace vn ON vn.oid = v.relnamespace
           WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
             AND v.relkind IN ('v', 'm')), '[]') AS dependents
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1::text AND c.relname = $2::text AND c.relkind IN ('r', 'p')`

/** null where no table has that name. `client` is a session of ConnectionStore.open: unqualified names are pg_catalog's. */
export async function readTable(client: Client, schema: string, table: string): Promise<TableFacts | null> {
  const { rows } = await client.query(tableSql, [schema, table])
  return rows.length === 0 ? null : tableRow.parse(rows[0])
}
