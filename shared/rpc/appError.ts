// The one kind of error that crosses between the core and the window: a code, a sentence, and what to do next.
import { z } from 'zod'

export const errorCodes = [
  'bad_input',
  'not_found',
  'conflict',
  'tool_missing',
  'version_mismatch',
  'permission',
  'postgres',
  'tool_failed',
  'preflight',
  'cancelled',
  'disconnected',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export const wireError = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  hint: z.string().optional(),
  details: z.record(z.string(), z.json()).optional(),
})

export type WireError = z.infer<typeof wireError>

/** `message` says what happened, `hint` what the person can do next. Neither may hold a secret or a stack. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: WireError['details']

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; details?: WireError['details']; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.hint = options.hint
    this.details = options.details
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.details === undefined ? {} : { details: this.details }),
    }
  }

  static fromWire(error: WireError): AppError {
    return new AppError(error.code, error.message, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details === undefined ? {} : { details: error.details }),
    })
  }
}
