// A port over a WebSocket to the web host: connects, shows the session first, then carries frames.

import { readFrame } from '../../shared/rpc/frames'
import type { Port } from '../../shared/rpc/port'
import { closeCodes, socketPath, socketWelcome } from '../../shared/rpc/session'

export type WsFailure = 'no-session' | 'unreachable'

export type WsOutcome = { port: Port } | { failure: WsFailure }

/** The address of the RPC socket on the page's own host. */
export function socketUrl(page: { protocol: string; host: string }): string {
  return `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}${socketPath}`
}

/** Resolves in any case, within 10 s. Reconnecting is the caller's matter. */
export function openWsPort(url: string, session: string): Promise<WsOutcome> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url)
    const giveUp = setTimeout(() => socket.close(), 10_000)
    socket.addEventListener('open', () => socket.send(JSON.stringify({ session })))
    socket.addEventListener(
      'message',
      (event) => {
        clearTimeout(giveUp)
        const welcomed = typeof event.data === 'string' && readFrame(socketWelcome, event.data) !== undefined
        if (welcomed) return resolve({ port: portOver(socket) })
        socket.close()
        resolve({ failure: 'unreachable' })
      },
      { once: true },
    )
    socket.addEventListener('close', (event) => {
      clearTimeout(giveUp)
      resolve({ failure: event.code === closeCodes.noSession ? 'no-session' : 'unreachable' })
    })
  })
}

/** Why a browser closed it, in words where the host gave some. */
function reasonOf(event: CloseEvent): string | undefined {
  return event.reason === '' ? undefined : event.reason
}

function portOver(socket: WebSocket): Port {
  let closed = false
  let closedBecause: string | undefined
  const closeListeners: ((reason?: string) => void)[] = []
  const messageListeners: ((text: string) => void)[] = []

  function finish(reason?: string) {
    if (closed) return
    closed = true
    closedBecause = reason
    for (const listener of closeListeners) listener(reason)
  }

  socket.addEventListener('close', (event) => finish(reasonOf(event)))
  socket.addEventListener('message', (event) => {
    if (closed) return
    if (typeof event.data !== 'string') return close('Walkback sent something that could not be read.')
    for (const listener of messageListeners) listener(event.data)
  })

  function close(reason?: string) {
    socket.close(1000)
    finish(reason)
  }

  return {
    send(text) {
      // A socket that is closing drops what is sent and throws only while it is still connecting, which is over here.
      if (!closed) socket.send(text)
    },
    onMessage: (listener) => void messageListeners.push(listener),
    onClose(listener) {
      if (closed) listener(closedBecause)
      else closeListeners.push(listener)
    },
    close,
  }
}
