// Results of searches: the last ones in memory, those of jobs on disk, so that they are there after a restart.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type AccidentResult, accidentResult } from '../../../shared/contracts/accident'
import { AppError } from '../../../shared/rpc/appError'
import { writeDurably } from '../../durableFile'
import { errorCode } from '../../process/systemError'
import type { AppPaths } from '../../services'

const keptInMemory = 24
const keptOnDisk = 100

const recent = new Map<string, AccidentResult>()

/** By the key of a search; the least recently used one goes. */
export function recallResult(key: string): AccidentResult | undefined {
  const found = recent.get(key)
  if (found) {
    recent.delete(key)
    recent.set(key, found)
  }
  return found
}

export function rememberResult(key: string, result: AccidentResult): void {
  recent.set(key, result)
  for (const old of [...recent.keys()].slice(0, -keptInMemory)) recent.delete(old)
}

function folderOf(paths: Pick<AppPaths, 'data'>): string {
  return join(paths.data, 'accidents')
}

/** Ids of jobs are made of digits, letters and dashes; what is not one names no file. */
function fileOf(paths: Pick<AppPaths, 'data'>, jobId: string): string {
  if (!/^[\w-]+$/.test(jobId)) throw notKept()
  return join(folderOf(paths), `${jobId}.json`)
}

function notKept(): AppError {
  return new AppError('not_found', 'The result of that search is not kept any more.', { hint: 'Search again.' })
}

export function saveResult(paths: Pick<AppPaths, 'data'>, jobId: string, result: AccidentResult): void {
  const folder = folderOf(paths)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeDurably(fileOf(paths, jobId), JSON.stringify(result))
  const age = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const oldest = files.toSorted((a, b) => age(b) - age(a)).slice(keptOnDisk)
  for (const name of oldest) rmSync(join(folder, name), { force: true })
}

/** Throws AppError not_found. */
export function loadResult(paths: Pick<AppPaths, 'data'>, jobId: string): AccidentResult {
  try {
    return accidentResult.parse(JSON.parse(readFileSync(fileOf(paths, jobId), 'utf8')))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw notKept()
    throw error
  }
}
