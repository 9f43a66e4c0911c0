// Why pg_dump, pg_dumpall or pg_restore failed, in plain words with what to do next.
import { AppError, type ErrorCode } from '../../shared/rpc/appError'
import type { ProcessExit } from '../process/processTypes'

interface Known {
  match: RegExp
  code: ErrorCode
  /** May use what the expression captured. */
  says: (found: RegExpExecArray) => string
  hint: string
}

/** In order: what explains most comes first, since one cause makes several messages. */
const known: readonly Known[] = [
  {
    match: /No space left on device|Disk quota exceeded/,
    code: 'tool_failed',
    says: () => 'The disk is full.',
    hint: 'Free some space or choose a library on another disk, then run it again.',
  },
  {
    match: /aborting because of server version mismatch/,
    code: 'version_mismatch',
    says: () => 'This program is older than the server and refuses to dump it.',
    hint: 'Install the client programs of the server’s major version, or newer ones.',
  },
  {
    match: /password authentication failed for user "([^"]*)"|fe_sendauth: no password supplied/,
    code: 'permission',
    says: (found) =>
      found[1] === undefined
        ? 'The server asked for a password and none is known.'
        : `The server refused the password of ${found[1]}.`,
    hint: 'It may have been changed meanwhile. Enter the new one in the connection, then run it again.',
  },
  {
    match: /no pg_hba\.conf entry for/,
    code: 'permission',
    says: () => 'The server’s pg_hba.conf does not let this connection in.',
    hint: 'Ask whoever runs the server for a rule for this machine, role and database.',
  },
  {
    match: /too many clients already|remaining connection slots are reserved|too many connections for (?:role|database)/,
    code: 'postgres',
    says: () => 'The server has no free connection left.',
    hint: 'Choose fewer parallel jobs, or wait until others have disconnected.',
  },
  {
    match: /query would be affected by row-level security policy for table "([^"]*)"/,
    code: 'permission',
    says: (found) => `Row security hides rows of the table ${found[1]} from this role, so the dump would not be whole.`,
    hint: 'Dump as the owner, a superuser or a role with BYPASSRLS; or choose --enable-row-security to take only what the role sees.',
  },
  {
    match: /permission denied for (\w+(?: \w+)*?) (\S.*?)$/m,
    code: 'permission',
    says: (found) => `The role may not read the ${found[1]} ${found[2]}.`,
    hint: 'Grant it the right to read everything (GRANT pg_read_all_data, version 14 and newer), use another role, or leave those objects out.',
  },
  {
    match: /user may lack SELECT privilege on the sequence/,
    code: 'permission',
    says: () => 'The role may not read the value of a sequence.',
    hint: 'Grant it SELECT on all sequences, or pg_read_all_data in version 14 and newer.',
  },
  {
    // pg_dump keeps to --lock-wait-timeout by a statement timeout, and sets none otherwise.
    match: /canceling statement due to (?:lock|statement) timeout|could not obtain lock on relation "([^"]*)"/,
    code: 'postgres',
    says: (found) =>
      `${found[1] === undefined ? 'A table' : `The table ${found[1]}`} stayed locked by another session for too long.`,
    hint: 'Find the session (pg_stat_activity, pg_locks) or wait for it, then run it again; --lock-wait-timeout says how long to wait.',
  },
  {
    match: /canceling statement due to conflict with recovery/,
    code: 'postgres',
    says: () => 'The standby had to end the dump, because it held up recovery for too long.',
    hint: 'Raise max_standby_streaming_delay on the standby, switch hot_standby_feedback on, or dump from the primary.',
  },
  {
    match: /cannot use serializable mode in a hot standby/,
    code: 'postgres',
    says: () => 'A standby can’t wait for a serializable moment.',
    hint: 'Leave --serializable-deferrable out, or dump from the primary.',
  },
  {
    match:
      /invalid page in block|could not read block|missing chunk number|compressed (?:lz4|pglz) data is corrupt|invalid memory alloc request/,
    code: 'postgres',
    says: () => 'The server could not read some of its own data: the database is damaged.',
    hint: 'Stop writing to it, keep a copy of its data directory, and look at the server’s log. The log of this job names the table.',
  },
  {
    match:
      /server closed the connection unexpectedly|terminating connection|connection to (?:server|database)[^\n]* failed|could not connect|Connection refused|Connection reset|the database system is|SSL SYSCALL error|could not receive data from server|lost synchronization|no connection to the server/,
    code: 'disconnected',
    says: () => 'The connection to the server was lost.',
    hint: 'Check that the server runs and can be reached, then run it again. Its log says whether it was stopped or has crashed.',
  },
  {
    // After the lost connection, which ends workers as well.
    match: /a worker process died unexpectedly/,
    code: 'tool_failed',
    says: () => 'One of its parallel workers was ended from outside.',
    hint: 'Somebody stopped it, or the system was out of memory (look for "Out of memory" in the system log). Run it again, perhaps with fewer jobs.',
  },
  {
    match: /no matching (schemas|tables|extensions|foreign servers) were found(?: for pattern "(.*)")?/,
    code: 'bad_input',
    says: (found) => `None of the ${found[1]} that were asked for is there${found[2] === undefined ? '' : `: ${found[2]}`}.`,
    hint: 'Look at the selection: the objects may have been renamed or dropped.',
  },
  {
    match: /database "([^"]*)" does not exist/,
    code: 'not_found',
    says: (found) => `The database ${found[1]} does not exist any more.`,
    hint: 'Choose another database.',
  },
  {
    match:
      /could not read from input file|unexpected end of file|could not uncompress data|could not decompress data|corrupt|did not find magic string|input file (?:is too short|appears to be)/,
    code: 'tool_failed',
    says: () => 'The archive can’t be read in full: it is cut off or damaged.',
    hint: 'Do not rely on it. Make a new dump, and look whether the disk is sound.',
  },
  {
    match: /Permission denied/,
    code: 'permission',
    says: () => 'A file or folder may not be used by the account that runs Walkback.',
    hint: 'Look at the permissions of the library’s folder.',
  },
]

/** `lines` is all that was kept of standard error, newest last. The caller has dealt with a cancel already. */
export function explainToolFailure(program: string, exit: ProcessExit, lines: readonly string[] = exit.stderrTail): AppError {
  const text = lines.join('\n')
  const own = lines.filter((line) => /(error|fatal): /i.test(line)).map((line) => line.replace(/^pg_\w+: (error: )?/, ''))
  const original = own.slice(0, 5).join('\n')
  const details = original === '' ? {} : { details: { original } }
  if (exit.killedBy !== null) {
    return new AppError('tool_failed', `${program} was ended by the signal ${exit.killedBy}, which did not come from Walkback.`, {
      hint: 'Somebody stopped it, or the system was out of memory (look for "Out of memory" in the system log). Run it again.',
      ...details,
    })
  }
  for (const { match, code, says, hint } of known) {
    const found = match.exec(text)
    if (found) return new AppError(code, `${program} failed: ${decapitalise(says(found))}`, { hint, ...details })
  }
  const why = own[0] ?? lines.at(-1) ?? 'it said nothing of the reason'
  return new AppError('tool_failed', `${program} failed with exit code ${exit.code}: ${why}`, {
    hint: 'The job’s log has everything it said.',
    ...details,
  })
}

/** After a colon the sentence goes on, unless it begins with a name. */
function decapitalise(sentence: string): string {
  return /^(The|This|A|An|None|One|Row|Some) /.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence
}
