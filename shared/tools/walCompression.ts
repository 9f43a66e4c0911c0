// What --compress takes in pg_basebackup and pg_receivewal: a gzip level before 15, a method with details since.
import { majorOf, type PgVersion } from '../model/pgVersion'
import type { OptionChoice } from './defineTool'

/** Levels as the documentation of pg_basebackup gives them; zstd's are its library's. */
const levels: Readonly<Record<string, readonly [number, number]>> = { gzip: [1, 9], lz4: [1, 12], zstd: [-131072, 22] }

/** Both programs learned methods with 15; before that a bare level meant gzip. */
const methodsSince = 15

export const baseBackupCompressions: readonly OptionChoice[] = [
  { value: '0', label: 'None' },
  { value: '1', label: 'gzip, level 1 (fast)' },
  { value: '6', label: 'gzip, level 6' },
  { value: 'client-lz4', label: 'lz4, here (fastest)', since: 15 },
  { value: 'client-zstd:3', label: 'zstd, here, level 3 (fast and small)', since: 15 },
  { value: 'server-lz4', label: 'lz4, on the server (less network)', since: 15 },
  { value: 'server-zstd:3', label: 'zstd, on the server, level 3 (least network)', since: 15 },
  { value: 'server-zstd:level=3,workers=2', label: 'zstd, on the server, two workers', since: 15 },
]

export const walCompressions: readonly OptionChoice[] = [
  { value: '0', label: 'None' },
  { value: '1', label: 'gzip, level 1 (fast)' },
  { value: '6', label: 'gzip, level 6' },
  { value: 'lz4', label: 'lz4 (fastest)', since: 15 },
]

export interface Compression {
  /** none, gzip, lz4 or zstd. */
  method: string
  /** Where it happens; null for a bare level, which means here. */
  place: 'client' | 'server' | null
}

/** undefined when the text is not one that a program of this version reads. */
export function readCompression(text: string): Compression | undefined {
  if (/^\d$/.test(text)) return { method: text === '0' ? 'none' : 'gzip', place: null }
  const match = /^(?:(client|server)-)?(none|gzip|lz4|zstd)(?::.+)?$/.exec(text)
  if (!match?.[2]) return undefined
  return { method: match[2], place: match[1] === 'client' || match[1] === 'server' ? match[1] : null }
}

function levelProblem(method: string, text: string): string | undefined {
  const [low, high] = levels[method] ?? [0, 0]
  const level = Number(text)
  return level >= low && level <= high ? undefined : `${method} takes a level from ${low} to ${high}.`
}

function detailProblem(method: string, detail: string): string | undefined {
  if (/^-?\d+$/.test(detail)) return levelProblem(method, detail)
  for (const part of detail.split(',')) {
    const [key, value] = part.split('=')
    if (key === 'level' && value !== undefined && /^-?\d+$/.test(value)) {
      const problem = levelProblem(method, value)
      if (problem !== undefined) return problem
    } else if (key === 'workers' && method === 'zstd' && value !== undefined && /^\d+$/.test(value)) continue
    else if (key === 'long' && method === 'zstd') continue
    else return `${method} does not take ${JSON.stringify(part)} as a detail.`
  }
  return undefined
}

/** undefined when `program` of this version reads the text. `methods`: those it knows. */
export function compressionProblem(
  program: string,
  text: string,
  version: PgVersion,
  { methods, places }: { methods: readonly string[]; places: boolean },
): string | undefined {
  if (/^\d$/.test(text)) return undefined
  const major = majorOf(version)
  if (major < methodsSince) {
    return `${program} ${major} compresses with gzip only: give a level from 0 (none) to 9. Methods came with ${program} ${methodsSince}.`
  }
  const read = readCompression(text)
  const known = `Compression is none, ${methods.join(' or ')}, with a level if wanted: ${methods[methods.length - 1]}:1.`
  if (!read || (read.method !== 'none' && !methods.includes(read.method))) return known
  if (read.place !== null && !places) return `${program} compresses here only: leave ${read.place}- out.`
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  return read.method === 'none' ? 'No compression takes no details.' : detailProblem(read.method, text.slice(colon + 1))
}
