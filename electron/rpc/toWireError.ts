// Turns whatever a handler threw into what may leave the core: a code, words, and never a stack.
import { randomUUID } from 'node:crypto'
import { AppError, type WireError } from '../../shared/rpc/appError'

/** What node-postgres throws for an error that the server sent. Node's own errors have a code too, but no severity. */
interface ServerError extends Error {
  code: string
  severity: string
  hint?: unknown
}

function isServerError(error: unknown): error is ServerError {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return false
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) && typeof error.severity === 'string'
}

/** For what nobody foresaw: where a person who runs Walkback can look it up. Standard output is for the address only. */
export type ReportUnexpected = (text: string) => void

export const reportToStderr: ReportUnexpected = (text) => {
  process.stderr.write(`${text}\n`)
}

export function toWireError(error: unknown, method: string, report: ReportUnexpected = reportToStderr): WireError {
  if (error instanceof AppError) return error.toWire()
  if (isServerError(error)) {
    return {
      code: 'postgres',
      message: error.message,
      details: { sqlstate: error.code },
      ...(typeof error.hint === 'string' && error.hint !== '' ? { hint: error.hint } : {}),
    }
  }
  if (error instanceof Error && error.name === 'AbortError') return { code: 'cancelled', message: 'Cancelled.' }
  const errorId = randomUUID().slice(0, 8)
  report(`[${errorId}] ${method}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return {
    code: 'internal',
    message: 'Something unexpected failed inside Walkback.',
    hint: `Try again. If it fails again, look for ${errorId} in what Walkback printed where it was started, and report it.`,
    details: { errorId },
  }
}
