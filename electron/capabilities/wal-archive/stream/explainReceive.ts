// What pg_receivewal's last words mean for a streaming archive: whether it is tried again, and what the person does.
import { AppError } from '../../../../shared/rpc/appError'

export interface ReceiveFailure {
  /** The chain can't go on here: the job ends. Otherwise it is tried again by itself. */
  final: boolean
  message: string
  hint: string
  /** It takes a person or a while: asking each second would only fill logs. */
  slow: boolean
}

const newChain =
  'The chain of this archive ends here. Set up a new archive in a new folder, and take a full base backup for it: what is in this folder stays restorable up to its end.'

type Rule = [
  pattern: RegExp,
  final: boolean,
  slow: boolean,
  message: (found: RegExpExecArray, slot: string) => string,
  hint: string,
]

const rules: readonly Rule[] = [
  [
    /requested WAL segment (\S+) has already been removed/,
    true,
    false,
    ([, segment]) => `The server no longer has segment ${segment}, which the archive needs next.`,
    newChain,
  ],
  [
    /requested starting point (\S+)(?: on timeline (\d+))? is not in this server's history/,
    true,
    false,
    ([, lsn]) =>
      `Position ${lsn}, where the archive ends, is not in this server's history: it was restored to an earlier moment, or promoted on another branch.`,
    newChain,
  ],
  [
    /requested starting point (\S+) is ahead of the WAL flush position of this server (\S+)/,
    true,
    false,
    ([, lsn, flushed]) =>
      `The archive ends at ${lsn}, and the server is only at ${flushed}: it has lost WAL, or was restored to an earlier moment.`,
    newChain,
  ],
  [
    /replication slot "([^"]+)" does not exist/,
    true,
    false,
    ([, slot]) =>
      `The replication slot ${slot} is not there any more, so the server may have removed WAL that the archive needs.`,
    newChain,
  ],
  [
    /(?:cannot read from|can no longer get changes from|cannot use) (?:physical )?replication slot|slot has been invalidated|has never previously reserved WAL/,
    true,
    false,
    (_found, slot) => `The replication slot ${slot} has lost its WAL: it was further behind than max_slot_wal_keep_size allows.`,
    newChain,
  ],
  [
    /replication slot "([^"]+)" is active for PID (\d+)/,
    false,
    false,
    ([, slot, pid]) => `The slot ${slot} is in use by process ${pid} of the server.`,
    'A connection that was cut is let go within a minute (wal_sender_timeout). Another program that receives from this slot must be stopped.',
  ],
  [
    /No space left on device/,
    false,
    true,
    () => 'The disk of the archive is full.',
    'Free some space: it goes on by itself. Meanwhile the slot makes the server keep its WAL.',
  ],
  [
    /password authentication failed|no password supplied|fe_sendauth/,
    false,
    true,
    () => 'The server refuses the password.',
    'Enter the new password in the settings of the server’s connection: it goes on by itself.',
  ],
  [
    /no pg_hba\.conf entry for replication|pg_hba\.conf rejects replication/,
    false,
    true,
    () => 'pg_hba.conf does not let this role in for replication.',
    'Add a line such as "host replication ROLE ADDRESS scram-sha-256" and reload: it goes on by itself.',
  ],
  [
    /must be superuser or replication role|permission denied to start WAL sender/,
    false,
    true,
    () => 'The role may not replicate any more.',
    'As a superuser: ALTER ROLE ... REPLICATION. It goes on by itself.',
  ],
  [
    /number of requested standby connections exceeds max_wal_senders|remaining connection slots|too many clients/,
    false,
    true,
    () => 'The server has no free WAL sender.',
    'End what does not need one, or raise max_wal_senders and restart the server. It goes on by itself.',
  ],
  [
    /Permission denied/,
    false,
    true,
    () => 'The account that runs Walkback may not write to the folder of the archive.',
    'Give it back to that account: it goes on by itself.',
  ],
]

/** By what it wrote to standard error, newest last. null: nothing known, which is tried again. */
export function explainReceive(stderr: readonly string[], slot: string): ReceiveFailure | null {
  for (const line of stderr.toReversed()) {
    for (const [pattern, final, slow, message, hint] of rules) {
      const found = pattern.exec(line)
      if (found) return { final, slow, message: message(found, slot), hint }
    }
  }
  return null
}

export function otherCluster(found: string, expected: string, label: string): AppError {
  return new AppError(
    'conflict',
    `${label} is another cluster now: its system identifier is ${found}, and the archive is of ${expected}. Their WAL must not be mixed.`,
    {
      hint: 'Set up a new archive for this server in a new folder, and take a full base backup for it. This folder stays as it is.',
    },
  )
}
