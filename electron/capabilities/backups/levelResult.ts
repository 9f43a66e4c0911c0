// What one level of a verification found, and how that is said.
import type { JobIssue } from '../../../shared/jobs/job'
import type { BackupRecord } from '../../../shared/model/backupRecord'

/** A backup as it lies on disk. */
export interface Subject<R extends BackupRecord = BackupRecord> {
  folder: string
  record: R
}

/** One way in which a file is not as it should be. */
export interface Difference {
  /** Relative to the backup's folder; absolute where it is another backup's or an archive's. */
  file: string
  what: string
}

export interface LevelResult {
  /** null: it could not be run here, and nothing is proved either way; `detail` says why. */
  ok: boolean | null
  detail: string
  /** The same in a few words, for the list of steps. */
  brief: string
  /** Damage of the backup's own files, and of those that it builds on. */
  differences: Difference[]
  /** Of a WAL archive: the backup itself may be whole. */
  archiveProblems?: Difference[]
}

export function notRun(detail: string): LevelResult {
  return { ok: null, detail, brief: detail, differences: [] }
}

/** `whole` says what is proved when there are no differences. */
export function judged(differences: Difference[], whole: string): LevelResult {
  const ok = differences.length === 0
  const detail = ok ? whole : sayDifferences(differences)
  return { ok, detail, brief: ok ? whole : countDamage(differences), differences }
}

export function countDamage({ length }: readonly Difference[]): string {
  return `damage in ${length === 1 ? '1 file' : `${length} files`}`
}

export function sayDifferences(differences: readonly Difference[]): string {
  const said = differences.slice(0, 5).map(({ file, what }) => `${file} ${what}`)
  return `${said.join('; ')}${differences.length > 5 ? `; and ${differences.length - 5} more` : ''}.`
}

export function toIssue({ file, what }: Difference): JobIssue {
  return {
    ...{ severity: 'error', object: file, objectKind: 'FILE', entry: '', message: `${file} ${what}.` },
    ...{ statement: '', harmless: null, advice: '', logLine: null },
  }
}
