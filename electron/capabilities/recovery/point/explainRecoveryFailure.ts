// What PostgreSQL says when a recovery fails, in plain words, with the next step. Texts of 13 to 18.
// Over 150 lines if anything: one entry for each message.

export interface ExplainedFailure {
  /** A short name for it. */
  reason: string
  /** What happened. */
  says: string
  /** What the person does next. */
  advice: string
}

type Entry = [pattern: RegExp, reason: string, says: string, advice: string]

/** `$1`… in the texts are the groups of the pattern. The first that fits counts: causes stand before what they lead to. */
const entries: readonly Entry[] = [
  [
    /walkback: (.+)/,
    'archive-read',
    'The archive could not be read: $1.',
    'Look at the archive’s folder and its disk, then start again. Nothing in it was changed.',
  ],
  [
    /archive file "([^"]+)" has wrong size: (\d+) instead of (\d+)/,
    'short-segment',
    'The segment $1 in the archive has $2 of $3 bytes.',
    'Put the whole segment back from a copy, or choose a moment before it.',
  ],
  [
    /could not restore file "([^"]+)" from archive: (.+)/,
    'archive-read',
    'The segment $1 could not be fetched from the archive: $2.',
    'The script’s log in the data directory says more: walkback/restore.log.',
  ],
  [
    /WAL file is from different database system: (.+)/,
    'foreign-segment',
    'A segment in the archive is of another cluster: $1.',
    'Two clusters write into this archive, or a file was copied into it. Use an archive of this cluster alone.',
  ],
  // The other complaints about a record are also what every WAL ends with: they come last.
  [
    /incorrect resource manager data checksum in record at ([0-9A-F/]+)/,
    'damage',
    'The WAL can’t be read on after $1.',
    'Check the WAL from the backup on, on the archive’s page: it names the file.',
  ],
  [
    /multiple recovery targets specified/,
    'two-targets',
    'The settings name more than one recovery target.',
    'A settings file outside the data directory names another one. Remove its recovery_target settings, and start again.',
  ],
  [
    /invalid value for parameter "(recovery_target\w*)": (.+)/,
    'bad-target',
    'The server does not understand $1 = $2.',
    'Times are written with a numeric offset, such as +00:00.',
  ],
  [
    /requested recovery stop point is before consistent recovery point/,
    'before-backup',
    'The moment lies before the end of the backup: nothing before that can be reached from it.',
    'Choose a later moment, or a backup that ended before it.',
  ],
  [
    /recovery ended before configured recovery target was reached/,
    'target-not-reached',
    'The WAL in the archive ended before the moment was reached.',
    'Choose an earlier moment. What is at the last commit or after it is asked for by its position, or as the end of the WAL.',
  ],
  [
    /recovery target timeline (\d+) does not exist/,
    'timeline',
    'The archive has no history of timeline $1.',
    'Choose a timeline that is in the archive.',
  ],
  [
    /requested timeline (\d+) is not a child of this server's history/,
    'timeline',
    'Timeline $1 left this cluster’s history before the backup, or is of another one.',
    'Choose the backup’s own timeline, or a backup that is older than the fork.',
  ],
  [
    /requested timeline (\d+) does not contain minimum recovery point ([0-9A-F/]+) on timeline (\d+)/,
    'fork',
    'Timeline $1 begins before the end of the backup, at $2 on timeline $3.',
    'Choose timeline $3, or a backup that ended before the fork.',
  ],
  [
    /(?:new timeline (\d+) is not a child of database system timeline|unexpected timeline ID (\d+))/,
    'timeline',
    'A segment of another timeline ($1$2) is where one of this timeline should be.',
    'Check the WAL from the backup on, on the archive’s page.',
  ],
  [
    /hot standby is not possible because (\w+) = (\d+) is a lower setting than on the (?:master|primary) server \(its value was (\d+)\)/,
    'settings',
    '$1 is $2 here, and was $3 on the server: a hot standby needs at least as much.',
    'Set $1 = $3 in postgresql.auto.conf of the recovered cluster, and start again.',
  ],
  [
    /(\w+) = (\d+) is a lower setting than on the primary server, where its value was (\d+)/,
    'settings',
    '$1 is $2 here, and was $3 on the server: a hot standby needs at least as much.',
    'Set $1 = $3 in postgresql.auto.conf of the recovered cluster, and start again.',
  ],
  [
    /(?:recovery aborted|hot standby is not possible) because of insufficient parameter settings/,
    'settings',
    'A setting is lower here than it was on the server.',
    'Give max_connections, max_worker_processes, max_wal_senders, max_prepared_transactions and max_locks_per_transaction at least the server’s values.',
  ],
  [
    /hot standby is not possible because wal_level was not set to/,
    'settings',
    'The server ran with wal_level = minimal, so nobody can look into it while it recovers.',
    'Promote at the target instead of pausing, and check whether its archive is complete.',
  ],
  [
    /WAL was generated with wal_level=minimal, (?:cannot continue recovering|data may be missing)/,
    'wal-level',
    'The server ran with wal_level = minimal for a time: its WAL has not everything.',
    'Choose a moment before that, or a backup taken after it.',
  ],
  [
    /WAL ends before (?:end of online backup|consistent recovery point)/,
    'wal-missing',
    'The WAL ends before the end of the backup, so it never becomes consistent.',
    'Segments between the start and the end of the backup are missing in the archive: find them, or use another backup.',
  ],
  [
    /could not (?:locate (?:a valid|required) checkpoint record|find redo location)/,
    'checkpoint',
    'The WAL with the checkpoint that the backup begins with is not there, or damaged.',
    'Find that segment for the archive, or use another backup. Do not remove backup_label, whatever the server’s hint says.',
  ],
  [
    /this is an incremental backup, not a data directory/,
    'incremental',
    'This is an incremental backup, not a data directory.',
    'Recover from it in Walkback, which combines it with the backups that it builds on, or combine them yourself first.',
  ],
  [
    /database files are incompatible with server|The data directory was initialized by PostgreSQL version (\S+),/,
    'version',
    'The backup is of another major version than the server’s programs.',
    'Use the programs of the backup’s own major version.',
  ],
  [
    /could not (?:open|create|access) (?:directory|file) "(pg_tblspc\/[^"]+)"/,
    'tablespace',
    'A tablespace is not where its link leads: $1.',
    'Give each tablespace of the backup a folder, and start again.',
  ],
  [
    /data directory "([^"]+)" has (?:wrong ownership|group or world access|invalid permissions)/,
    'ownership',
    'The data directory $1 does not belong to the account that starts the server, or is open to others.',
    'It must belong to that account, with mode 0700 or 0750.',
  ],
  [
    /lock file "postmaster\.pid" already exists/,
    'running',
    'A server already runs in this data directory.',
    'Stop it first, or choose another destination.',
  ],
  [/Address already in use/, 'port', 'Another program listens on this port.', 'Choose another port.'],
  [/No space left on device/, 'disk', 'The disk is full.', 'Free some space, and start again.'],
  [
    /(?:invalid (?:record length|magic number|resource manager ID)|record with incorrect prev-link|unexpected pageaddr|contrecord is requested by|missing contrecord) (?:in record )?at ([0-9A-F/]+)/,
    'damage',
    'The WAL can’t be read on after $1.',
    'Check the WAL from the backup on, on the archive’s page: it names the file.',
  ],
]

/** By the server's own lines; null for what is not known. */
export function explainRecoveryFailure(lines: readonly string[]): ExplainedFailure | null {
  const text = lines.join('\n')
  for (const [pattern, reason, says, advice] of entries) {
    const match = pattern.exec(text)
    if (!match) continue
    const fill = (sentence: string) => sentence.replaceAll(/\$(\d)/g, (_all, group: string) => match[Number(group)] ?? '')
    return { reason, says: fill(says), advice: fill(advice) }
  }
  return null
}
