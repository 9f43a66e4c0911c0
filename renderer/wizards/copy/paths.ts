// Names of files for exports: suggestions, and what a file's name says of its compression. Pure.
import type { CopyCompression, CopyFormat } from '../../../shared/contracts/copy'

const endings: Readonly<Record<CopyFormat, string>> = { csv: '.csv', text: '.txt', binary: '.pgcopy' }
const packed: Readonly<Record<CopyCompression, string>> = { none: '', gzip: '.gz', zstd: '.zst' }

export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path) || path.startsWith('\\\\')
}

export function compressionOf(path: string): CopyCompression {
  if (/\.gz$/i.test(path)) return 'gzip'
  return /\.zst$/i.test(path) ? 'zstd' : 'none'
}

/** The same name with the ending of another compression. */
export function withCompression(path: string, compression: CopyCompression): string {
  return path.replace(/\.(gz|zst)$/i, '') + packed[compression]
}

/** The same name with the ending of another format, where it had that of one; a name of another kind stays. */
export function withFormat(path: string, format: CopyFormat): string {
  const compression = compressionOf(path)
  const bare = withCompression(path, 'none')
  const known = Object.values(endings).find((ending) => bare.toLowerCase().endsWith(ending))
  return known === undefined ? path : bare.slice(0, -known.length) + endings[format] + packed[compression]
}

/** Letters, digits and a few signs: what every file system takes. */
function plainName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, 80) || 'rows'
}

export function joinPath(folder: string, name: string): string {
  if (folder === '') return name
  const separator = folder.includes('\\') && !folder.includes('/') ? '\\' : '/'
  return folder.endsWith(separator) ? folder + name : folder + separator + name
}

export function folderOf(path: string): string {
  const at = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
  return at <= 0 ? path.slice(0, at + 1) : path.slice(0, at)
}

/** `orders.csv`, `sales.orders.csv` outside the schema public, `query.csv`. */
export function suggestedName(table: { schema: string; name: string } | null, format: CopyFormat): string {
  const base = table === null ? 'query' : table.schema === 'public' ? table.name : `${table.schema}.${table.name}`
  return plainName(base) + endings[format]
}
