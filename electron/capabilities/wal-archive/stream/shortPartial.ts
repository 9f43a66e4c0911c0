// A full disk can leave a .partial segment shorter than a segment, which pg_receivewal then refuses to go on with: it is set aside.
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Only uncompressed ones, which pg_receivewal fills with zeros to their full size before the first byte ("has %zd bytes,
 * should be 0 or %d", receivelog.c). The server still has the whole segment: its slot is not past it. One that holds
 * nothing but zeros is removed, any other renamed. Resolves to what was done, in words.
 */
export async function clearShortPartial(folder: string, segmentSize: number): Promise<string[]> {
  const said: string[] = []
  for (const name of await readdir(folder)) {
    if (!/^[0-9A-F]{24}\.partial$/.test(name)) continue
    const path = join(folder, name)
    const { size } = await stat(path)
    if (size === 0 || size === segmentSize) continue
    if (await isZeros(path)) {
      await rm(path)
      said.push(
        `${name} had ${size} bytes, all zeros, as a full disk leaves it: removed. It is received again from its beginning.`,
      )
    } else {
      const aside = `${name}.short-${new Date().toISOString().replace(/[-:.]/g, '')}`
      await rename(path, join(folder, aside))
      said.push(`${name} had ${size} bytes, less than a segment: it is kept as ${aside}, and received again from its beginning.`)
    }
  }
  return said
}

async function isZeros(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false })) {
      if (Buffer.isBuffer(chunk) && chunk.some((byte) => byte !== 0)) return false
    }
    return true
  } finally {
    await handle.close()
  }
}
