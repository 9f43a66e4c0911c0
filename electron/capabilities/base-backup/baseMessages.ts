// What pg_basebackup and the server say on standard error while it works: warnings to keep, and why it failed.
import type { JobIssue } from '../../../shared/jobs/job'
import { AppError, type ErrorCode } from '../../../shared/rpc/appError'
import { explainToolFailure } from '../../library/explainToolFailure'
import type { ProcessExit } from '../../process/processTypes'

/** NOTICE and WARNING come from the server through libpq, `warning:` from the program itself. */
export function readWarning(line: string): JobIssue | undefined {
  const own = /^pg_\w+: warning: (.*)$/.exec(line)?.[1]
  const served = /^(?:NOTICE|WARNING): {2}(.*)$/.exec(line)?.[1]
  const message = own ?? served
  // With archiving the server only says that it is done.
  if (message === undefined || message.startsWith('all required WAL segments have been archived')) return undefined
  const advice = advices.find(({ match }) => match.test(message))?.advice ?? ''
  return { ...blankIssue, severity: 'warning', message, advice }
}

export const blankIssue = {
  object: '',
  objectKind: '',
  entry: '',
  statement: '',
  harmless: null,
  advice: '',
  logLine: null,
} as const

const advices: readonly { match: RegExp; advice: string }[] = [
  {
    match: /WAL archiving is not enabled/,
    advice: 'The backup can be started only together with the WAL from its start to its end. Keep the archive that has it.',
  },
  {
    match: /checksum verification failed|checksum mismatch/,
    advice: 'A page of the server’s own file is damaged. Look at the server’s disk now, and keep earlier backups.',
  },
  {
    match: /still waiting for all required WAL segments to be archived/,
    advice: 'The server’s archive_command does not succeed: look at pg_stat_archiver and the server’s log.',
  },
]

interface Known {
  match: RegExp
  code: ErrorCode
  says: string
  hint: string
}

const known: readonly Known[] = [
  {
    match: /number of requested standby connections exceeds "?max_wal_senders/,
    code: 'postgres',
    says: 'the server had no free WAL sender.',
    hint: 'Another backup or standby took it. Wait until it has ended, or raise max_wal_senders and restart the server.',
  },
  {
    match: /all replication slots are in use/,
    code: 'postgres',
    says: 'every replication slot of the server is in use.',
    hint: 'Drop one that nobody reads, raise max_replication_slots and restart, or choose --no-slot.',
  },
  {
    match: /replication slot "[^"]*" already exists/,
    code: 'conflict',
    says: 'there is a replication slot of that name already.',
    hint: 'Choose another name, or use that slot without making it.',
  },
  {
    match: /requested WAL segment \S+ has already been removed|WAL segment \S+ has already been removed/,
    code: 'postgres',
    says: 'the server had removed WAL that the backup still needed.',
    hint: 'Stream the WAL alongside with a slot, or raise wal_keep_size.',
  },
  {
    match: /incremental backups cannot be taken unless WAL summarization is enabled/,
    code: 'postgres',
    says: 'the server does not summarize its WAL.',
    hint: 'ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf();',
  },
  {
    match: /WAL summaries are required on timeline|timed out waiting for WAL summarization|WAL summarization is not progressing/,
    code: 'postgres',
    says: 'the server has no summaries of all WAL since the backup that this one builds on.',
    hint: 'Take a full backup: the next incremental one can build on that.',
  },
  {
    match: /(?:backup )?manifest system identifier/,
    code: 'postgres',
    says: 'the backup that this one builds on is of another cluster.',
    hint: 'Choose another one to build on, or take a full backup.',
  },
  {
    match: /must be superuser or replication role|permission denied to start WAL sender/,
    code: 'permission',
    says: 'the role may not open replication connections.',
    hint: 'As a superuser: ALTER ROLE ... REPLICATION.',
  },
  {
    match: /checksum error occurred|checksum verification failure/,
    code: 'postgres',
    says: 'pages of the server’s own files are damaged: they do not have their checksums.',
    hint: 'Keep earlier backups, and look at the server’s disk. The log of this job names the files. With --no-verify-checksums the damage would be copied.',
  },
  {
    match: /could not receive data from WAL stream|could not send .*end-of-streaming|background process terminated unexpectedly/,
    code: 'disconnected',
    says: 'the connection that receives the WAL was lost.',
    hint: 'Check that the server runs and can be reached, then run it again.',
  },
]

/** `lines`: errors from all of standard error. The caller has dealt with a cancel already. */
export function explainBaseFailure(program: string, exit: ProcessExit, lines: readonly string[]): AppError {
  const text = lines.join('\n')
  // A full disk and a killed program explain themselves, and make other messages follow.
  const plain = exit.killedBy !== null || /No space left on device|Disk quota exceeded/.test(text)
  const found = plain ? undefined : known.find(({ match }) => match.test(text))
  if (!found) return explainToolFailure(program, exit, lines)
  const original = lines
    .filter((line) => /(error|fatal): /i.test(line))
    .slice(0, 5)
    .join('\n')
  return new AppError(found.code, `${program} failed: ${found.says}`, {
    hint: found.hint,
    ...(original === '' ? {} : { details: { original } }),
  })
}
