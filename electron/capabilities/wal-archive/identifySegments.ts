// Which cluster a folder's segments are of: the system identifier in the newest that says one.
import { open } from 'node:fs/promises'
import { constants, gunzipSync } from 'node:zlib'
import { longHeaderSize, readWalHeader } from '../../../shared/model/walHeader'

/** So many of the newest are looked at. */
const looked = 20
/** Enough of a compressed file to hold a page header. */
const headBytes = 8192

/** null: none says one, as when all are compressed by lz4. */
export async function identifySegments(paths: readonly string[]): Promise<string | null> {
  for (const path of paths.toSorted().reverse().slice(0, looked)) {
    const reading = readWalHeader(await readHead(path))
    if (reading.ok) return reading.header.systemIdentifier
  }
  return null
}

async function readHead(path: string): Promise<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    const head = buffer.subarray(0, bytesRead)
    return /\.gz(?:\.partial)?$/.test(path) ? unpackHead(head) : head.subarray(0, longHeaderSize)
  } finally {
    await handle.close()
  }
}

function unpackHead(head: Buffer): Uint8Array {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return new Uint8Array() // an unfinished one: the next older is asked
  }
}
