// A port over the desktop window's bridge, which the preload put on `window.walkback`.
import type { WalkbackBridge } from '../../shared/rpc/bridge'
import type { Port } from '../../shared/rpc/port'

export function ipcPort(bridge: WalkbackBridge): Port {
  let closed = false
  let closedBecause: string | undefined
  const closeListeners: ((reason?: string) => void)[] = []
  const stopListening: (() => void)[] = []

  function close(reason?: string) {
    if (closed) return
    closed = true
    closedBecause = reason
    for (const stop of stopListening) stop()
    for (const listener of closeListeners) listener(reason)
  }

  stopListening.push(bridge.onClose(close))
  return {
    send(text) {
      if (!closed) bridge.send(text)
    },
    onMessage(listener) {
      if (!closed) stopListening.push(bridge.onMessage(listener))
    },
    onClose(listener) {
      if (closed) listener(closedBecause)
      else closeListeners.push(listener)
    },
    close,
  }
}
