// Turns whatever was thrown into the two sentences the window shows: what happened and what to do next.
import { AppError } from '../../shared/rpc/appError'

export interface ShownError {
  message: string
  hint: string
  code: AppError['code']
}

export function shownError(error: unknown): ShownError {
  if (error instanceof AppError) return { message: error.message, hint: error.hint ?? '', code: error.code }
  return { message: error instanceof Error ? error.message : String(error), hint: '', code: 'internal' }
}

/** Calls that were called off by leaving the page are no news to anyone. */
export function isCancelled(error: unknown): boolean {
  return error instanceof AppError && error.code === 'cancelled'
}
