// Clusters of Debian's postgresql-common: what pg_lsclusters knows, and starting and stopping through pg_ctlcluster.
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../../shared/rpc/appError'
import type { OsAccount, ProcessExit, SpawnTool } from '../process/processTypes'

const listing = '/usr/bin/pg_lsclusters'
const control = '/usr/bin/pg_ctlcluster'

const entry = z.object({
  version: z.coerce.number().int(),
  cluster: z.string(),
  configdir: z.string(),
  /** Absent for a cluster whose settings can't be read. */
  pgdata: z.string().nullish(),
  port: z.coerce.number().int().nullish(),
  socketdir: z.string().nullish(),
  logfile: z.string().nullish(),
})

export interface DebianCluster {
  version: number
  cluster: string
  configDirectory: string
  dataDirectory: string | null
  port: number | null
  socketFolder: string | null
  logFile: string | null
}

/** postgresql-common's own variable for clusters outside /etc/postgresql; it reads no other PG* variable. */
function environment(): Record<string, string> {
  const root = process.env.PG_CLUSTER_CONF_ROOT
  return root === undefined || root === '' ? {} : { PG_CLUSTER_CONF_ROOT: root }
}

/** Empty on a machine without postgresql-common. Throws AppError tool_failed with its words. */
export async function listDebianClusters(spawn: SpawnTool, signal?: AbortSignal): Promise<DebianCluster[]> {
  if (process.platform !== 'linux' || !existsSync(listing)) return []
  const lines: string[] = []
  const exit = await spawn({
    file: listing,
    argv: ['--json'],
    env: environment(),
    ...(signal ? { signal } : {}),
    onStdout: (line) => lines.push(line),
  })
  const parsed = exit.code === 0 ? z.array(entry).safeParse(parseJson(lines.join('\n'))) : null
  if (!parsed?.success) {
    throw new AppError('tool_failed', `pg_lsclusters could not list Debian's clusters: ${exit.stderrTail.join(' ')}`.trim(), {
      hint: 'Give the data directory by hand.',
    })
  }
  return parsed.data.map((found) => ({
    version: found.version,
    cluster: found.cluster,
    configDirectory: found.configdir,
    dataDirectory: found.pgdata ?? null,
    port: found.port ?? null,
    socketFolder: found.socketdir ?? null,
    logFile: found.logfile ?? null,
  }))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // told by the caller
  }
}

/**
 * Runs pg_ctlcluster for "15/main". As root it drops to the owner by itself, and hands over to systemd where that runs the
 * cluster; else it runs as the owner. Its exit code proves nothing: the caller looks at the data directory.
 */
export function controlDebian(
  spawn: SpawnTool,
  name: string,
  action: 'start' | 'stop',
  owner: OsAccount | null,
): Promise<ProcessExit> {
  const [version = '', cluster = ''] = name.split('/')
  const root = process.getuid?.() === 0
  return spawn({
    file: control,
    argv: [version, cluster, action, ...(action === 'stop' ? ['--mode', 'fast'] : [])],
    env: environment(),
    ...(owner && !root ? { runAs: owner } : {}),
    outlives: true,
  })
}
