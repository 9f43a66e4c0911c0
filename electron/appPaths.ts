// Where the application keeps its own files, and making those folders.
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { AppError } from '../shared/rpc/appError'
import { fromSystemError } from './process/systemError'
import type { AppPaths } from './services'

/** Written when the data folder is claimed for the first time: a folder with it is ours. */
export const instanceFile = 'instance.json'

/** What decides the place; a parameter so that every platform's rule can be tried. */
export interface PathSources {
  platform: NodeJS.Platform
  env: Readonly<Record<string, string | undefined>>
  root: boolean
  home: string
}

function ownSources(): PathSources {
  return { platform: process.platform, env: process.env, root: process.getuid?.() === 0, home: homedir() }
}

/** Throws AppError bad_input for a WALKBACK_DATA that is not an absolute path. */
export function dataFolderOf(sources: PathSources): string {
  const { platform, env, root, home } = sources
  const asked = env.WALKBACK_DATA
  if (asked !== undefined && asked !== '') {
    if (!isAbsolute(asked)) {
      throw new AppError('bad_input', `WALKBACK_DATA is "${asked}", which is not an absolute path.`, {
        hint: `Write the whole path, such as WALKBACK_DATA=${resolve(asked)}.`,
      })
    }
    return resolve(asked)
  }
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'Walkback')
  if (root) return '/var/lib/walkback'
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Walkback')
  const xdg = env.XDG_DATA_HOME
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.local', 'share'), 'walkback')
}

/**
 * Makes the folders. As root the data folder itself can be entered (not listed) by others, since practice clusters run
 * as another account below it; everything else is for us alone. Scratch is not emptied here: another Walkback may be
 * using this folder, see emptyScratch.
 */
export function appPaths(dataFolder?: string, sources: PathSources = ownSources()): AppPaths {
  const data = dataFolder ?? dataFolderOf(sources)
  const paths: AppPaths = {
    data,
    jobs: join(data, 'jobs'),
    practice: join(data, 'practice'),
    defaultLibrary: join(data, 'library'),
    scratch: join(data, 'scratch'),
  }
  const entered = sources.root ? 0o711 : 0o700
  try {
    // WALKBACK_DATA=/srv names a folder with a life of its own: its modes stay, and nothing in it is emptied.
    const foreign = holdsSomething(data) && !existsSync(join(data, instanceFile))
    if (foreign && holdsSomething(paths.scratch)) throw notOurScratch(paths.scratch)
    makePrivate(data, entered, foreign)
    for (const folder of [paths.jobs, paths.defaultLibrary, paths.scratch]) makePrivate(folder, 0o700, foreign)
    makePrivate(paths.practice, entered, foreign)
  } catch (error) {
    if (error instanceof AppError) throw error
    const problem = fromSystemError(error, `use the data folder ${data}`)
    if (!problem) throw error
    throw new AppError(problem.code, problem.message, {
      hint: 'Set WALKBACK_DATA to a folder that can be written.',
      cause: error,
    })
  }
  return paths
}

/** To be called once the data folder is claimed. What is in there belongs to jobs that have ended. */
export function emptyScratch(paths: AppPaths): void {
  for (const name of readdirSync(paths.scratch)) rmSync(join(paths.scratch, name), { recursive: true, force: true })
}

/** A folder that was there before, in a data folder that was not made by us, keeps its mode. */
function makePrivate(folder: string, mode: number, foreign: boolean): void {
  const there = existsSync(folder)
  mkdirSync(folder, { recursive: true, mode })
  if (!there || !foreign) chmodSync(folder, mode)
}

function holdsSomething(folder: string): boolean {
  return existsSync(folder) && statSync(folder).isDirectory() && readdirSync(folder).length > 0
}

function notOurScratch(scratch: string): AppError {
  return new AppError(
    'conflict',
    `${scratch} holds files that are not Walkback’s, and Walkback empties that folder at each start.`,
    {
      hint: 'Set WALKBACK_DATA to a folder of its own.',
    },
  )
}
