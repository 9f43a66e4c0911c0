// The files of a base backup against its manifest, as they stream by: names, sizes and checksums.
import { createHash, type Hash } from 'node:crypto'
import type { BackupManifest, ManifestAlgorithm, ManifestFile } from '../../shared/model/backupManifest'
import { crc32c, manifestCrc } from './crc32c'

export interface FileProblem {
  /** As in the manifest. */
  file: string
  what: string
}

export interface MemberCheck {
  begin(name: string, size: number): void
  data(chunk: Buffer): void
  end(): void
  /** What was not seen is missing. Sorted by name. */
  finish(): FileProblem[]
}

/**
 * What no manifest covers: WAL, which is checked as WAL, and what pg_verifybackup ignores, since a standby's set-up changes it.
 * Source: parse_manifest_file and verify_backup_directory in pg_verifybackup.c.
 */
export function isUncovered(name: string): boolean {
  return (
    name.startsWith('pg_wal/') ||
    ['backup_manifest', 'postgresql.auto.conf', 'recovery.signal', 'standby.signal', 'tablespace_map'].includes(name)
  )
}

export interface Digest {
  update(chunk: Buffer): void
  hex(): string
}

export function digestOf(algorithm: ManifestAlgorithm): Digest | null {
  if (algorithm === 'NONE') return null
  if (algorithm === 'CRC32C') {
    let crc = 0
    return {
      update: (chunk) => {
        crc = crc32c(chunk, crc)
      },
      hex: () => manifestCrc(crc),
    }
  }
  const hash: Hash = createHash(algorithm.toLowerCase())
  return { update: (chunk) => void hash.update(chunk), hex: () => hash.digest('hex') }
}

export function checkMembers(manifest: BackupManifest): MemberCheck {
  const expected = new Map(manifest.files.map((file) => [file.path, file]))
  const seen = new Set<string>()
  const problems: FileProblem[] = []
  let current: { file: ManifestFile; digest: Digest | null } | null = null
  return {
    begin(name, size) {
      current = null
      const file = expected.get(name)
      if (!file) {
        if (!isUncovered(name)) problems.push({ file: name, what: 'is in the backup and not in its manifest' })
        return
      }
      seen.add(name)
      if (isUncovered(name)) return
      if (file.size !== size) problems.push({ file: name, what: `has ${size} bytes, the manifest says ${file.size}` })
      else current = { file, digest: digestOf(file.algorithm) }
    },
    data(chunk) {
      current?.digest?.update(chunk)
    },
    end() {
      if (current?.digest && current.digest.hex() !== current.file.checksum) {
        problems.push({ file: current.file.path, what: `differs from its ${current.file.algorithm} in the manifest` })
      }
      current = null
    },
    finish() {
      for (const file of expected.keys())
        if (!seen.has(file)) problems.push({ file, what: 'is in the manifest and not in the backup' })
      return problems.toSorted((a, b) => (a.file < b.file ? -1 : 1))
    },
  }
}
