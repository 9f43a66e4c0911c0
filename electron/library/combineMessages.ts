// What pg_combinebackup says when a chain does not fit together, in plain words with what to do next.
import { AppError, type ErrorCode } from '../../shared/rpc/appError'
import type { ProcessExit } from '../process/processTypes'
import { explainToolFailure } from './explainToolFailure'

interface Known {
  match: RegExp
  code: ErrorCode
  says: string
  hint: string
}

const changedHint =
  'A backup of the chain was replaced or changed since the next one was taken. Put the original back from a copy, or take a full backup.'

/** pg_combinebackup.c, load_manifest.c and reconstruct.c of 17 and 18. */
const known: readonly Known[] = [
  {
    match: /is an incremental backup, but the first backup should be a full backup/,
    code: 'bad_input',
    says: 'the first backup is no full one.',
    hint: 'Give the whole chain, the full backup first.',
  },
  {
    match: /is a full backup, but only the first backup should be a full backup/,
    code: 'bad_input',
    says: 'a full backup stands after the first one.',
    hint: 'Give the full backup first, then each incremental one in the order in which they were taken.',
  },
  {
    match: /starts on timeline \d+, but expected \d+|starts at LSN \S+, but expected \S+/,
    code: 'conflict',
    says: 'an incremental backup does not build on the one before it.',
    hint: changedHint,
  },
  {
    match: /system identifier/,
    code: 'conflict',
    says: 'the backups are of different clusters.',
    hint: changedHint,
  },
  {
    match:
      /full backup file .* is truncated|could not (?:open|read) file|file ".*" has bad incremental magic number|does not exist/,
    code: 'tool_failed',
    says: 'a file of the chain is missing or damaged.',
    hint: 'Verify each backup of the chain, and put the damaged one back from a copy.',
  },
]

/** `lines`: errors from standard error. The caller has dealt with a cancel already. */
export function explainCombineFailure(program: string, exit: ProcessExit, lines: readonly string[]): AppError {
  const text = lines.join('\n')
  const plain = exit.killedBy !== null || /No space left on device|Disk quota exceeded/.test(text)
  const found = plain ? undefined : known.find(({ match }) => match.test(text))
  if (!found) return explainToolFailure(program, exit, lines)
  const original = lines.filter((line) => /(error|fatal): /i.test(line)).slice(0, 5)
  const words = original[0]?.replace(/^pg_combinebackup: (error|fatal): /, '')
  return new AppError(found.code, `${program} refuses the chain: ${found.says}${words ? ` It says: ${words}` : ''}`, {
    hint: found.hint,
    ...(original.length === 0 ? {} : { details: { original: original.join('\n') } }),
  })
}
