// The frames that travel over a port, and the one function that reads each direction.
import { z } from 'zod'
import { wireError } from './appError'

const id = z.int().nonnegative()

/**
 * What JSON.parse gave, as it is. Not z.json(): it walks the value a second time, recursively, and a frame of nothing
 * but opening brackets then overflows the stack. A method's own schema decides what it takes.
 */
const json = z.custom<z.core.util.JSONType>((value) => value !== undefined)

export const clientFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('call'), id, method: z.string().min(3).max(100), input: json }),
  z.strictObject({ type: z.literal('cancel'), id }),
  /** The caller of a stream took `count` events: as many more may be sent. */
  z.strictObject({ type: z.literal('more'), id, count: z.int().positive() }),
])

export const serverFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('result'), id, output: json }),
  z.strictObject({ type: z.literal('event'), id, event: json }),
  z.strictObject({ type: z.literal('end'), id }),
  z.strictObject({ type: z.literal('error'), id, error: wireError }),
])

export type ClientFrame = z.infer<typeof clientFrame>
export type ServerFrame = z.infer<typeof serverFrame>

/**
 * Events of one stream that may be on their way or waiting for their reader. A port alone can't hold a fast stream
 * back: a WebSocket in a page and Electron's IPC both take in whatever arrives.
 */
export const streamWindow = 64

/** Longest frame that the core reads, in UTF-16 code units or bytes, whichever the transport counts. */
export const maxClientFrame = 8 * 1024 * 1024

/** undefined for anything that is not a frame; the caller closes the port then, it never ignores it. */
export function readFrame<T extends z.ZodType>(schema: T, text: string): z.output<T> | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined // not JSON, or nested too deeply to read: the caller closes the port
  }
}

export function writeFrame(frame: ClientFrame | ServerFrame): string {
  return JSON.stringify(frame)
}
