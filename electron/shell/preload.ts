// The bridge into the page: text in and out over fixed channels, nothing of Electron itself.
import { contextBridge, ipcRenderer } from 'electron'
import { bridgeChannels, type WalkbackBridge } from '../../shared/rpc/bridge'

const bridge: WalkbackBridge = {
  send: (text) => {
    ipcRenderer.send(bridgeChannels.toCore, String(text))
  },
  onMessage: (listener) => {
    // The event object stays here: its `sender` would be the whole of ipcRenderer.
    const relay = (_event: unknown, text: unknown) => listener(String(text))
    ipcRenderer.on(bridgeChannels.toPage, relay)
    return () => {
      ipcRenderer.removeListener(bridgeChannels.toPage, relay)
    }
  },
  onClose: (listener) => {
    const relay = (_event: unknown, reason: unknown) => listener(typeof reason === 'string' ? reason : undefined)
    ipcRenderer.on(bridgeChannels.closed, relay)
    return () => {
      ipcRenderer.removeListener(bridgeChannels.closed, relay)
    }
  },
}

contextBridge.exposeInMainWorld('walkback', bridge)
