// What reading a foreign backup in full gives: what was proved, and the record that it gets.
import type { BackupRecord, BackupSource } from '../../../shared/model/backupRecord'

/** Under which names it is listed. */
export interface KeptUnder {
  server: string
  label: string
}

export interface ForeignReading {
  /** What was proved, in words. */
  detail: string
  /** null when none was asked for. */
  record: BackupRecord | null
}

/** Said of every record that was added later. */
export const addedLater =
  'It was not made by Walkback: its record was added later, and its checksums are those of the files at that time.'

/** Nobody asked the server: what the files tell alone. */
export function sourceOf(server: string, known: Pick<BackupSource, 'serverVersion'> & Partial<BackupSource>): BackupSource {
  return {
    ...{ label: server.trim() || 'Server not known', host: '', port: null, database: null, systemIdentifier: null },
    ...{ dataChecksums: null, encoding: null, localeProvider: null, collate: null, ctype: null, locale: null },
    ...{ collationVersion: null, owner: null, databaseSize: null },
    ...known,
  }
}
