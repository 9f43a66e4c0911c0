// Rows from one server straight into another: COPY out piped into COPY in, piece by piece, with nothing kept in between.
import type { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import { AppError } from '../../shared/rpc/appError'
import { copyIn, copyOut } from './copyStream'

export interface Across {
  out: { client: Client; sql: string; cancel(): void }
  into: { client: Client; sql: string }
  signal: AbortSignal
  /** Totals so far; called for each piece. */
  onRows(rows: number, bytes: number): void
}

/** Rows as each server counted them. Throws what failed first: the end of one side is the end of the other. */
export async function copyAcross({ out, into, signal, onRows }: Across): Promise<{ sent: number; taken: number; bytes: number }> {
  const pipe = openPipe()
  let messages = 0
  let bytes = 0
  let first: { reason: unknown } | undefined
  const note = (reason: unknown) => {
    first ??= { reason }
    pipe.fail(reason)
    throw reason
  }
  const [sent, taken] = await Promise.allSettled([
    copyOut(out.client, out.sql, {
      cancel: out.cancel,
      signal,
      write: async (chunks, counted) => {
        await pipe.write(chunks)
        messages += counted
        for (const chunk of chunks) bytes += chunk.length
        onRows(messages, bytes)
      },
    }).then((rows) => {
      pipe.end()
      return rows
    }, note),
    copyIn(into.client, into.sql, pipe.read(), signal).catch(note),
  ])
  if (sent.status === 'rejected' || taken.status === 'rejected') throw asFirst(first).reason
  return { sent: sent.value, taken: taken.value, bytes }
}

function asFirst(first: { reason: unknown } | undefined): { reason: unknown } {
  return first ?? { reason: new AppError('internal', 'The copy failed without a reason.') }
}

export interface CopyPipe {
  /** Resolves when the reader has taken it. */
  write(chunks: Buffer[]): Promise<void>
  end(): void
  fail(reason: unknown): void
  read(): AsyncGenerator<Buffer, void, undefined>
}

/** One piece at a time: the writer waits until the reader has taken what it was given. */
export function openPipe(): CopyPipe {
  let given: Buffer[] = []
  let ended = false
  let failure: { reason: unknown } | undefined
  let wakeReader = () => undefined as void
  let wakeWriter = () => undefined as void
  return {
    write: async (chunks: Buffer[]) => {
      if (failure) throw failure.reason
      given = chunks
      wakeReader()
      await new Promise<void>((resolve) => {
        wakeWriter = resolve
        if (failure || given.length === 0) resolve()
      })
      if (failure) throw asFirst(failure).reason
    },
    end: () => {
      ended = true
      wakeReader()
    },
    fail: (reason: unknown) => {
      failure ??= { reason }
      wakeReader()
      wakeWriter()
    },
    read: async function* (): AsyncGenerator<Buffer, void, undefined> {
      for (;;) {
        if (failure) throw failure.reason
        const chunks = given
        given = []
        if (chunks.length > 0) {
          yield* chunks
          wakeWriter()
          continue
        }
        if (ended) return
        await new Promise<void>((resolve) => {
          wakeReader = resolve
          if (failure || ended || given.length > 0) resolve()
        })
      }
    },
  }
}
