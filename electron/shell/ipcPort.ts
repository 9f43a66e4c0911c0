// A port over Electron's IPC for one window's page; narrow types instead of Electron's own, so that it runs without it.
import { bridgeChannels } from '../../shared/rpc/bridge'
import { maxClientFrame } from '../../shared/rpc/frames'
import type { Port } from '../../shared/rpc/port'

export interface IpcFrame {
  readonly url: string
}

/** What is used of WebContents. */
export interface IpcContents {
  readonly mainFrame: IpcFrame
  isDestroyed(): boolean
  send(channel: string, ...args: unknown[]): void
  on(event: 'destroyed', listener: () => void): unknown
  on(event: 'did-navigate', listener: () => void): unknown
  on(event: 'render-process-gone', listener: () => void): unknown
  removeListener(event: 'destroyed', listener: () => void): unknown
  removeListener(event: 'did-navigate', listener: () => void): unknown
  removeListener(event: 'render-process-gone', listener: () => void): unknown
}

/** What is used of an IpcMainEvent. `senderFrame` is null once the frame has navigated away or was removed. */
export interface IpcEvent {
  readonly sender: unknown
  readonly senderFrame: IpcFrame | null
}

type IpcListener = (event: IpcEvent, ...args: unknown[]) => void

/** What is used of ipcMain. */
export interface IpcReceiver {
  on(channel: string, listener: IpcListener): unknown
  removeListener(channel: string, listener: IpcListener): unknown
}

/**
 * Lives as long as one document of the window: a reload is a new page that knows nothing of the old one's calls, so the
 * port closes and the caller makes the next one. Only the top frame is heard, and only while `isOwnPage` holds of its URL.
 */
export function ipcPort(contents: IpcContents, ipc: IpcReceiver, isOwnPage: (url: string) => boolean): Port {
  let closed = false
  let closedBecause: string | undefined
  const closeListeners: ((reason?: string) => void)[] = []
  const messageListeners: ((text: string) => void)[] = []

  function finish(reason?: string) {
    if (closed) return
    closed = true
    closedBecause = reason
    ipc.removeListener(bridgeChannels.toCore, receive)
    contents.removeListener('destroyed', onDestroyed)
    contents.removeListener('did-navigate', onNavigate)
    contents.removeListener('render-process-gone', onGone)
    for (const listener of closeListeners) listener(reason)
  }

  function close(reason?: string) {
    if (closed) return
    finish(reason)
    if (!contents.isDestroyed()) contents.send(bridgeChannels.closed, reason)
  }

  const onDestroyed = () => finish('The window was closed.')
  const onNavigate = () => finish('The page was loaded again.')
  const onGone = () => finish("The window's process ended.")

  function receive(event: IpcEvent, ...args: unknown[]) {
    if (event.sender !== contents) return // another window's port listens on the same channel
    const frame = event.senderFrame
    // Not answered at all: a frame that is not our page gets no sign that anything is here.
    if (!frame || frame !== contents.mainFrame || !isOwnPage(frame.url)) return
    const [text] = args
    if (args.length !== 1 || typeof text !== 'string' || text.length > maxClientFrame)
      return close('A message could not be read.')
    for (const listener of messageListeners) listener(text)
  }

  ipc.on(bridgeChannels.toCore, receive)
  contents.on('destroyed', onDestroyed)
  contents.on('did-navigate', onNavigate)
  contents.on('render-process-gone', onGone)

  return {
    send(text) {
      // IPC has no measure of what is waiting: the window of each stream bounds it.
      if (!closed && !contents.isDestroyed()) contents.send(bridgeChannels.toPage, text)
    },
    onMessage: (listener) => void messageListeners.push(listener),
    onClose(listener) {
      if (closed) listener(closedBecause)
      else closeListeners.push(listener)
    },
    close,
  }
}
