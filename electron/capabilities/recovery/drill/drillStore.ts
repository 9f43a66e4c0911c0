// Results of drills in the application's own data, by job: the report is made from them.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DrillResult, drillResult } from '../../../../shared/contracts/drill'
import { AppError } from '../../../../shared/rpc/appError'
import { writeDurably } from '../../../durableFile'
import { errorCode } from '../../../process/systemError'
import type { AppPaths } from '../../../services'

const folderOf = ({ data }: Pick<AppPaths, 'data'>) => join(data, 'drills')

export function saveDrill(paths: Pick<AppPaths, 'data'>, result: DrillResult): void {
  mkdirSync(folderOf(paths), { recursive: true, mode: 0o700 })
  writeDurably(join(folderOf(paths), `${result.jobId}.json`), JSON.stringify(result, null, 2))
}

/** Newest first; one that can't be read is left out. */
export function listDrills(paths: Pick<AppPaths, 'data'>): DrillResult[] {
  let names: string[]
  try {
    names = readdirSync(folderOf(paths)).filter((name) => name.endsWith('.json'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
  return names
    .flatMap((name) => drillResult.safeParse(JSON.parse(readFileSync(join(folderOf(paths), name), 'utf8'))).data ?? [])
    .toSorted((a, b) => (a.at < b.at ? 1 : -1))
}

/** Throws AppError not_found. */
export function loadDrill(paths: Pick<AppPaths, 'data'>, jobId: string): DrillResult {
  const found = listDrills(paths).find((one) => one.jobId === jobId)
  if (found) return found
  throw new AppError('not_found', 'The report of that drill is not kept.', { hint: 'Run the drill again.' })
}
