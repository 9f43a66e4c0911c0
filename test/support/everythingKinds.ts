// Which kinds of objects a database must have to hold everything, as its catalogs tell them, and which it has.
// Long because it is a table: a row for each sort of object.
import type { TestCluster } from './clusters'

interface Kinds {
  what: string
  /** One column `k`, text: the kinds that are there. The objects of the server itself have oids below 16384. */
  sql: string
  /** Each with the version it came with where that is not 13. */
  wanted: readonly (string | readonly [string, since: number])[]
}

const ours = (table: string, more = '') => `FROM ${table} WHERE oid >= 16384 ${more}`
const flag = (name: string, condition: string) => `SELECT '${name}' AS k WHERE EXISTS (SELECT ${condition})`

/** By the letters of the catalogs (PostgreSQL's documentation, chapter System Catalogs). */
export const kindsOfEverything: readonly Kinds[] = [
  { what: 'relations', sql: `SELECT relkind::text AS k ${ours('pg_class')}`, wanted: [...'rimSvcfpIt'] },
  {
    what: 'persistence',
    sql: `SELECT relkind::text || relpersistence::text AS k ${ours('pg_class')}`,
    wanted: ['ru', ['Su', 15]],
  },
  { what: 'replica identities', sql: `SELECT relreplident::text AS k ${ours('pg_class')}`, wanted: [...'dfin'] },
  {
    what: 'relations in a tablespace',
    sql: `SELECT relkind::text AS k ${ours('pg_class', 'AND reltablespace <> 0')}`,
    wanted: [...'rimpI'],
  },
  {
    what: 'relations of an access method of our own',
    sql: `SELECT relkind::text AS k ${ours('pg_class', 'AND relam >= 16384')}`,
    wanted: ['r', 'm', ['i', 18], ['p', 17]],
  },
  {
    what: 'indexes by method',
    sql: `SELECT a.amname::text AS k FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE relkind = 'i' AND c.oid >= 16384`,
    wanted: ['btree', 'hash', 'gin', 'gist', 'spgist', 'brin'],
  },
  {
    what: 'properties of indexes',
    sql: [
      flag('clustered', 'FROM pg_index WHERE indisclustered AND indrelid >= 16384'),
      flag('partial', 'FROM pg_index WHERE indpred IS NOT NULL AND indrelid >= 16384'),
      flag('expression', 'FROM pg_index WHERE indexprs IS NOT NULL AND indrelid >= 16384'),
      flag('included columns', 'FROM pg_index WHERE indnkeyatts < indnatts AND indrelid >= 16384'),
      flag('deferred', 'FROM pg_index WHERE NOT indimmediate AND indrelid >= 16384'),
      flag('nulls not distinct', `FROM pg_index i WHERE to_jsonb(i) ->> 'indnullsnotdistinct' = 'true' AND indrelid >= 16384`),
    ].join(' UNION ALL '),
    wanted: ['clustered', 'partial', 'expression', 'included columns', 'deferred', ['nulls not distinct', 15]],
  },
  { what: 'types', sql: `SELECT typtype::text AS k ${ours('pg_type')}`, wanted: [...'bcderp', ['m', 14]] },
  { what: 'types by storage', sql: `SELECT typstorage::text AS k ${ours('pg_type', `AND typtype = 'b'`)}`, wanted: [...'pmx'] },
  {
    what: 'domains over',
    sql: `SELECT b.typtype::text || CASE WHEN b.typcategory = 'A' THEN ' array' ELSE '' END AS k
          FROM pg_type d JOIN pg_type b ON b.oid = d.typbasetype WHERE d.typtype = 'd' AND d.oid >= 16384`,
    wanted: ['b', 'b array', 'c', 'd', 'e', 'r', ['m', 14]],
  },
  {
    what: 'columns',
    sql: `SELECT 'identity ' || attidentity::text AS k FROM pg_attribute WHERE attrelid >= 16384
          UNION ALL SELECT 'generated ' || attgenerated::text FROM pg_attribute WHERE attrelid >= 16384
          UNION ALL SELECT 'storage of text ' || attstorage::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
                    WHERE attrelid >= 16384 AND atttypid = 'text'::regtype AND relkind = 'r'
          UNION ALL SELECT 'compression ' || (to_jsonb(a) ->> 'attcompression') FROM pg_attribute a WHERE attrelid >= 16384
          UNION ALL SELECT 'collation' FROM pg_attribute WHERE attrelid >= 16384 AND attcollation >= 16384
          UNION ALL SELECT 'options' FROM pg_attribute WHERE attoptions IS NOT NULL
          UNION ALL SELECT 'options of foreign data' FROM pg_attribute WHERE attfdwoptions IS NOT NULL
          UNION ALL SELECT 'privileges' FROM pg_attribute WHERE attrelid >= 16384 AND attacl IS NOT NULL
          UNION ALL SELECT 'statistics' FROM pg_attribute WHERE attrelid >= 16384 AND attstattarget > 0
          UNION ALL SELECT 'no statistics' FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0 AND attstattarget = 0 AND atttypid = 'int4'::regtype
          UNION ALL SELECT 'dropped' FROM pg_attribute WHERE attisdropped AND attrelid >= 16384
          UNION ALL SELECT 'of several parents' FROM pg_attribute WHERE attinhcount > 1`,
    wanted: [
      'identity a',
      'identity d',
      'generated s',
      ['generated v', 18],
      ...['p', 'e', 'm', 'x'].map((letter) => `storage of text ${letter}`),
      ['compression p', 14],
      ['compression l', 14],
      'collation',
      'options',
      'options of foreign data',
      'privileges',
      'statistics',
      'no statistics',
      'dropped',
      'of several parents',
    ],
  },
  {
    what: 'constraints',
    sql: `SELECT contype::text AS k ${ours('pg_constraint')}
          UNION ALL SELECT 'of a domain ' || contype::text ${ours('pg_constraint', 'AND contypid <> 0')}
          UNION ALL SELECT 'deferrable ' || condeferrable || ' ' || condeferred ${ours('pg_constraint', `AND contype = 'f'`)}
          UNION ALL SELECT 'not valid ' || contype::text ${ours('pg_constraint', 'AND NOT convalidated')}
          UNION ALL SELECT 'no inherit ' || contype::text ${ours('pg_constraint', `AND connoinherit AND contype IN ('c', 'n')`)}
          UNION ALL SELECT 'not enforced ' || contype::text FROM pg_constraint c WHERE to_jsonb(c) ->> 'conenforced' = 'false'
          UNION ALL SELECT 'period ' || contype::text FROM pg_constraint c WHERE to_jsonb(c) ->> 'conperiod' = 'true'
          UNION ALL SELECT 'delete ' || confdeltype::text ${ours('pg_constraint', `AND contype = 'f'`)}
          UNION ALL SELECT 'set columns' FROM pg_constraint c WHERE to_jsonb(c) ->> 'confdelsetcols' IS NOT NULL
          UNION ALL SELECT 'update ' || confupdtype::text ${ours('pg_constraint', `AND contype = 'f'`)}
          UNION ALL SELECT 'match ' || confmatchtype::text ${ours('pg_constraint', `AND contype = 'f'`)}
          UNION ALL SELECT 'key from ' || r.relkind::text || ' to ' || t.relkind::text FROM pg_constraint k JOIN pg_class r ON r.oid = conrelid
                    JOIN pg_class t ON t.oid = confrelid WHERE contype = 'f'`,
    wanted: [
      ...'cfpuxt',
      ['n', 18],
      'of a domain c',
      ['of a domain n', 17],
      'deferrable true true',
      'deferrable true false',
      'deferrable false false',
      'not valid c',
      'not valid f',
      ['not valid n', 18],
      'no inherit c',
      ['no inherit n', 18],
      ['not enforced c', 18],
      ['not enforced f', 18],
      ['period p', 18],
      ['period u', 18],
      ['period f', 18],
      ...[...'arcnd'].map((letter) => `delete ${letter}`),
      ['set columns', 15],
      ...[...'arcnd'].map((letter) => `update ${letter}`),
      'match s',
      'match f',
      'key from r to r',
      'key from r to p',
      'key from p to r',
      'key from p to p',
    ],
  },
  {
    what: 'partitions',
    sql: `SELECT partstrat::text AS k FROM pg_partitioned_table UNION ALL ${flag('default', 'FROM pg_partitioned_table WHERE partdefid <> 0')}
          UNION ALL ${flag('expression', 'FROM pg_partitioned_table WHERE partexprs IS NOT NULL')}
          UNION ALL ${flag('foreign', `FROM pg_class WHERE relkind = 'f' AND relispartition`)}
          UNION ALL ${flag('of a partition', `FROM pg_class WHERE relkind = 'p' AND relispartition`)}
          UNION ALL ${flag('of none', `FROM pg_class p WHERE relkind = 'p' AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = p.oid)`)}`,
    wanted: [...'rlh', 'default', 'expression', 'foreign', 'of a partition', 'of none'],
  },
  {
    what: 'routines',
    sql: `SELECT prokind::text AS k ${ours('pg_proc')} UNION ALL SELECT 'volatile ' || provolatile::text ${ours('pg_proc')}
          UNION ALL SELECT 'parallel ' || proparallel::text ${ours('pg_proc')} UNION ALL SELECT l.lanname::text FROM pg_proc p JOIN pg_language l ON l.oid = prolang WHERE p.oid >= 16384
          UNION ALL ${flag('security definer', ours('pg_proc', 'AND prosecdef'))} UNION ALL ${flag('leakproof', ours('pg_proc', 'AND proleakproof'))}
          UNION ALL ${flag('set', ours('pg_proc', 'AND proretset'))} UNION ALL ${flag('support', ours('pg_proc', 'AND prosupport <> 0'))}
          UNION ALL ${flag('settings', ours('pg_proc', 'AND proconfig IS NOT NULL'))} UNION ALL ${flag('transform', ours('pg_proc', 'AND protrftypes IS NOT NULL'))}
          UNION ALL ${flag('variadic', ours('pg_proc', 'AND provariadic <> 0'))} UNION ALL ${flag('defaults', ours('pg_proc', 'AND pronargdefaults > 0'))}
          UNION ALL SELECT 'body in SQL' FROM pg_proc p WHERE to_jsonb(p) ->> 'prosqlbody' IS NOT NULL AND oid >= 16384
          UNION ALL SELECT 'argument ' || m::text FROM pg_proc, unnest(proargmodes) m WHERE oid >= 16384`,
    wanted: [
      ...'fpaw',
      ...[...'isv'].map((letter) => `volatile ${letter}`),
      ...[...'sru'].map((letter) => `parallel ${letter}`),
      ...['sql', 'plpgsql', 'c', 'internal'],
      ...['security definer', 'leakproof', 'set', 'support', 'settings', 'transform', 'variadic', 'defaults'],
      ['body in SQL', 14],
      ...[...'bovt'].map((letter) => `argument ${letter}`),
    ],
  },
  {
    what: 'aggregates',
    sql: `SELECT aggkind::text AS k FROM pg_aggregate WHERE aggfnoid::oid >= 16384
          UNION ALL SELECT 'final ' || aggfinalmodify::text FROM pg_aggregate WHERE aggfnoid::oid >= 16384
          UNION ALL SELECT 'moving' FROM pg_aggregate WHERE aggfnoid::oid >= 16384 AND aggmtransfn <> 0
          UNION ALL SELECT 'combined' FROM pg_aggregate WHERE aggfnoid::oid >= 16384 AND aggcombinefn <> 0
          UNION ALL SELECT 'serialized' FROM pg_aggregate WHERE aggfnoid::oid >= 16384 AND aggserialfn <> 0
          UNION ALL SELECT 'sorted' FROM pg_aggregate WHERE aggfnoid::oid >= 16384 AND aggsortop <> 0`,
    wanted: [...'noh', 'final r', 'final s', 'final w', 'moving', 'combined', 'serialized', 'sorted'],
  },
  {
    what: 'casts',
    sql: `SELECT castcontext::text AS k ${ours('pg_cast')} UNION ALL SELECT castmethod::text ${ours('pg_cast')}`,
    wanted: [...'eaifb'],
  },
  {
    what: 'collations',
    sql: `SELECT collprovider::text || ' ' || collisdeterministic AS k ${ours('pg_collation')}`,
    wanted: ['c true', 'i true', 'i false', ['b true', 17]],
  },
  { what: 'access methods', sql: `SELECT amtype::text AS k ${ours('pg_am')}`, wanted: [...'ti'] },
  {
    what: 'operators in classes',
    sql: `SELECT amoppurpose::text AS k ${ours('pg_amop')} UNION ALL SELECT 'stored as another type' ${ours('pg_opclass', 'AND opckeytype <> 0')}
          UNION ALL SELECT 'default' ${ours('pg_opclass', 'AND opcdefault')}`,
    wanted: ['s', 'o', 'stored as another type', 'default'],
  },
  { what: 'operators', sql: `SELECT oprkind::text AS k ${ours('pg_operator')}`, wanted: [...'bl'] },
  {
    what: 'rules',
    sql: `SELECT ev_type::text || ev_enabled::text AS k ${ours('pg_rewrite')} UNION ALL SELECT 'instead ' || is_instead ${ours('pg_rewrite', `AND ev_type <> '1'`)}`,
    wanted: ['1O', '2D', '2R', '3O', '3A', '4O', 'instead true', 'instead false'],
  },
  {
    what: 'triggers',
    sql: `SELECT tgenabled::text AS k ${ours('pg_trigger', 'AND NOT tgisinternal')}
          UNION ALL SELECT CASE tgtype & 66 WHEN 2 THEN 'before' WHEN 64 THEN 'instead' ELSE 'after' END || CASE tgtype & 1 WHEN 1 THEN ' row' ELSE ' statement' END ${ours('pg_trigger', 'AND NOT tgisinternal')}
          UNION ALL SELECT e FROM pg_trigger, unnest(ARRAY[CASE WHEN tgtype & 4 > 0 THEN 'insert' END, CASE WHEN tgtype & 8 > 0 THEN 'delete' END, CASE WHEN tgtype & 16 > 0 THEN 'update' END, CASE WHEN tgtype & 32 > 0 THEN 'truncate' END]) e WHERE NOT tgisinternal AND e IS NOT NULL
          UNION ALL SELECT 'constraint' ${ours('pg_trigger', 'AND NOT tgisinternal AND tgconstraint <> 0')}
          UNION ALL SELECT 'condition' ${ours('pg_trigger', 'AND tgqual IS NOT NULL')} UNION ALL SELECT 'columns' ${ours('pg_trigger', `AND tgattr::text <> ''`)}
          UNION ALL SELECT 'arguments' ${ours('pg_trigger', 'AND tgnargs > 0 AND NOT tgisinternal')}
          UNION ALL SELECT 'transition tables' ${ours('pg_trigger', 'AND tgoldtable IS NOT NULL AND tgnewtable IS NOT NULL')}
          UNION ALL SELECT 'on ' || relkind::text FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal`,
    wanted: [
      ...'ODAR',
      ...['before row', 'before statement', 'after row', 'after statement', 'instead row'],
      ...['insert', 'delete', 'update', 'truncate', 'constraint', 'condition', 'columns', 'arguments', 'transition tables'],
      ...['on r', 'on v', 'on f', 'on p'],
    ],
  },
  {
    what: 'event triggers',
    sql: `SELECT evtevent::text AS k ${ours('pg_event_trigger')} UNION ALL SELECT evtenabled::text ${ours('pg_event_trigger')} UNION ALL SELECT 'tags' ${ours('pg_event_trigger', 'AND evttags IS NOT NULL')}`,
    wanted: ['ddl_command_start', 'ddl_command_end', 'sql_drop', 'table_rewrite', ['login', 17], ...'ODAR', 'tags'],
  },
  {
    what: 'row security',
    sql: `SELECT polcmd::text AS k ${ours('pg_policy')} UNION ALL SELECT CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END ${ours('pg_policy')}
          UNION ALL SELECT 'forced' ${ours('pg_class', 'AND relforcerowsecurity')} UNION ALL SELECT 'enabled' ${ours('pg_class', 'AND relrowsecurity')}`,
    wanted: ['r', 'a', 'w', 'd', '*', 'permissive', 'restrictive', 'forced', 'enabled'],
  },
  {
    what: 'options of relations',
    sql: `SELECT relkind::text || ' ' || split_part(o, '=', 1) AS k FROM pg_class, unnest(reloptions) o WHERE oid >= 16384`,
    wanted: [
      'r fillfactor',
      'r autovacuum_enabled',
      't autovacuum_enabled',
      'm fillfactor',
      'i fastupdate',
      'i deduplicate_items',
      'i pages_per_range',
      'v security_barrier',
      'v check_option',
      ['v security_invoker', 15],
    ],
  },
  {
    what: 'materialized views',
    sql: `SELECT relispopulated::text AS k ${ours('pg_class', `AND relkind = 'm'`)}`,
    wanted: ['true', 'false'],
  },
  {
    what: 'sequences',
    sql: `SELECT seqtypid::regtype::text AS k FROM pg_sequence UNION ALL SELECT 'cycle ' || seqcycle FROM pg_sequence UNION ALL SELECT CASE WHEN seqincrement < 0 THEN 'down' ELSE 'up' END FROM pg_sequence
          UNION ALL SELECT 'owned ' || seqtypid::regtype FROM pg_sequence JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = seqrelid AND deptype = 'a'`,
    wanted: [
      'smallint',
      'integer',
      'bigint',
      'cycle true',
      'cycle false',
      'up',
      'down',
      'owned smallint',
      'owned integer',
      'owned bigint',
    ],
  },
  {
    what: 'statistics objects',
    sql: `SELECT x::text AS k FROM pg_statistic_ext, unnest(stxkind) x UNION ALL SELECT 'target' FROM pg_statistic_ext WHERE stxstattarget > 0`,
    wanted: [...'dfm', ['e', 14], 'target'],
  },
  {
    what: 'publications',
    sql: `SELECT CASE WHEN puballtables THEN 'all tables' END AS k FROM pg_publication UNION ALL SELECT 'through the root' FROM pg_publication WHERE pubviaroot
          UNION ALL SELECT 'columns' FROM pg_publication_rel r WHERE to_jsonb(r) ->> 'prattrs' IS NOT NULL
          UNION ALL SELECT 'rows' FROM pg_publication_rel r WHERE to_jsonb(r) ->> 'prqual' IS NOT NULL
          UNION ALL SELECT 'generated columns' FROM pg_publication p WHERE to_jsonb(p) ->> 'pubgencols' = 's'`,
    wanted: ['all tables', 'through the root', ['columns', 15], ['rows', 15], ['generated columns', 18]],
  },
  {
    what: 'subscriptions',
    sql: `SELECT CASE WHEN subslotname IS NULL THEN 'without slot' ELSE 'with slot' END AS k FROM pg_subscription
          UNION ALL SELECT e.key || ' ' || e.value FROM pg_subscription s, jsonb_each_text(to_jsonb(s)) e
                    WHERE e.key IN ('subbinary', 'subdisableonerr', 'suborigin', 'subpasswordrequired', 'subrunasowner', 'subfailover', 'subtwophasestate', 'substream')`,
    wanted: [
      'without slot',
      'with slot',
      ['subbinary true', 14],
      ['subdisableonerr true', 15],
      ['subtwophasestate p', 15],
      ['substream p', 16],
      ['suborigin none', 16],
      ['subpasswordrequired false', 16],
      ['subrunasowner true', 16],
      ['subfailover true', 17],
    ],
  },
  {
    what: 'default privileges',
    sql: `SELECT defaclobjtype::text || CASE WHEN defaclnamespace = 0 THEN '' ELSE ' in a schema' END AS k FROM pg_default_acl`,
    wanted: ['r in a schema', 'f', 'f in a schema', 'S', 'n', 'T', ['L', 18]],
  },
  {
    what: 'extensions',
    sql: `SELECT 'rows of our own' AS k FROM pg_extension WHERE extconfig IS NOT NULL AND extcondition IS NOT NULL
          UNION ALL SELECT 'depending ' || (SELECT relname FROM pg_class WHERE oid = classid) FROM pg_depend WHERE deptype = 'x'
          UNION ALL SELECT 'privileges of our own' FROM pg_init_privs i JOIN pg_proc p ON p.oid = objoid AND classoid = 'pg_proc'::regclass WHERE proacl <> initprivs`,
    wanted: ['rows of our own', 'depending pg_proc', 'depending pg_trigger', 'depending pg_class', 'privileges of our own'],
  },
  {
    what: 'large objects',
    sql: `SELECT CASE WHEN lomacl IS NULL THEN 'plain' ELSE 'privileges' END AS k FROM pg_largeobject_metadata UNION ALL SELECT 'owned by another' FROM pg_largeobject_metadata WHERE lomowner <> 10`,
    wanted: ['plain', 'privileges', 'owned by another'],
  },
  {
    what: 'foreign data',
    sql: `SELECT 'wrapper with functions' AS k FROM pg_foreign_data_wrapper WHERE fdwhandler <> 0 AND fdwvalidator <> 0
          UNION ALL SELECT 'wrapper with options' FROM pg_foreign_data_wrapper WHERE fdwoptions IS NOT NULL
          UNION ALL SELECT 'server with type and version' FROM pg_foreign_server WHERE srvtype IS NOT NULL AND srvversion IS NOT NULL AND srvoptions IS NOT NULL
          UNION ALL SELECT 'mapping for ' || CASE umuser WHEN 0 THEN 'all' ELSE 'one' END FROM pg_user_mapping
          UNION ALL SELECT 'child' FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE relkind = 'f' AND NOT relispartition`,
    wanted: [
      'wrapper with functions',
      'wrapper with options',
      'server with type and version',
      'mapping for all',
      'mapping for one',
      'child',
    ],
  },
  {
    what: 'comments by catalog',
    sql: `SELECT classoid::regclass::text AS k FROM pg_description WHERE objoid >= 16384 UNION ALL SELECT 'column' FROM pg_description WHERE objoid >= 16384 AND objsubid > 0`,
    wanted: [
      ...['pg_am', 'pg_cast', 'pg_class', 'pg_collation', 'pg_constraint', 'pg_conversion', 'pg_event_trigger', 'pg_extension'],
      ...['pg_foreign_data_wrapper', 'pg_foreign_server', 'pg_language', 'pg_largeobject', 'pg_namespace', 'pg_opclass'],
      ...['pg_operator', 'pg_opfamily', 'pg_policy', 'pg_proc', 'pg_publication', 'pg_rewrite', 'pg_statistic_ext'],
      ...['pg_subscription', 'pg_transform', 'pg_trigger', 'pg_ts_config', 'pg_ts_dict', 'pg_ts_parser', 'pg_ts_template'],
      ...['pg_type', 'column'],
    ],
  },
  {
    what: 'of the database itself',
    sql: `SELECT CASE setrole WHEN 0 THEN 'settings' ELSE 'settings of a role' END AS k FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase AND datname = current_database()
          UNION ALL SELECT 'privileges' FROM pg_database WHERE datname = current_database() AND datacl IS NOT NULL
          UNION ALL SELECT 'connection limit' FROM pg_database WHERE datname = current_database() AND datconnlimit > 0
          UNION ALL SELECT 'comment' FROM pg_database WHERE datname = current_database() AND shobj_description(oid, 'pg_database') IS NOT NULL`,
    wanted: ['settings', 'settings of a role', 'privileges', 'connection limit', 'comment'],
  },
]

/** Catalogs in which a database of everything has no row of its own, with the reason. */
export const emptyCatalogs: Readonly<Record<string, string>> = {
  pg_seclabel: 'no provider of security labels is installed',
  pg_shseclabel: 'the same, for databases, roles and tablespaces',
  pg_subscription_rel: 'tables that a running subscription copies: it would need a second server, and a dump does not have it',
  pg_statistic_ext_data: 'what ANALYZE gathers',
}

/** Built-in types no column can have. */
export const noColumnTypes = ['_cstring']

/** What is wanted on this major and not there, as "what: kind". */
export async function missingKinds(cluster: TestCluster, database: string): Promise<string[]> {
  const missing: string[] = []
  for (const { what, sql, wanted } of kindsOfEverything) {
    const rows = await cluster.sql(`SELECT DISTINCT k FROM (${sql}) s`, database)
    const there = new Set(rows.map(({ k }) => String(k)))
    for (const each of wanted) {
      const [kind, since] = typeof each === 'string' ? [each, 13] : each
      if (since <= cluster.major && !there.has(kind)) missing.push(`${what}: ${kind}`)
    }
  }
  return missing
}

/** Built-in types, arrays too, that no column of a table has. Row types of catalogs are none of them. */
export async function missingTypes(cluster: TestCluster, database: string): Promise<string[]> {
  const rows = await cluster.sql(
    `SELECT typname::text AS name FROM pg_type t
     WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm')
       AND NOT EXISTS (SELECT FROM pg_class k WHERE k.reltype = t.typelem AND t.typelem <> 0)
       AND NOT EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
                       WHERE atttypid = t.oid AND relkind = 'r' AND relnamespace = 'ev'::regnamespace) ORDER BY 1`,
    database,
  )
  return rows.map(({ name }) => String(name))
}

/** Catalogs without a row that came with this database. */
export async function emptyCatalogNames(cluster: TestCluster, database: string): Promise<string[]> {
  const empty: string[] = []
  const catalogs = await cluster.sql(
    `SELECT relname::text AS name, EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'oid') AS oids
     FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'pg_catalog'::regnamespace ORDER BY 1`,
    database,
  )
  for (const { name, oids } of catalogs) {
    const ours = oids === true ? 'WHERE oid >= 16384' : ''
    const rows = await cluster.sql(`SELECT 1 FROM pg_catalog.${String(name)} ${ours} LIMIT 1`, database)
    if (rows.length === 0) empty.push(String(name))
  }
  return empty
}
