// Takes the rows of a COPY out of a connection's byte stream before the driver's parser sees them.
import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'

const copyData = 0x64
const readyForQuery = 0x5a

/**
 * `onRows` gets the rows' bytes without their message heads, and how many messages began in them; each piece is its
 * receiver's own. Every other message goes to the listeners that were there, whole. Must be called while nothing is in
 * flight on the connection. The returned function puts the listeners back; so does the end of the statement.
 */
export function divertRows(stream: Duplex, onRows: (bytes: Buffer, messages: number) => void): () => void {
  const listeners = stream.listeners('data')
  let restored = false
  const restore = () => {
    if (restored) return
    restored = true
    stream.off('data', onData)
    for (const listener of listeners) if (isDataListener(listener)) stream.on('data', listener)
  }
  const pass = (frame: Buffer) => {
    for (const listener of listeners) if (isDataListener(listener)) listener(frame)
  }
  /** The beginning of a message that is not whole yet; of rows only the head. */
  let rest: Buffer | undefined
  /** Bytes of the current row's message that are still to come. */
  let remaining = 0

  const onData = (incoming: Buffer) => {
    const chunk = rest ? Buffer.concat([rest, incoming]) : incoming
    rest = undefined
    const { length } = chunk
    let at = 0
    let end = 0
    let messages = 0
    while (at < length) {
      if (remaining > 0) {
        const take = remaining < length - at ? remaining : length - at
        // Rows move together in place: the piece belongs to nobody else.
        if (end !== at) chunk.copyWithin(end, at, at + take)
        end += take
        at += take
        remaining -= take
        continue
      }
      if (length - at < 5) break
      const size = chunk.readInt32BE(at + 1)
      if (chunk[at] === copyData) {
        remaining = size - 4
        messages += 1
        at += 5
        continue
      }
      if (length - at < size + 1) break
      const frame = Buffer.from(chunk.subarray(at, at + size + 1))
      at += size + 1
      // The rows before it come first: an error must not overtake them.
      if (end > 0 || messages > 0) onRows(chunk.subarray(0, end), messages)
      if (end > 0 || messages > 0) return continueAfter(frame, chunk, at)
      pass(frame)
      if (frame[0] === readyForQuery) return finish(chunk, at)
    }
    if (at < length) rest = Buffer.from(chunk.subarray(at))
    if (end > 0 || messages > 0) onRows(chunk.subarray(0, end), messages)
  }
  /** What follows rows in the same piece is looked at anew, since the rows' part is given away. */
  const continueAfter = (frame: Buffer, chunk: Buffer, at: number) => {
    const after = Buffer.from(chunk.subarray(at))
    pass(frame)
    if (frame[0] === readyForQuery) return finish(after, 0)
    if (after.length > 0) onData(after)
  }
  const finish = (chunk: Buffer, at: number) => {
    restore()
    if (at < chunk.length) pass(Buffer.from(chunk.subarray(at)))
  }

  for (const listener of listeners) if (isDataListener(listener)) stream.off('data', listener)
  stream.on('data', onData)
  return restore
}

/** node types listeners as plain functions. */
function isDataListener(listener: unknown): listener is (chunk: Buffer) => void {
  return typeof listener === 'function'
}
