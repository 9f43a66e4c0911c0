// Turns an error that the server raised for a statement into words, keeping the server's own text in the details.
import { DatabaseError } from 'pg'
import { AppError } from '../../shared/rpc/appError'

/** `what` reads like "Reading the tables of shop"; `hint` stands for codes that have no words of their own here. */
export function explainSqlError(error: unknown, what: string, hint = "The server's own text says why."): AppError {
  if (error instanceof AppError) return error
  if (!(error instanceof DatabaseError)) {
    const original = error instanceof Error ? error.message : String(error)
    return new AppError('postgres', `${what} failed: the connection to the server was lost.`, {
      hint: 'Check that the server runs, then try again.',
      details: { original },
      cause: error,
    })
  }
  const original = [error.message, error.detail, error.hint].filter(Boolean).join('\n')
  const details = { original, sqlstate: error.code ?? '' }
  if (error.code === '42501') {
    return new AppError('permission', `${what} is not allowed to this role: ${error.message}.`, {
      hint: 'Use a role that may, or let the owner GRANT it.',
      details,
      cause: error,
    })
  }
  if (error.code === '57014' || error.code === '55P03') {
    return new AppError('postgres', `${what} took too long and was given up: ${error.message}.`, {
      hint: 'Another session may hold a lock on it; try again when it has ended.',
      details,
      cause: error,
    })
  }
  return new AppError('postgres', `${what} failed: ${error.message}.`, { hint, details, cause: error })
}
