// Where PostgreSQL's programs are usually installed, by operating system.
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Place {
  folder: string
  origin: string
}

/** Children of `parent` by name, newest first where names are versions; empty when there is no such folder. */
function children(parent: string, pattern: RegExp): string[] {
  if (!existsSync(parent)) return []
  let names: string[]
  try {
    names = readdirSync(parent)
  } catch {
    return [] // not ours to list: what is in there could not be run by name either
  }
  return names
    .filter((name) => pattern.test(name))
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(parent, name))
}

function under(parents: readonly string[], pattern: RegExp, bin: string, origin: string): Place[] {
  return parents.flatMap((parent) => children(parent, pattern).map((folder) => ({ folder: join(folder, bin), origin })))
}

/** Every place of this platform that could hold programs, the most telling origin first. */
export function knownPlaces(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  added: readonly string[],
): Place[] {
  const byHand = added.flatMap((folder) => [
    { folder, origin: 'added by hand' },
    { folder: join(folder, 'bin'), origin: 'added by hand' },
  ])
  const onPath = (env.PATH ?? env.Path ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => ({ folder, origin: 'PATH' }))
  return [...byHand, ...platformPlaces(platform, env), ...onPath]
}

function platformPlaces(platform: NodeJS.Platform, env: Readonly<Record<string, string | undefined>>): Place[] {
  const number = /^\d+(\.\d+)?$/
  if (platform === 'win32') {
    const programs = [env.ProgramFiles, env['ProgramFiles(x86)']].filter((folder) => folder !== undefined)
    return under(
      programs.map((folder) => join(folder, 'PostgreSQL')),
      number,
      'bin',
      'EDB',
    )
  }
  if (platform === 'darwin') {
    return [
      ...under(['/opt/homebrew/opt', '/usr/local/opt'], /^(postgresql|libpq)(@\d+)?$/, 'bin', 'Homebrew'),
      ...under(['/Applications/Postgres.app/Contents/Versions'], /^\d+(\.\d+)?$/, 'bin', 'Postgres.app'),
      ...under(['/Library/PostgreSQL'], number, 'bin', 'EDB'),
    ]
  }
  return [
    ...under(['/usr/lib/postgresql'], number, 'bin', 'Debian'),
    ...under(['/usr'], /^pgsql-\d+(\.\d+)?$/, 'bin', 'PGDG RPM'),
    ...under(['/home/linuxbrew/.linuxbrew/opt'], /^(postgresql|libpq)(@\d+)?$/, 'bin', 'Homebrew'),
    ...under(['/opt/PostgreSQL'], number, 'bin', 'EDB'),
    { folder: '/usr/local/pgsql/bin', origin: 'built from source' },
  ]
}
