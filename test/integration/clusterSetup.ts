// Clusters worth dumping whole: roles with attributes, memberships and passwords, a tablespace, databases with hostile names.
import fs from 'node:fs'
import path from 'node:path'
import type { ClusterRestoreRequest, ClusterSetRequest } from '../../shared/contracts/clusterDump'
import { quoteIdentifier, quoteLiteral } from '../../shared/model/identifier'
import { hostile } from '../fixtures/restore/hostileDatabase'
import { type Rows, type TestCluster } from '../support/clusters'
import { dumpGlobals, hashes, type RestoreLab } from './restoreSetup'

export const lineBreak = 'line\nbreak'

/** A folder that the cluster's own account owns, on its machine. */
export function tablespaceFolder(cluster: TestCluster, name: string): string {
  const folder = path.join(cluster.folder, name)
  fs.mkdirSync(folder, { mode: 0o700 })
  const { uid, gid } = fs.statSync(cluster.dataDir)
  fs.chownSync(folder, uid, gid)
  return folder
}

export interface SourceCluster {
  databases: string[]
}

export const slowTablespace = `sl"ow; DROP`

/** New folders for the tablespaces of such a cluster, as a restore request names them. */
export function newLocations(target: TestCluster): Record<string, string> {
  return { fast: tablespaceFolder(target, 'moved'), [slowTablespace]: tablespaceFolder(target, 'moved "slow"') }
}

/** `rows` in the largest table of each. */
export async function fillCluster(cluster: TestCluster, rows = 500): Promise<SourceCluster> {
  const q = quoteIdentifier
  const fast = tablespaceFolder(cluster, 'fast table "space"')
  const slow = tablespaceFolder(cluster, 'slow')
  for (const statement of [
    `CREATE ROLE app LOGIN PASSWORD 'app secret' CONNECTION LIMIT 7 VALID UNTIL '2031-01-01 00:00:00+00'`,
    `CREATE ROLE readers NOINHERIT`,
    `CREATE ROLE ${q(hostile.role)} CREATEDB`,
    `CREATE ROLE ${q(hostile.grantee)} LOGIN PASSWORD 'it''s; DROP ROLE app'`,
    `GRANT readers TO app WITH ADMIN OPTION`,
    `GRANT app TO ${q(hostile.grantee)}`,
    `GRANT pg_monitor TO readers`,
    `SET ROLE app; GRANT readers TO ${q(hostile.role)}`,
    ...(cluster.major >= 16 ? [`GRANT ${q(hostile.role)} TO app WITH INHERIT FALSE, SET TRUE`] : []),
    `ALTER ROLE app SET work_mem = '13MB'`,
    `ALTER ROLE ${q(hostile.role)} SET search_path = '$user', 'my sch"ema', public`,
    `COMMENT ON ROLE app IS 'the app''s'`,
    ...(cluster.major >= 15 ? ['GRANT SET ON PARAMETER log_statement TO app'] : []),
    `CREATE TABLESPACE fast OWNER app LOCATION ${quoteLiteral(fast)} WITH (random_page_cost = 1.25)`,
    `GRANT CREATE ON TABLESPACE fast TO readers`,
    `CREATE TABLESPACE ${q(slowTablespace)} OWNER ${q(hostile.role)} LOCATION ${quoteLiteral(slow)}`,
    `COMMENT ON TABLESPACE ${q(slowTablespace)} IS 'it''s; slow'`,
    `CREATE DATABASE shop OWNER app TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
    `CREATE DATABASE old TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' CONNECTION LIMIT 9 TABLESPACE fast`,
    `CREATE DATABASE ${q(hostile.database)} OWNER ${q(hostile.role)}`,
    `CREATE DATABASE ${q(hostile.database3)} TABLESPACE ${q(slowTablespace)}`,
    `CREATE DATABASE sealed OWNER app`,
    `REVOKE ALL ON DATABASE sealed FROM PUBLIC, app`,
    `CREATE DATABASE pattern IS_TEMPLATE true`,
    ...(cluster.major >= 15
      ? [`CREATE DATABASE german TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C'`]
      : []),
    `ALTER DATABASE shop SET statement_timeout = '33s'`,
    `ALTER ROLE app IN DATABASE shop SET work_mem = '17MB'`,
    `ALTER ROLE ${q(hostile.role)} IN DATABASE ${q(hostile.database)} SET search_path = 'a "b', 'c''d'`,
    `ALTER DATABASE ${q(hostile.database)} SET "app.note" = 'it''s; DROP'`,
    `REVOKE CONNECT ON DATABASE shop FROM PUBLIC`,
    `GRANT CONNECT, TEMPORARY ON DATABASE shop TO readers`,
    `COMMENT ON DATABASE shop IS 'where; things "are" sold'`,
  ]) {
    await cluster.sql(statement)
  }
  const databases = ['shop', 'old', hostile.database, hostile.database3, 'sealed', 'pattern']
  if (cluster.major >= 15) databases.push('german')
  for (const database of databases) {
    await cluster.sql(
      `CREATE TABLE "ta;ble" (id serial PRIMARY KEY, pad text);
       INSERT INTO "ta;ble" (pad) SELECT md5(i::text) FROM generate_series(1, ${rows}) i;
       ALTER TABLE "ta;ble" OWNER TO app;
       GRANT SELECT ON "ta;ble" TO readers;
       SELECT lo_from_bytea(0, 'large')`,
      database,
    )
  }
  await cluster.sql(
    `CREATE TABLE placed (x int) TABLESPACE fast; INSERT INTO placed VALUES (1);
     CREATE INDEX placed_x ON placed (x) TABLESPACE ${q(slowTablespace)}`,
    'shop',
  )
  return { databases }
}

/** Everything of a cluster that belongs to no single table; comparable between clusters and majors. */
export async function clusterFacts(cluster: TestCluster): Promise<Record<string, Rows>> {
  return {
    roles: await cluster.sql(
      `SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit,
              rolpassword, rolvaliduntil::text, (SELECT setconfig FROM pg_db_role_setting WHERE setrole = a.oid AND setdatabase = 0),
              shobj_description(a.oid, 'pg_authid') AS comment
         FROM pg_authid a WHERE rolname !~ '^pg_' AND rolname <> 'postgres' ORDER BY 1`,
    ),
    memberships: await cluster.sql(
      `SELECT r.rolname AS granted, m.rolname AS member, admin_option, x.grantor::regrole::text AS grantor FROM pg_auth_members x
         JOIN pg_roles r ON r.oid = x.roleid JOIN pg_roles m ON m.oid = x.member WHERE m.rolname !~ '^pg_' ORDER BY 1, 2`,
    ),
    tablespaces: await cluster.sql(
      `SELECT spcname, pg_get_userbyid(spcowner) AS owner, spcoptions, shobj_description(oid, 'pg_tablespace') AS comment,
              (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(spcacl) a) AS acl
         FROM pg_tablespace WHERE spcname !~ '^pg_' ORDER BY 1`,
    ),
    databases: await cluster.sql(
      `SELECT datname, pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datcollate, datctype, datconnlimit,
              datistemplate, datallowconn, to_jsonb(d)->>'datlocprovider' AS provider,
              coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') AS locale,
              (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace) AS tablespace,
              (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a) AS acl,
              shobj_description(d.oid, 'pg_database') AS comment,
              (SELECT array_agg(s ORDER BY s)
                 FROM (SELECT coalesce(pg_get_userbyid(nullif(setrole, 0)), '') || ':' || setconfig::text AS s
                         FROM pg_db_role_setting WHERE setdatabase = d.oid) x) AS settings
         FROM pg_database d WHERE datname NOT IN ('template0', 'template1') ORDER BY 1`,
    ),
    parameters: cluster.major >= 15 ? await cluster.sql(`SELECT parname, paracl::text FROM pg_parameter_acl ORDER BY 1`) : [],
  }
}

/** What the real pg_dumpall says of roles and tablespaces, without what must differ: where folders are, and the own role. */
export function globalsText(cluster: TestCluster): string {
  const file = dumpGlobals(cluster, path.join(cluster.folder, 'globals.sql'))
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !/^(--|\\(un)?restrict |(CREATE|ALTER) ROLE postgres\b|$)/.test(line))
    .join('\n')
    .replace(/LOCATION '(?:[^']|'')*'/g, 'LOCATION …')
}

export async function allHashes(cluster: TestCluster, databases: readonly string[]) {
  return Object.fromEntries(await Promise.all(databases.map(async (name) => [name, await hashes(cluster, name)] as const)))
}

export function setRequest(
  connectionId: string,
  databases: string[],
  library: string,
  more: Partial<ClusterSetRequest> = {},
): ClusterSetRequest {
  return {
    what: 'set',
    connectionId,
    databases,
    atOnce: 2,
    rolePasswords: true,
    options: { compress: '1', lockWaitTimeout: '60s' },
    library,
    label: '',
    ...more,
  }
}

export function restoreRequest(
  connectionId: string,
  source: string,
  databases: string[],
  more: Partial<ClusterRestoreRequest> = {},
): ClusterRestoreRequest {
  return {
    connectionId,
    source: { path: source },
    databases,
    globals: true,
    locations: {},
    atOnce: 2,
    options: {},
    analyze: false,
    ...more,
  }
}

export async function dumpSet(lab: RestoreLab, request: ClusterSetRequest) {
  return lab.core.ended(await lab.core.api.clusterDump.start(request))
}

export async function restoreSet(lab: RestoreLab, request: ClusterRestoreRequest) {
  return lab.core.ended(await lab.core.api.clusterDump.startRestore(request))
}
