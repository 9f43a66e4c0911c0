// A port over a WebSocket of the web host: the session must come first, then frames; a slow or dead peer is noticed.
import type { RawData, WebSocket } from 'ws'
import { readFrame } from '../../shared/rpc/frames'
import type { Port } from '../../shared/rpc/port'
import { closeCodes, socketGreeting } from '../../shared/rpc/session'

/** Bytes that may wait in the socket before send() asks its caller to wait too. */
export const highWater = 1024 * 1024

const pingEveryMs = 30_000

/** A close frame holds at most 123 bytes of reason. */
function shortReason(reason: string): string {
  let text = reason
  while (Buffer.byteLength(text) > 120) text = text.slice(0, -1)
  return text
}

function isText(data: RawData, isBinary: boolean): data is Buffer {
  return !isBinary && Buffer.isBuffer(data)
}

export interface GreetingOptions {
  isSession(secret: string): boolean
  timeoutMs: number
}

/**
 * Calls `welcome` once the first message showed a session; otherwise the socket is closed with the reason. Called within
 * the message's own event, so that a frame right behind the greeting finds its listener.
 */
export function awaitGreeting(socket: WebSocket, options: GreetingOptions, welcome: () => void): void {
  const timer = setTimeout(() => refuse(closeCodes.tooLate, 'No session was shown in time.'), options.timeoutMs)
  function stop() {
    clearTimeout(timer)
    socket.off('message', onMessage)
    socket.off('close', stop)
  }
  function refuse(code: number, reason: string) {
    stop()
    socket.close(code, reason)
    // Whoever was refused need not answer the close politely: the connection ends anyway.
    setTimeout(() => socket.terminate(), 1000).unref()
  }
  function onMessage(data: RawData, isBinary: boolean) {
    const greeting = isText(data, isBinary) && data.length <= 1024 ? readFrame(socketGreeting, data.toString('utf8')) : undefined
    if (!greeting) return refuse(closeCodes.badFrame, 'The first message must show the session.')
    if (!options.isSession(greeting.session)) return refuse(closeCodes.noSession, 'This session is not known here.')
    stop()
    welcome()
  }
  socket.on('message', onMessage)
  socket.on('close', stop)
}

export function wsPort(socket: WebSocket): Port {
  let closed = false
  let closedBecause: string | undefined
  let alive = true
  const closeListeners: ((reason?: string) => void)[] = []
  const messageListeners: ((text: string) => void)[] = []
  /** Senders that wait for the socket to take more. */
  const waiting = new Set<() => void>()

  // Through a tunnel a peer can vanish without a word: what does not answer a ping is gone.
  const heartbeat = setInterval(() => {
    if (!alive) return socket.terminate()
    alive = false
    socket.ping()
  }, pingEveryMs)
  heartbeat.unref()
  socket.on('pong', () => {
    alive = true
  })

  function finish(reason?: string) {
    if (closed) return
    closed = true
    closedBecause = reason
    clearInterval(heartbeat)
    for (const wake of waiting) wake()
    waiting.clear()
    for (const listener of closeListeners) listener(reason)
  }

  function close(reason?: string) {
    if (closed) return
    finish(reason)
    socket.close(closeCodes.badFrame, shortReason(reason ?? ''))
    setTimeout(() => socket.terminate(), 1000).unref()
  }

  socket.on('close', (_code, reason) => finish(reason.length > 0 ? reason.toString('utf8') : undefined))
  // A frame over the cap, broken UTF-8 or a protocol error: ws closes the socket itself with the fitting code.
  socket.on('error', (error) => finish(error.message))
  socket.on('message', (data, isBinary) => {
    if (closed) return
    if (!isText(data, isBinary)) return close('Only text messages are understood.')
    const text = data.toString('utf8')
    for (const listener of messageListeners) listener(text)
  })

  return {
    send(text) {
      if (closed || socket.readyState !== socket.OPEN) return undefined
      if (socket.bufferedAmount < highWater) {
        socket.send(text)
        return undefined
      }
      return new Promise((resolve) => {
        const wake = () => {
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
        socket.send(text, wake)
      })
    },
    onMessage: (listener) => void messageListeners.push(listener),
    onClose(listener) {
      if (closed) listener(closedBecause)
      else closeListeners.push(listener)
    },
    close,
  }
}
