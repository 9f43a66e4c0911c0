// Finds every PostgreSQL installation of this machine and asks each for its version.
import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Installation } from '../../shared/contracts/host'
import { type PgVersion, parsePgVersion } from '../../shared/model/pgVersion'
import { knownPlaces, type Place } from './installationPlaces'
import type { SpawnTool } from './processTypes'

/** Those Walkback knows a use for; one of the first two tells an installation's version. */
export const programNames = [
  'postgres',
  'pg_dump',
  'pg_dumpall',
  'pg_restore',
  'psql',
  'vacuumdb',
  'pg_basebackup',
  'pg_receivewal',
  'pg_verifybackup',
  'pg_combinebackup',
  'pg_waldump',
  'pg_controldata',
  'pg_amcheck',
  'pg_checksums',
  'pg_ctl',
  'pg_isready',
  'pg_rewind',
  'initdb',
] as const

/** Long: a program that is slow to load on a busy machine must not vanish from the list. */
const versionMs = 15_000

export interface FindOptions {
  spawn: SpawnTool
  platform?: NodeJS.Platform
  env?: Readonly<Record<string, string | undefined>>
  /** The folders from the settings. */
  added: readonly string[]
}

/** The newest version first. One installation reached by several names is told once, by its most telling place. */
export async function findInstallations(options: FindOptions): Promise<Installation[]> {
  const platform = options.platform ?? process.platform
  const seen = new Set<string>()
  const found: Installation[] = []
  for (const place of knownPlaces(platform, options.env ?? process.env, options.added)) {
    const real = realFolder(place.folder)
    if (real === null || seen.has(real)) continue
    seen.add(real)
    const installation = await readInstallation({ ...place, folder: place.folder }, platform, options.spawn, seen)
    if (installation) found.push(installation)
  }
  return found.toSorted((a, b) => b.version - a.version)
}

async function readInstallation(
  place: Place,
  platform: NodeJS.Platform,
  spawn: SpawnTool,
  seen: Set<string>,
): Promise<Installation | null> {
  const programs = programNames.filter((name) => isRealProgram(join(place.folder, fileName(name, platform)), seen))
  const telling = programs.find((name) => name === 'postgres' || name === 'pg_dump') ?? programs[0]
  if (telling === undefined) return null
  const version = await versionOf(join(place.folder, fileName(telling, platform)), spawn)
  return version === null ? null : { folder: place.folder, version, programs, origin: place.origin }
}

/** null for a program that can't be run or prints no version, such as one for another architecture. */
export async function versionOf(file: string, spawn: SpawnTool): Promise<PgVersion | null> {
  let text = ''
  try {
    await spawn({
      file,
      argv: ['--version'],
      graceMs: 500,
      signal: AbortSignal.timeout(versionMs),
      onStdout: (line) => {
        if (text.length < 1000) text += `${line}\n`
      },
    })
  } catch {
    return null // it can't be started: not an installation we could use
  }
  return parsePgVersion(text) ?? null
}

export function fileName(program: string, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? `${program}.exe` : program
}

/**
 * Debian puts a Perl script (pg_wrapper) under every program's name into /usr/bin: it chooses a version by its own rules,
 * so only the folders behind it count. Links into a folder that was already seen are that installation again.
 */
function isRealProgram(file: string, seen: ReadonlySet<string>): boolean {
  try {
    const real = realpathSync(file)
    if (!statSync(real).isFile()) return false
    accessSync(real, constants.X_OK)
    if (basename(real) === 'pg_wrapper' || isPerlWrapper(real)) return false
    return dirname(real) === realFolder(dirname(file)) || !seen.has(dirname(real))
  } catch {
    return false // absent, or not ours to run
  }
}

function isPerlWrapper(file: string): boolean {
  const fd = openSync(file, 'r')
  try {
    const start = Buffer.alloc(64)
    readSync(fd, start, 0, start.length, 0)
    return /^#!.*perl/.test(start.toString('latin1'))
  } finally {
    closeSync(fd)
  }
}

function realFolder(folder: string): string | null {
  try {
    return realpathSync(folder)
  } catch {
    return null // absent
  }
}
