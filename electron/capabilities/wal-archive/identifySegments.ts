// Which cluster a folder's segments are of: the system identifier in the newest that says one.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readArchiveFile } from '../../archive/readArchiveFile'
import type { SpawnTool } from '../../process/processTypes'

/** So many of the newest are looked at. */
const looked = 20

/** null: none says one, as when all are compressed in a way that can't be unpacked here. */
export async function identifySegments(
  folder: string,
  names: readonly string[],
  spawn: SpawnTool,
  signal: AbortSignal,
): Promise<string | null> {
  for (const file of names.toSorted().reverse().slice(0, looked)) {
    const { size, mtimeMs } = await stat(join(folder, file))
    const entry = await readArchiveFile({ file, size, modified: mtimeMs, special: false }, { folder, spawn, signal })
    if (entry.kind === 'segment' && entry.header !== null) return entry.header.systemIdentifier
  }
  return null
}
