// The levels of a verification in words: what each proves of this backup, and how much it reads for that.
import type { CatalogEntry } from '../../../shared/contracts/backups'
import { type BackupRecord, isPhysical } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { toLsn } from '../../../shared/model/lsn'
import { holdsItsWal, type VerifyLevel, verifyLevels } from '../../../shared/model/verifyLevels'
import { formatDuration } from '../../format/duration'

/** Those that a backup of its kind could have: one that this backup can't have is shown with the reason. */
export function shownLevels(record: BackupRecord): VerifyLevel[] {
  const ofKind: Record<BackupRecord['kind'], readonly VerifyLevel[]> = {
    dump: ['checksums', 'read'],
    'cluster-dump': ['checksums', 'read'],
    'dump-set': ['checksums', 'read'],
    'base-backup': ['checksums', 'manifest', 'wal'],
    'cold-backup': ['checksums', 'read', 'wal'],
  }
  return verifyLevels.filter((level) => ofKind[record.kind].includes(level))
}

export interface LevelWords {
  label: string
  proves: string
  /** How much it reads, and how long that takes at a plain pace. */
  reads: string
}

/** What a disk gives that does nothing else, in bytes a second: for "about", no more. */
const pace = 200_000_000

export function levelWords(entry: CatalogEntry, level: VerifyLevel, archives: number): LevelWords {
  const { record } = entry
  const recorded = record.files.reduce((sum, file) => sum + Number(file.size), 0)
  const all = Number(entry.size)
  if (level === 'checksums') {
    const beside = record.kind === 'base-backup' && record.manifest !== null && record.format === 'plain'
    return {
      label: 'Checksums',
      proves: beside
        ? 'WAL, settings files and the manifest are byte for byte as they were recorded, and no file was added or is missing.'
        : 'Every file is byte for byte as it was recorded, and none was added or is missing.',
      reads: readWords(recorded),
    }
  }
  if (level === 'read') {
    return isPhysical(record)
      ? { label: 'Page checksums', proves: 'Every page has its checksum: pg_checksums reads the copy.', reads: readWords(all) }
      : {
          label: 'Read in full',
          proves: 'The dump can be read to its end by the program that restores it.',
          reads: readWords(all),
        }
  }
  if (level === 'manifest') return manifestWords(record, all)
  return walWords(record, archives)
}

function manifestWords(record: BackupRecord, all: number): LevelWords {
  const chain = record.kind === 'base-backup' && record.incremental !== null
  return {
    label: 'Manifest',
    proves: `Every file of the cluster is as the server sent it: pg_verifybackup compares each with the manifest${
      chain ? ', here and in every backup that this one builds on' : ''
    }.`,
    reads: chain ? `${readWords(all).replace(/\.$/, '')}, and all that it builds on.` : readWords(all),
  }
}

function walWords(record: BackupRecord, archives: number): LevelWords {
  const own = isPhysical(record) && holdsItsWal(record)
  const bytes = isPhysical(record) ? Number(toLsn(record.stop.lsn) - toLsn(record.start.lsn)) : 0
  const ownWords = own ? 'Its own WAL is sound up to where it is consistent' : 'The archive holds all WAL that it needs'
  const after =
    archives === 0
      ? '; no archive of its cluster is known, so what comes after it is not looked at.'
      : ', and so is all WAL from there to the archive’s end.'
  return {
    label: 'WAL',
    proves: `${ownWords}${own ? after : ', sound to its end.'}`,
    reads: `${own ? `Reads ${formatBytes(bytes)}` : 'Reads'}${archives === 0 ? '.' : `${own ? ' and' : ''} the archive from the backup on.`}`,
  }
}

function readWords(bytes: number): string {
  const ms = (bytes / pace) * 1000
  const time = ms < 1000 ? 'under a second' : `about ${formatDuration(ms)}`
  return `Reads ${formatBytes(bytes)}: ${time} at 200 MB/s.`
}
