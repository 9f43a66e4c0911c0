// Why a program could not be started or a pipe ended, from the codes of the system.
import { existsSync } from 'node:fs'
import { AppError } from '../../shared/rpc/appError'
import type { SpawnRequest } from './processTypes'
import { errorCode } from './systemError'

/** The error to throw for a spawn that failed; unknown ones come back as they are. */
export function startProblem(request: SpawnRequest, error: unknown): unknown {
  const code = errorCode(error)
  const by = request.runAs ? ` as the account ${request.runAs.name}` : ''
  if (code === 'ENOENT' && request.cwd !== undefined && !existsSync(request.cwd)) {
    return new AppError('not_found', `The folder ${request.cwd} doesn't exist.`, { cause: error })
  }
  if (code === 'ENOENT') {
    return new AppError('tool_missing', `There is no program ${request.file} that can be started.`, {
      hint: 'Look at Settings, PostgreSQL installations: it may have been removed or updated since the last look.',
      cause: error,
    })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new AppError('permission', `${request.file} may not be run${by}.`, {
      hint: 'Check that the file is executable and its folders can be entered by that account.',
      cause: error,
    })
  }
  if (code === 'E2BIG') {
    return new AppError('bad_input', `The command line for ${request.file} is longer than this system takes.`, {
      hint: 'Choose fewer objects by name, or choose by schema or pattern.',
      cause: error,
    })
  }
  if (code === 'ERR_INVALID_ARG_VALUE') {
    return new AppError('bad_input', `A value for ${request.file} holds a zero byte, which no program can be given.`, {
      cause: error,
    })
  }
  return error
}

/** A stream that was destroyed before its end. */
export function isEarlyClose(error: unknown): boolean {
  return ['ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE'].includes(errorCode(error))
}

/** The reader at the other end is gone. */
export function isClosedPipe(error: unknown): boolean {
  return ['EPIPE', 'ECONNRESET', 'EOF'].includes(errorCode(error)) || isEarlyClose(error)
}
