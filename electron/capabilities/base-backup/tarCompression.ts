// The compression to offer for tars: the best that pg_basebackup was built with and that can be read back here.
import { readFile } from 'node:fs/promises'
import { majorOf } from '../../../shared/model/pgVersion'
import { unpackProblem } from '../../library/unpackFile'
import type { BaseTool } from './planVerify'

const known = new Map<string, string>()

/**
 * Whether a build has zstd or lz4 no option of it tells, and it says so only once the backup has begun; but the program names the
 * library's functions that it calls. Where it does not (all linked in and stripped) gzip is the safe answer.
 */
export async function chooseTarCompression(tool: BaseTool): Promise<string> {
  const gzip = '1' // higher levels are slower than most disks
  if (majorOf(tool.version) < 15) return gzip
  const key = `${tool.path} ${tool.version}`
  const cached = known.get(key)
  if (cached !== undefined) return cached
  const program = await readFile(tool.path).catch(() => Buffer.alloc(0)) // may be run and not read
  let best = 'client-gzip:1'
  if (program.includes('ZSTD_compressStream2') && (await unpackProblem('zstd')) === '') best = 'client-zstd:3'
  else if (program.includes('LZ4F_compressUpdate') && (await unpackProblem('lz4')) === '') best = 'client-lz4'
  known.set(key, best)
  return best
}
