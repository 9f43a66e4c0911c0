// Who owns what, and who may do what with it: two rows for each object, beside its definition. The same text on 13 to 18.

interface Conditions {
  ours(schema: string): string
  notOfExtension(catalog: string, oid: string): string
  ourTypes(type: string): string
  relations: string
}

interface Kind {
  from: string
  where: string
  /** The object's own row has these. */
  of: string
  schema: string
  name: string
  owner: string
  acl: string
  /** As acldefault knows it. */
  letter: string
}

const role = (oid: string, owner: string) =>
  `CASE ${oid} WHEN 0 THEN 'PUBLIC' WHEN ${owner} THEN 'its owner' ELSE pg_catalog.pg_get_userbyid(${oid})::pg_catalog.text END`

/** A line for each grantee. What nobody changed is what PostgreSQL gives by itself (acldefault). */
const grants = (acl: string, owner: string) => `
  coalesce((SELECT pg_catalog.string_agg(g.line, pg_catalog.chr(10) ORDER BY g.line COLLATE "C") FROM (
    SELECT pg_catalog.string_agg(x.privilege_type || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, ', ' ORDER BY x.privilege_type COLLATE "C")
           || ' TO ' || ${role('x.grantee', owner)} || CASE x.grantor WHEN ${owner} THEN '' ELSE ' GRANTED BY ' || pg_catalog.pg_get_userbyid(x.grantor) END AS line
      FROM pg_catalog.aclexplode(${acl}) AS x GROUP BY x.grantee, x.grantor) AS g), 'nobody')`

/** Sequences of columns belong to their table's owner, always. */
const ownSequence = `NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0))`

export function rightsSql({ ours, notOfExtension, ourTypes, relations }: Conditions): string[] {
  const kinds: Kind[] = [
    {
      ...{ from: 'pg_catalog.pg_namespace n', where: `${ours('n.nspname')} AND ${notOfExtension('pg_namespace', 'n.oid')}` },
      ...{ of: `'schema'`, schema: 'n.nspname', name: 'n.nspname', owner: 'n.nspowner', acl: 'n.nspacl', letter: `'n'` },
    },
    {
      from: relations,
      where: `c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't' AND ${ownSequence} AND ${ours('n.nspname')} AND ${notOfExtension('pg_class', 'c.oid')}`,
      of: `CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' ELSE 'table' END`,
      ...{ schema: 'n.nspname', name: 'c.relname', owner: 'c.relowner', acl: 'c.relacl' },
      letter: `CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END`,
    },
    {
      from: 'pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace',
      where: `${ours('n.nspname')} AND ${notOfExtension('pg_proc', 'p.oid')}`,
      ...{ of: `'function'`, schema: 'n.nspname', owner: 'p.proowner', acl: 'p.proacl', letter: `'f'` },
      name: `p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')'`,
    },
    {
      from: 'pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace',
      where: `${ourTypes('t')} AND ${ours('n.nspname')} AND ${notOfExtension('pg_type', 't.oid')}`,
      ...{ of: `'type'`, schema: 'n.nspname', name: 't.typname', owner: 't.typowner', acl: 't.typacl', letter: `'T'` },
    },
  ]
  const columns = `SELECT 'privileges' AS kind, 'column' AS "of", n.nspname AS schema, c.relname AS "table", a.attname AS name, ${grants('a.attacl', 'c.relowner')} AS definition
     FROM ${relations} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE a.attacl IS NOT NULL AND c.relkind IN ('r', 'p', 'f') AND ${ours('n.nspname')} AND ${notOfExtension('pg_class', 'c.oid')}`
  return [
    ...kinds.flatMap(({ from, where, of, schema, name, owner, acl, letter }) => [
      `SELECT 'owner' AS kind, ${of} AS "of", ${schema} AS schema, '' AS "table", ${name} AS name, pg_catalog.pg_get_userbyid(${owner})::pg_catalog.text AS definition
     FROM ${from} WHERE ${where}`,
      `SELECT 'privileges' AS kind, ${of} AS "of", ${schema} AS schema, '' AS "table", ${name} AS name,
          ${grants(`coalesce(${acl}, pg_catalog.acldefault(${letter}, ${owner}))`, owner)} AS definition
     FROM ${from} WHERE ${where}`,
    ]),
    columns,
  ]
}
