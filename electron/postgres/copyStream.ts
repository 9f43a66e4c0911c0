// COPY over the driver's own connection: rows out in large pieces without one object per row, rows in, and plain statements.
import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { Client } from 'pg'
import { divertRows } from './copyStreamDivert'
import { bindAndExecute, copyDataHead, copyDone, copyFail, describe, flush, parse, sync } from './copyStreamFrames'
import { type Field, rowsOf, runStatement } from './copyStreamStatement'

/** Bytes that may wait for the disk or for the server. */
const mostWaiting = 2 * 1024 * 1024

export interface CopyOutOptions {
  /** Takes the pieces in order, the next ones only when it has resolved. `rows` counts messages: a header is one too. */
  write(chunks: Buffer[], rows: number): Promise<void>
  /** Asks the server to stop the statement; called when the sink failed or the signal fired. */
  cancel(): void
  signal?: AbortSignal
}

/**
 * COPY ... TO STDOUT. Resolves with the rows that the server counted when the sink has everything. While it runs the
 * driver's parser sees everything but the rows' messages: one object per row would cost more than the server does.
 */
export async function copyOut(client: Client, sql: string, { write, cancel, signal }: CopyOutOptions): Promise<number> {
  const stream = client.connection.stream
  let waiting: Buffer[] = []
  let bytes = 0
  let rows = 0
  let writing: Promise<void> | undefined
  let failure: { reason: unknown } | undefined
  const fail = (reason: unknown) => {
    if (failure) return
    failure = { reason }
    waiting = []
    stream.resume()
    cancel()
  }
  const drain = async () => {
    while (waiting.length > 0) {
      const chunks = waiting
      const counted = rows
      waiting = []
      bytes = 0
      rows = 0
      stream.resume()
      await write(chunks, counted)
    }
  }
  const start = () => {
    writing ??= drain()
      .catch(fail)
      .finally(() => {
        writing = undefined
        if (waiting.length > 0) start()
      })
  }
  const restore = divertRows(stream, (chunk, messages) => {
    if (failure) return
    waiting.push(chunk)
    bytes += chunk.length
    rows += messages
    if (bytes > mostWaiting) stream.pause()
    start()
  })
  const stop = () => fail(signal?.reason)
  try {
    signal?.throwIfAborted()
    signal?.addEventListener('abort', stop, { once: true })
    const first = Buffer.concat([parse(sql), bindAndExecute, sync])
    const tag = await runStatement(client, { send: (to) => void to.write(first) }).catch((error: unknown) => {
      throw failure ? failure.reason : error
    })
    while (writing) await writing
    if (failure) throw asFailure(failure).reason
    return rowsOf(tag)
  } finally {
    signal?.removeEventListener('abort', stop)
    restore()
    stream.resume()
  }
}

/** Control flow can't see that a callback sets it. */
function asFailure(failure: { reason: unknown }): { reason: unknown } {
  return failure
}

/**
 * COPY ... FROM STDIN. Resolves with the rows that the server took. When the source throws, or the signal fires, the copy
 * is ended by CopyFail, nothing of it stays, and the source's error (the signal's reason) is thrown.
 */
export async function copyIn(client: Client, sql: string, source: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<number> {
  let state: 'open' | 'ended' = 'open'
  let failure: { reason: unknown } | undefined
  let feeding: Promise<void> | undefined
  const wake: { call: () => void } = { call: () => undefined }
  const end = (stream: Duplex, last: Buffer) => {
    if (state === 'ended') return
    state = 'ended'
    stream.write(Buffer.concat([last, sync]))
    wake.call()
  }
  const stop = () => {
    failure ??= { reason: signal?.reason }
    if (feeding) end(client.connection.stream, copyFail('cancelled'))
  }
  const feed = async (stream: Duplex) => {
    try {
      for await (const chunk of source) {
        if (isEnded(state)) return
        await sendData(stream, chunk, wake)
        if (isEnded(state)) return
      }
      end(stream, copyDone)
    } catch (error) {
      failure ??= { reason: error }
      end(stream, copyFail('the source could not be read'))
    }
  }
  try {
    signal?.throwIfAborted()
    signal?.addEventListener('abort', stop, { once: true })
    const first = Buffer.concat([parse(sql), bindAndExecute, flush])
    const tag = await runStatement(client, {
      send: (to) => void to.write(first),
      copyIn: (stream) => {
        feeding = feed(stream)
        if (signal?.aborted) stop()
      },
      failed: (stream) => end(stream, Buffer.alloc(0)),
    }).catch((error: unknown) => {
      throw failure ? failure.reason : error
    })
    return rowsOf(tag)
  } finally {
    signal?.removeEventListener('abort', stop)
    await feeding
  }
}

function isEnded(state: 'open' | 'ended'): boolean {
  return state === 'ended'
}

/** Resolves when little enough waits to be sent, when the copy has ended, or when the connection is gone. */
async function sendData(stream: Duplex, chunk: Buffer, wake: { call: () => void }): Promise<void> {
  if (chunk.length === 0) return
  stream.cork()
  stream.write(copyDataHead(chunk.length))
  stream.write(chunk)
  stream.uncork()
  if (stream.writableLength <= mostWaiting) return
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done)
      stream.off('close', done)
      wake.call = () => undefined
      resolve()
    }
    wake.call = done
    stream.once('drain', done)
    stream.once('close', done)
    if (stream.destroyed) done()
  })
}

/** One statement that is not COPY from or to the client: the server refuses text that holds a second one. */
export async function runOne(client: Client, sql: string): Promise<number> {
  const first = Buffer.concat([parse(sql), bindAndExecute, sync])
  return rowsOf(await runStatement(client, { send: (to) => void to.write(first) }))
}

/** Lets the server parse one statement without running it; its columns, none when it returns no rows. */
export async function describeOne(client: Client, sql: string): Promise<Field[]> {
  let fields: Field[] = []
  const first = Buffer.concat([parse(sql), describe, sync])
  await runStatement(client, {
    send: (to) => void to.write(first),
    fields: (found) => {
      fields = found
    },
  })
  return fields
}
