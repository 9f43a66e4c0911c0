// zstd where the runtime has it: Node 22.15 and newer do, Node 20 does not.
import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'

interface Zstd {
  createZstdCompress(): Transform
  createZstdDecompress(): Transform
}

/** The types of Node 20 don't name what newer ones have. */
function hasZstd(library: object): library is Zstd {
  return 'createZstdCompress' in library && 'createZstdDecompress' in library
}

const library: object = zlib
const zstd = hasZstd(library) ? library : undefined

/** '' where it can be used. */
export const zstdProblem = zstd ? '' : `The Node.js that runs here (${process.versions.node}) has no zstd; 22.15 and newer have.`

export function packZstd(): Transform {
  if (!zstd) throw new Error(zstdProblem)
  return zstd.createZstdCompress()
}

export function unpackZstd(): Transform {
  if (!zstd) throw new Error(zstdProblem)
  return zstd.createZstdDecompress()
}
