// A database that uses every kind of object its server has, for round trips: fixtures/everything, by version.
import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { quoteIdentifier, quoteLiteral } from '../../shared/model/identifier'
import { binFolder, type TestCluster } from './clusters'
import { testAccount } from './clusterTemplate'

const folder = fileURLToPath(new URL('../fixtures/everything/', import.meta.url))

/** What such a database can't have here, with the reason. */
export const leftOut = ['security labels: PostgreSQL is installed without a label provider (sepgsql needs SELinux)'] as const

/** For startCluster: with it the database of everything also has an extension with rows of the person's own. */
export const everythingExtensions = path.join(folder, 'extension')

export const everythingTablespace = 'ev "space"; --'

/** Roles and tablespace: what the destination of a restore must have too. */
export async function makeEverythingGlobals(cluster: TestCluster): Promise<void> {
  await run(cluster, 'postgres', 'roles.sql')
  const there = await cluster.sql('SELECT 1 FROM pg_tablespace WHERE spcname = $1', 'postgres', [everythingTablespace])
  if (there.length > 0) return
  const location = path.join(cluster.folder, 'space')
  const account = testAccount()
  fs.mkdirSync(location, { mode: 0o700 })
  fs.chownSync(location, account.uid, account.gid)
  await cluster.sql(`CREATE TABLESPACE ${quoteIdentifier(everythingTablespace)} LOCATION ${quoteLiteral(location)}`)
}

/**
 * Makes the database, with what this major has. The cluster should have wal_level = logical, else publications warn.
 * Returns the files that were run.
 */
export async function makeEverything(cluster: TestCluster, major: number, database: string): Promise<string[]> {
  await makeEverythingGlobals(cluster)
  await cluster.sql(`CREATE DATABASE ${quoteIdentifier(database)} TEMPLATE template0 ENCODING 'UTF8'`)
  const files = ['13', '13-more', '14', '15', '16', '17', '18']
    .filter((since) => Number.parseInt(since, 10) <= major)
    .map((since) => `${since}.sql`)
  const offered = await cluster.sql("SELECT 1 FROM pg_available_extensions WHERE name = 'walkback_everything'")
  if (offered.length > 0) files.push('extension.sql')
  files.push('database.sql')
  for (const file of files) await run(cluster, database, file)
  return files
}

/** Statement by statement, as psql sends them: in one transaction deferred checks would stand in the way of ALTER TABLE. */
async function run(cluster: TestCluster, database: string, file: string): Promise<void> {
  const argv = ['--no-psqlrc', '--quiet', '--output=/dev/null', '--set=ON_ERROR_STOP=1', `--file=${path.join(folder, file)}`]
  // The database by the environment, where its name is a name and nothing else.
  const env = { PATH: '/usr/bin:/bin', PGOPTIONS: '-c client_min_messages=error', ...cluster.toolEnv(), PGDATABASE: database }
  try {
    await promisify(execFile)(path.join(cluster.bin, 'psql'), argv, { env })
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
    throw new Error(`${file} on PostgreSQL ${cluster.major}: ${said}`, { cause: error })
  }
}

/** What pg_dump of this major says of the definitions, without what differs between two runs of it. */
export function definitions(cluster: TestCluster, database: string, major = cluster.major): string {
  const text = execFileSync(path.join(binFolder(major), 'pg_dump'), ['--schema-only'], {
    env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv(), PGDATABASE: database },
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  return text.replace(/^\\(un)?restrict .*$/gm, '').replace(/^-- Dumped (from|by) .*$/gm, '')
}

/** Settings, rights, connection limit and comment of the database itself, which no dump of its objects shows. */
export async function databaseProperties(cluster: TestCluster, database: string): Promise<Record<string, unknown>> {
  const [row] = await cluster.sql(
    `SELECT datconnlimit AS limit, shobj_description(d.oid, 'pg_database') AS comment,
            (SELECT jsonb_agg(jsonb_build_array(setrole::regrole::text, setconfig) ORDER BY setrole::regrole::text)
               FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings,
            (SELECT jsonb_agg(g ORDER BY g) FROM (
               SELECT format('%s %s by %s %s', grantee::regrole, privilege_type, grantor::regrole, is_grantable) AS g
                 FROM aclexplode(coalesce(datacl, acldefault('d', datdba)))) x) AS rights
       FROM pg_database d WHERE datname = $1`,
    'postgres',
    [database],
  )
  return row ?? {}
}
