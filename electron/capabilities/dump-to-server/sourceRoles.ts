// The roles of the source as pg_dumpall writes them, without passwords, for making some of them at the destination.
import { type BuiltCommand, buildCommand } from '../../../shared/tools/buildCommand'
import { pgDumpall } from '../../../shared/tools/pgDumpall'
import { type Globals, parseGlobals } from '../../library/readGlobals'
import { databaseArgument } from '../../postgres/databaseArgument'
import type { ResolvedConnection } from '../../services'
import type { PipeServices } from './planPipe'

const largest = 64 * 1024 * 1024

export interface SourceRoles {
  globals: Globals | null
  /** Why they could not be read; '' when they could. */
  problem: string
}

/** Any role may read them: passwords alone are for superusers. Never throws for what pg_dumpall says. */
export async function readSourceRoles(
  services: Pick<PipeServices, 'connections' | 'tools' | 'spawn'>,
  connection: ResolvedConnection,
  database: string,
  version: number,
  signal?: AbortSignal,
): Promise<SourceRoles> {
  const tool = await services.tools.forServer('pg_dumpall', version)
  const { argv, problems } = rolesCommand(connection, database, tool.version, version)
  const [problem] = problems
  if (problem) return { globals: null, problem: problem.message }
  const { env, remove } = await services.connections.toolEnvironment(connection)
  const chunks: Buffer[] = []
  let size = 0
  try {
    const exit = await services.spawn({
      file: tool.path,
      argv,
      env,
      ...(signal ? { signal } : {}),
      onStdoutChunk: (chunk) => {
        size += chunk.length
        if (size <= largest) chunks.push(chunk)
      },
    })
    if (size > largest) return { globals: null, problem: 'they take more than 64 MB' }
    if (exit.code !== 0) return { globals: null, problem: exit.stderrTail.at(-1) ?? `pg_dumpall ended with ${exit.code}` }
    return { globals: parseGlobals(Buffer.concat(chunks).toString('utf8')), problem: '' }
  } finally {
    await remove()
  }
}

function rolesCommand({ settings }: ResolvedConnection, database: string, tool: number, server: number): BuiltCommand {
  const values = {
    host: settings.host,
    port: settings.port,
    username: settings.user,
    noPassword: true,
    database: databaseArgument(database),
    rolesOnly: true,
    noRolePasswords: true,
    encoding: 'UTF8',
  }
  return buildCommand(pgDumpall, values, { tool, server })
}
