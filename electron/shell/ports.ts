// One port for each document that the window shows: a reload, or a port closed for a bad message, is followed by the next.
import type { Port } from '../../shared/rpc/port'
import { type IpcContents, type IpcReceiver, ipcPort } from './ipcPort'
import { isOwnUrl } from './origin'

export function acceptPorts(contents: IpcContents, ipc: IpcReceiver, onPort: (port: Port) => void): void {
  const port = ipcPort(contents, ipc, isOwnUrl)
  port.onClose(() => {
    if (!contents.isDestroyed()) acceptPorts(contents, ipc, onPort)
  })
  onPort(port)
}
