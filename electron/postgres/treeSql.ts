// The queries behind a database's tree: each answers with one row of columns, which is far cheaper than a row for each object.

/** pg_temp and pg_toast are among the system's. */
const ours = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`

const isMember = (catalog: string, oid: string) =>
  `EXISTS (SELECT FROM pg_depend x WHERE x.classid = '${catalog}'::regclass AND x.objid = ${oid} AND x.deptype = 'e')`

/** Objects made by initdb have lower ones; pg_dump knows them by that too (g_last_builtin_oid). */
const firstOid = 16384

const columns = (source: string, names: readonly string[]) =>
  `SELECT ${names.map((name) => `COALESCE(json_agg(q.${name}), '[]') AS "${name}"`).join(', ')} FROM (${source}) q`

export const schemasSql = columns(
  `SELECT n.oid::int8 AS oids, n.nspname AS names, ${isMember('pg_namespace', 'n.oid')} AS members
     FROM pg_namespace n WHERE ${ours} ORDER BY n.nspname`,
  ['oids', 'names', 'members'],
)

/** By the pages counted at the last VACUUM or ANALYZE, with indexes and TOAST. */
const estimatedSize = `(c.relpages::int8 + COALESCE(t.relpages, 0) + COALESCE(i.pages, 0)) * current_setting('block_size')::int8`
const exactSize = 'pg_total_relation_size(c.oid)'

/**
 * reltuples is -1 (13: 0 with no pages) until the first VACUUM or ANALYZE. A sequence belongs to a column by a dependency of
 * kind a (serial, OWNED BY) or i (identity).
 */
export const relationsSql = (exact: boolean): string =>
  columns(
    `SELECT c.oid::int8 AS oids, n.oid::int8 AS schemas, c.relname AS names, c.relkind AS kinds,
            CASE WHEN c.relispartition THEN h.inhparent::int8 WHEN o.refobjid IS NOT NULL THEN o.refobjid::int8 ELSE 0 END AS parents,
            CASE WHEN c.relkind IN ('r', 'p', 'f', 'm') AND c.reltuples >= 0 AND (c.reltuples > 0 OR c.relpages > 0)
                 THEN c.reltuples::float8 ELSE -1 END AS rows,
            CASE WHEN c.relkind IN ('r', 'm', 'S') THEN ${exact ? exactSize : estimatedSize} ELSE -1 END AS bytes,
            (c.relpersistence = 'u')::int + 2 * (c.relkind = 'm' AND NOT c.relispopulated)::int
              + 4 * COALESCE(o.deptype = 'i', false)::int + 8 * c.relispartition::int
              + 16 * (m.objid IS NOT NULL)::int AS flags
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_inherits h ON c.relispartition AND h.inhrelid = c.oid
       LEFT JOIN (SELECT objid, min(refobjid) AS refobjid, min(deptype) AS deptype FROM pg_depend
                   WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND objsubid = 0
                     AND refobjsubid > 0 AND deptype IN ('a', 'i') GROUP BY objid) o ON c.relkind = 'S' AND o.objid = c.oid
       LEFT JOIN (SELECT DISTINCT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e') m ON m.objid = c.oid
       ${
         exact
           ? ''
           : `LEFT JOIN pg_class t ON t.oid = NULLIF(c.reltoastrelid, 0)
       LEFT JOIN (SELECT x.indrelid, sum(ic.relpages)::int8 AS pages FROM pg_index x JOIN pg_class ic ON ic.oid = x.indexrelid
                   GROUP BY 1) i ON i.indrelid = c.oid`
       }
      WHERE c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S') AND ${ours}
      ORDER BY c.relname`,
    ['oids', 'schemas', 'names', 'kinds', 'parents', 'rows', 'bytes', 'flags'],
  )

export const policiesSql = columns(
  `SELECT p.polrelid::int8 AS parents, p.oid::int8 AS oids, p.polname AS names FROM pg_policy p ORDER BY p.polname`,
  ['parents', 'oids', 'names'],
)

/**
 * Named as pg_dump names them in archives: `twice(integer)`. Types without those that come with a table, a range (its
 * multirange) or another type (its array); a type that is only announced (CREATE TYPE without more) is dumped too.
 */
export const restSql = columns(
  `SELECT r.schemas::int8, r.oids::int8, r.kinds, r.names FROM (
     SELECT p.pronamespace::int8 AS schemas, p.oid::int8 AS oids,
            CASE p.prokind WHEN 'a' THEN 'a' WHEN 'p' THEN 'P' ELSE 'F' END AS kinds,
            p.proname || '(' || CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*' ELSE COALESCE((SELECT string_agg(format_type(a.type, NULL), ', ' ORDER BY a.at)
                                            FROM unnest(p.proargtypes) WITH ORDINALITY AS a(type, at)), '') END || ')' AS names
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE ${ours} AND p.oid >= ${firstOid} AND NOT ${isMember('pg_proc', 'p.oid')}
        AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid AND x.deptype = 'i')
     UNION ALL
     SELECT t.typnamespace, t.oid, CASE t.typtype WHEN 'd' THEN 'D' ELSE 't' END, t.typname
       FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE ${ours} AND t.typrelid = 0 AND (t.typtype IN ('b', 'd', 'e', 'r') OR NOT t.typisdefined)
        AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid) AND NOT ${isMember('pg_type', 't.oid')}
     UNION ALL
     SELECT t.typnamespace, t.oid, 't', t.typname
       FROM pg_class c JOIN pg_type t ON t.oid = c.reltype JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE ${ours} AND c.relkind = 'c' AND NOT ${isMember('pg_type', 't.oid')}
   ) r ORDER BY r.kinds, r.names`,
  ['schemas', 'oids', 'kinds', 'names'],
)

/** What is in no schema. `kinds` as in nodeKinds. Of subscriptions everybody may see the names; 13 hides even their oids. */
export const globalsSql = columns(
  `SELECT g.kinds, g.oids::int8, g.names FROM (
     SELECT 'e' AS kinds, oid::int8 AS oids, extname::text AS names FROM pg_extension WHERE oid >= ${firstOid}
     UNION ALL SELECT 'u', oid, pubname FROM pg_publication
     UNION ALL SELECT 'b', 0, s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
                WHERE d.datname = current_database()
     UNION ALL SELECT 'o', e.oid, 'event trigger ' || e.evtname FROM pg_event_trigger e
                WHERE NOT ${isMember('pg_event_trigger', 'e.oid')}
     UNION ALL SELECT 'o', c.oid, 'cast from ' || format_type(c.castsource, NULL) || ' to ' || format_type(c.casttarget, NULL)
                 FROM pg_cast c WHERE c.oid >= ${firstOid} AND NOT ${isMember('pg_cast', 'c.oid')}
     UNION ALL SELECT 'o', l.oid, 'language ' || l.lanname FROM pg_language l
                WHERE l.oid >= ${firstOid} AND NOT ${isMember('pg_language', 'l.oid')}
     UNION ALL SELECT 'o', f.oid, 'foreign data wrapper ' || f.fdwname FROM pg_foreign_data_wrapper f
                WHERE f.oid >= ${firstOid} AND NOT ${isMember('pg_foreign_data_wrapper', 'f.oid')}
     UNION ALL SELECT 'o', f.oid, 'foreign server ' || f.srvname FROM pg_foreign_server f
                WHERE NOT ${isMember('pg_foreign_server', 'f.oid')}
     UNION ALL SELECT 'o', a.oid, 'access method ' || a.amname FROM pg_am a
                WHERE a.oid >= ${firstOid} AND NOT ${isMember('pg_am', 'a.oid')}
     UNION ALL SELECT 'o', a.oid, 'default privileges of ' || pg_get_userbyid(a.defaclrole) FROM pg_default_acl a
                WHERE a.defaclnamespace = 0
   ) g ORDER BY g.kinds, g.names`,
  ['kinds', 'oids', 'names'],
)

export const factsSql = `
  SELECT current_database()::text AS database,
         (SELECT count(*)::int4 FROM pg_largeobject_metadata) AS "largeObjects",
         pg_total_relation_size('pg_largeobject')::float8 AS "largeObjectBytes",
         (SELECT count(*)::int4 FROM pg_class WHERE relkind IN ('r', 'm', 'S')) AS relations`

export const sizesSql = `
  SELECT a.oid::int8::float8 AS oid, pg_total_relation_size(a.oid::oid)::float8 AS bytes
    FROM unnest($1::int8[]) AS a(oid) JOIN pg_class c ON c.oid = a.oid::oid`

/**
 * Who depends on whom, by pg_depend: the dependent is led back to its relation (a view's rule, a column's default, a
 * constraint, a trigger, an index), what it depends on to a relation, an extension or a schema.
 */
export const needsSql = (most: number): string =>
  columns(
    `WITH used AS (
       SELECT DISTINCT d.classid, d.objid, d.refclassid, d.refobjid FROM pg_depend d
        WHERE d.refobjid >= ${firstOid} AND d.deptype IN ('n', 'a')
          AND d.classid IN ('pg_class'::regclass, 'pg_rewrite'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass,
                            'pg_trigger'::regclass, 'pg_policy'::regclass)
          AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_opclass'::regclass,
                               'pg_operator'::regclass, 'pg_collation'::regclass)
     ), member AS (
       SELECT classid, objid, refobjid AS extension FROM pg_depend
        WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
     ), found AS (
       SELECT COALESCE(i.indrelid, w.ev_class, a.adrelid, NULLIF(k.conrelid, 0), g.tgrelid, y.polrelid, c.oid) AS relation,
              u.refclassid, u.refobjid, m.extension,
              CASE WHEN k.contype = 'f' THEN 'foreign key' WHEN k.oid IS NOT NULL THEN 'constraint' WHEN w.oid IS NOT NULL THEN 'view'
                   WHEN a.oid IS NOT NULL THEN 'default value' WHEN g.oid IS NOT NULL THEN 'trigger' WHEN y.oid IS NOT NULL THEN 'policy'
                   WHEN i.indexrelid IS NOT NULL THEN 'index' WHEN u.refclassid = 'pg_class'::regclass THEN 'inheritance'
                   ELSE 'column type' END AS how
         FROM used u
         LEFT JOIN member m ON m.classid = u.refclassid AND m.objid = u.refobjid
         LEFT JOIN pg_class c ON u.classid = 'pg_class'::regclass AND c.oid = u.objid
         LEFT JOIN pg_index i ON u.classid = 'pg_class'::regclass AND i.indexrelid = u.objid
         LEFT JOIN pg_rewrite w ON u.classid = 'pg_rewrite'::regclass AND w.oid = u.objid
         LEFT JOIN pg_attrdef a ON u.classid = 'pg_attrdef'::regclass AND a.oid = u.objid
         LEFT JOIN pg_constraint k ON u.classid = 'pg_constraint'::regclass AND k.oid = u.objid
         LEFT JOIN pg_trigger g ON u.classid = 'pg_trigger'::regclass AND g.oid = u.objid
         LEFT JOIN pg_policy y ON u.classid = 'pg_policy'::regclass AND y.oid = u.objid
     )
     SELECT DISTINCT f.relation::int8 AS sources, f.how,
            CASE WHEN f.extension IS NOT NULL THEN 'e' WHEN r.oid IS NOT NULL THEN 'r' ELSE 's' END AS kinds,
            COALESCE(f.extension, r.oid, p.pronamespace, t.typnamespace, o.opcnamespace, x.oprnamespace, l.collnamespace)::int8 AS targets
       FROM found f JOIN pg_class c ON c.oid = f.relation AND c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S')
       LEFT JOIN pg_proc p ON f.refclassid = 'pg_proc'::regclass AND p.oid = f.refobjid
       LEFT JOIN pg_type t ON f.refclassid = 'pg_type'::regclass AND t.oid = f.refobjid
       LEFT JOIN pg_opclass o ON f.refclassid = 'pg_opclass'::regclass AND o.oid = f.refobjid
       LEFT JOIN pg_operator x ON f.refclassid = 'pg_operator'::regclass AND x.oid = f.refobjid
       LEFT JOIN pg_collation l ON f.refclassid = 'pg_collation'::regclass AND l.oid = f.refobjid
       LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
       LEFT JOIN pg_class r ON r.relkind IN ('r', 'p', 'f', 'm', 'v', 'S')
         AND r.oid = CASE WHEN f.refclassid = 'pg_class'::regclass THEN f.refobjid ELSE NULLIF(COALESCE(NULLIF(t.typrelid, 0), e.typrelid), 0) END
      WHERE f.refclassid <> 'pg_class'::regclass OR (r.oid IS NOT NULL AND r.oid <> f.relation)
      LIMIT ${most + 1}`,
    ['sources', 'how', 'kinds', 'targets'],
  )
