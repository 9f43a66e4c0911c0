// Chooses the program that fits a server, and says what is missing when none does.
import { join } from 'node:path'
import type { Installation } from '../../shared/contracts/host'
import { formatPgVersion, majorOf, type PgVersion } from '../../shared/model/pgVersion'
import { AppError } from '../../shared/rpc/appError'
import type { Tools } from '../services'
import { fileName, findInstallations } from './findTools'
import type { SpawnTool } from './processTypes'

/** Programs that come with the server's package, not with the client's. */
const serverPrograms: ReadonlySet<string> = new Set([
  'postgres',
  'initdb',
  'pg_ctl',
  'pg_controldata',
  'pg_checksums',
  'pg_waldump',
  'pg_rewind',
])

export interface ToolsOptions {
  spawn: SpawnTool
  installationFolders: () => readonly string[]
}

export function createTools(options: ToolsOptions): Tools {
  let known: { key: string; installations: Promise<Installation[]> } | null = null

  const installations = (refresh = false): Promise<Installation[]> => {
    const added = options.installationFolders()
    const key = JSON.stringify(added)
    if (refresh || known?.key !== key) {
      known = { key, installations: findInstallations({ spawn: options.spawn, added }) }
    }
    return known.installations
  }

  return {
    installations,
    forServer: async (program, server) => {
      const found =
        chooseForServer(await installations(), program, server) ?? chooseForServer(await installations(true), program, server)
      if (found) return found
      throw noFit(await installations(), program, server)
    },
  }
}

/** The server's own major, its newest minor; else the nearest newer major; never older. */
export function chooseForServer(
  installations: readonly Installation[],
  program: string,
  server: PgVersion,
): { path: string; version: PgVersion; program: string } | null {
  const fitting = installations
    .filter((one) => one.programs.includes(program) && majorOf(one.version) >= majorOf(server))
    .toSorted((a, b) => majorOf(a.version) - majorOf(b.version) || b.version - a.version)
  const best = fitting[0]
  return best ? { path: join(best.folder, fileName(program)), version: best.version, program } : null
}

/** Why no program fits, with both versions and what to install. */
export function noFit(
  installations: readonly Installation[],
  program: string,
  server: PgVersion,
  platform: NodeJS.Platform = process.platform,
): AppError {
  const newest = installations.filter((one) => one.programs.includes(program)).toSorted((a, b) => b.version - a.version)[0]
  const hint = installHint(program, majorOf(server), platform)
  if (!newest) {
    return new AppError('tool_missing', `There is no ${program} on this machine. The server is ${formatPgVersion(server)}.`, {
      hint,
      details: { program, server },
    })
  }
  return new AppError(
    'version_mismatch',
    `The newest ${program} here is ${formatPgVersion(newest.version)}, but the server is ${formatPgVersion(server)}. ${olderProblem(program)}`,
    { hint, details: { program, server, newest: newest.version } },
  )
}

function olderProblem(program: string): string {
  if (program === 'pg_dump' || program === 'pg_dumpall') return `${program} can't dump a server newer than itself.`
  return `${program} should not be older than the server it works with.`
}

function installHint(program: string, major: number, platform: NodeJS.Platform): string {
  const part = serverPrograms.has(program) ? '' : '-client'
  const folder = 'or add the folder that holds it in Settings.'
  if (platform === 'darwin') return `Install PostgreSQL ${major} (brew install postgresql@${major}), ${folder}`
  if (platform === 'win32') return `Install PostgreSQL ${major} from postgresql.org, ${folder}`
  const name = `postgresql${part}-${major}`
  return `Install ${name} (apt install ${name}), ${folder}`
}
