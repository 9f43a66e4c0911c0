// The best compression that a pg_dump has: asked of the program itself, since it depends on how it was built.
import path from 'node:path'
import { majorOf, type PgVersion } from '../../shared/model/pgVersion'
import type { SpawnTool } from '../process/processTypes'

const known = new Map<string, string>()

/** By preference. gzip is in every build that matters, and before 16 there is no choice. */
const candidates = ['zstd:3', 'lz4']

/**
 * A value for --compress. pg_dump checks the method before it connects, so it is sent to a socket that is not there:
 * "does not support compression" is a no, a failed connection a yes.
 */
export async function chooseCompression(
  tool: { path: string; version: PgVersion },
  scratch: string,
  spawn: SpawnTool,
): Promise<string> {
  if (majorOf(tool.version) < 16) return '6'
  const key = `${tool.path} ${tool.version}`
  const cached = known.get(key)
  if (cached !== undefined) return cached
  let best = '6'
  for (const candidate of candidates) {
    const exit = await spawn({
      file: tool.path,
      argv: [
        `--host=${path.join(scratch, 'no-such-folder')}`,
        '--no-password',
        '--dbname=postgres',
        '--format=custom',
        `--file=${process.platform === 'win32' ? 'NUL' : '/dev/null'}`,
        `--compress=${candidate}`,
      ],
    })
    const text = exit.stderrTail.join('\n')
    if (!/does not support compression|invalid compression|unrecognized compression/.test(text)) {
      best = candidate
      break
    }
  }
  known.set(key, best)
  return best
}
