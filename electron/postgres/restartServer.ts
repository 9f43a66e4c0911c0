// Restarts a server of this machine so that new settings take effect, and brings it back with the old ones when it won't start.
import { chown, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../shared/rpc/appError'
import type { JobContext } from '../jobs/jobTypes'
import type { SpawnTool } from '../process/processTypes'
import { type Started, startCluster, stopCluster } from './localCluster'
import type { Restartable } from './localServer'

/** Where ALTER SYSTEM keeps its settings, in the data directory. */
const autoConf = 'postgresql.auto.conf'

/** The text that ALTER SYSTEM's file has now, to be put back when the server does not start with what comes. */
export function readAutoConf({ cluster }: Restartable): Promise<string> {
  return readFile(join(cluster.dataDirectory, autoConf), 'utf8')
}

/**
 * `before` is the text of postgresql.auto.conf with which it last ran. Throws AppError: by then the server runs again with
 * that, or the error says that it does not.
 */
export async function restartServer(
  spawn: SpawnTool,
  job: Pick<JobContext, 'log' | 'signal'>,
  { cluster, settings }: Restartable,
  before: string,
  probe: () => Promise<void>,
): Promise<Started> {
  // Once it is stopped, a cancel must not leave it so.
  job.signal.throwIfAborted()
  const signal = new AbortController().signal
  const onLine = (line: string) => job.log(line, /\b(FATAL|PANIC|ERROR):/.test(line) ? 'warning' : 'info')
  await stopCluster(spawn, cluster, 'fast')
  try {
    return await startCluster(spawn, cluster, { settings, signal, probe, onLine })
  } catch (error) {
    const why = error instanceof AppError ? error.message : String(error)
    job.log(`It did not start: ${why} The former settings are put back.`, 'error')
    await putBack(join(cluster.dataDirectory, autoConf), before)
    await startCluster(spawn, cluster, { settings, signal, probe, onLine })
    throw new AppError(
      'postgres',
      `The server did not start with the new settings, so the former ones were put back and it runs again. ${why}`,
      {
        hint: 'The job’s log holds what the server said. Put that right, then try again.',
        cause: error,
      },
    )
  }
}

/** What was there is kept beside it. */
async function putBack(file: string, text: string): Promise<void> {
  const { uid, gid, mode } = await stat(file)
  const fresh = `${file}.walkback`
  await writeFile(fresh, text, { mode: mode & 0o777, flush: true })
  if (process.getuid?.() === 0) await chown(fresh, uid, gid)
  await rename(file, `${file}.refused`)
  await rename(fresh, file)
}
