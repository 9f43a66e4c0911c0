// The error of a connection that could not be made: which of the known things went wrong, in words, and the original text.
import type { ConnectFailure } from '../../shared/contracts/connections'
import { AppError, type ErrorCode } from '../../shared/rpc/appError'

export interface FailureWords {
  failure: ConnectFailure
  /** What happened. */
  message: string
  /** What to do next. */
  hint: string
  /** The server's or the system's own text; '' when there was none. */
  original: string
}

const codes: Partial<Record<ConnectFailure, ErrorCode>> = {
  version: 'version_mismatch',
  service: 'bad_input',
  passfile: 'permission',
  'password-missing': 'permission',
  'password-wrong': 'permission',
  pg_hba: 'permission',
}

export class ConnectError extends AppError {
  readonly words: FailureWords

  constructor(words: FailureWords, cause?: unknown) {
    super(codes[words.failure] ?? 'postgres', words.message, {
      hint: words.hint,
      details: { failure: words.failure, original: words.original },
      ...(cause === undefined ? {} : { cause }),
    })
    this.words = words
  }
}
