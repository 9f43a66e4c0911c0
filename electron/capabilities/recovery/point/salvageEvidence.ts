// What of the salvaged WAL recovery really took, by the restore script's own log, and what that means for the last commit.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { JobFact } from '../../../../shared/jobs/job'
import { formatWalTime } from '../../../../shared/model/walTime'
import { AppError } from '../../../../shared/rpc/appError'
import { errorCode, fromSystemError } from '../../../process/systemError'
import type { PointRun } from './pointRun'
import { salvageFolder, scriptLog } from './restoreScript'

/** Names that were fetched from what was salvaged, each once. Throws AppError postgres when one on the way was not. */
export async function requireSalvaged({ salvage }: Pick<PointRun, 'salvage'>, dataDirectory: string): Promise<string[]> {
  if (salvage === null) return []
  const fetched = await readFetched(path.join(dataDirectory, scriptLog))
  const [never] = salvage.used.filter((name) => !fetched.includes(name))
  if (never === undefined) return fetched
  throw new AppError('postgres', `The recovery ended without ${never}, which was salvaged and is on the way to its target.`, {
    hint: `Do not use this cluster. ${path.join(dataDirectory, scriptLog)} says what was fetched.`,
  })
}

async function readFetched(file: string): Promise<string[]> {
  try {
    const text = await readFile(file, 'utf8')
    const pattern = new RegExp(`restored: (\\S+) from ${salvageFolder}/\\S+, salvaged$`, 'gm')
    return [...new Set([...text.matchAll(pattern)].flatMap(([, name]) => name ?? []))]
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw fromSystemError(error, `read ${file}`) ?? error
  }
}

export function salvageFacts({ salvage }: Pick<PointRun, 'salvage'>, fetched: readonly string[]): JobFact[] {
  if (salvage === null) return []
  const { offer, lastCommit } = salvage
  const count = `${offer.files.length} ${offer.files.length === 1 ? 'file' : 'files'} of ${offer.name}`
  // The log has the names in full; here their ends tell them apart.
  const [first, last] = [fetched[0], fetched.at(-1)].map((name) => `…${(name ?? '').slice(-10)}`)
  const which = fetched.length === 1 ? first : `${first} to ${last}`
  const taken = fetched.length === 0 ? 'none was needed' : `recovery fetched ${fetched.length}: ${which}`
  return [
    { label: 'Salvaged WAL', value: `${count}; ${taken}`, mono: false },
    ...(lastCommit
      ? [
          {
            label: 'Last commit',
            value: `transaction ${lastCommit.xid}, ${formatWalTime(lastCommit.time)}, from the salvaged WAL`,
            mono: false,
          },
        ]
      : []),
  ]
}
