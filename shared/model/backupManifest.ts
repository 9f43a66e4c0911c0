// backup_manifest: every file of a base backup with size and checksum, and the WAL that the backup needs.
import { z } from 'zod'
import { type Lsn, toLsn } from './lsn'

export const manifestAlgorithms = ['CRC32C', 'SHA224', 'SHA256', 'SHA384', 'SHA512', 'NONE'] as const
export type ManifestAlgorithm = (typeof manifestAlgorithms)[number]

export interface ManifestFile {
  /** Relative to the data directory; bytes that are no UTF-8 come as Latin-1 letters. */
  path: string
  size: number
  algorithm: ManifestAlgorithm
  /** Hexadecimal, lower case; CRC32C in the byte order of the server's memory. null for NONE. */
  checksum: string | null
}

export interface WalRange {
  timeline: number
  start: Lsn
  end: Lsn
}

export interface BackupManifest {
  version: number
  /** From version 2 on (PostgreSQL 17). */
  systemIdentifier: string | null
  files: ManifestFile[]
  walRanges: WalRange[]
  /** SHA-256 of all lines before its own. */
  checksum: string
}

const manifestJson = z.object({
  'PostgreSQL-Backup-Manifest-Version': z.int(),
  'System-Identifier': z.string().optional(),
  Files: z.array(
    z.object({
      Path: z.string().optional(),
      'Encoded-Path': z
        .string()
        .regex(/^([0-9a-f]{2})+$/)
        .optional(),
      Size: z.int(),
      'Checksum-Algorithm': z.enum(manifestAlgorithms).optional(),
      Checksum: z
        .string()
        .regex(/^[0-9a-f]*$/)
        .optional(),
    }),
  ),
  'WAL-Ranges': z.array(z.object({ Timeline: z.int(), 'Start-LSN': z.string(), 'End-LSN': z.string() })),
  'Manifest-Checksum': z.string().regex(/^[0-9a-f]{64}$/),
})

function decodePath(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replace(/../g, '%$&'))
  } catch {
    return encoded.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16))) // no UTF-8
  }
}

/** Throws RangeError with a sentence when the text is no manifest: cut off, damaged or of another kind. */
export function parseBackupManifest(text: string): BackupManifest {
  // The identifier is a bare number beyond what a JavaScript number holds exactly.
  const quoted = text.replace(/("System-Identifier": )(\d+)/, '$1"$2"')
  let value: unknown
  try {
    value = JSON.parse(quoted)
  } catch {
    throw new RangeError('backup_manifest is not complete: it is no valid JSON.')
  }
  const read = manifestJson.safeParse(value)
  if (!read.success) throw new RangeError(`backup_manifest is not what PostgreSQL writes: ${z.prettifyError(read.error)}`)
  const json = read.data
  return {
    version: json['PostgreSQL-Backup-Manifest-Version'],
    systemIdentifier: json['System-Identifier'] ?? null,
    files: json.Files.map((file) => ({
      path: file.Path ?? decodePath(file['Encoded-Path'] ?? ''),
      size: file.Size,
      algorithm: file['Checksum-Algorithm'] ?? 'NONE',
      checksum: file.Checksum ?? null,
    })),
    walRanges: json['WAL-Ranges'].map((range) => ({
      timeline: range.Timeline,
      start: toLsn(range['Start-LSN']),
      end: toLsn(range['End-LSN']),
    })),
    checksum: json['Manifest-Checksum'],
  }
}

/** The part that the checksum covers: everything before the last line. undefined when there is no such line. */
export function checkedPart(text: string): string | undefined {
  const at = text.lastIndexOf('"Manifest-Checksum"')
  return at < 0 ? undefined : text.slice(0, at)
}
