// Both ways between a window and the core, each with its real adapters on both ends, for suites that must hold over either.
import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket as NodeWebSocket } from 'ws'
import { ipcPort as corePort } from '../../electron/shell/ipcPort'
import { startWebHost, type WebHost } from '../../electron/web/httpServer'
import { ipcPort as pagePort } from '../../renderer/rpc/ipcPort'
import { openWsPort } from '../../renderer/rpc/wsPort'
import { bridgeChannels, type WalkbackBridge } from '../../shared/rpc/bridge'
import type { Port } from '../../shared/rpc/port'
import { sessionAnswer } from '../../shared/rpc/session'

export interface PortPair {
  page: Port
  core: Port
  /** Puts something on the wire as the page's side could, past its port. */
  rawSend(message: unknown): void
  /** As if the window or the connection was gone. */
  cut(): void
  /** Stops and resumes reading from the network on the page's side; only where there is a network. */
  stall?(stalled: boolean): void
  dispose(): Promise<void>
}

export interface PairFactory {
  name: string
  open(): Promise<PortPair>
}

const ownUrl = 'app://walkback/index.html'

/** In one process: what goes through is cloned as Electron clones it, and arrives later, as over a real pipe. */
export function fakeIpc() {
  const ipcMain = new EventEmitter()
  const mainFrame = { url: ownUrl }
  let destroyed = false
  const toPage = new EventEmitter()
  const contents = Object.assign(new EventEmitter(), {
    mainFrame,
    isDestroyed: () => destroyed,
    send(channel: string, ...args: unknown[]) {
      if (destroyed) throw new Error('Object has been destroyed')
      const copies = args.map((arg) => structuredClone(arg))
      setImmediate(() => toPage.emit(channel, {}, ...copies))
    },
  })
  function sendToCore(frame: { url: string } | null, ...args: unknown[]) {
    const copies = args.map((arg) => structuredClone(arg))
    setImmediate(() => ipcMain.emit(bridgeChannels.toCore, { sender: contents, senderFrame: frame }, ...copies))
  }
  const listen = (channel: string, relay: (...args: unknown[]) => void) => {
    toPage.on(channel, relay)
    return () => void toPage.off(channel, relay)
  }
  const bridge: WalkbackBridge = {
    send: (text) => sendToCore(mainFrame, text),
    onMessage: (listener) => listen(bridgeChannels.toPage, (_event, text) => listener(String(text))),
    onClose: (listener) =>
      listen(bridgeChannels.closed, (_event, reason) => listener(reason === undefined ? undefined : String(reason))),
  }
  return {
    ipcMain,
    contents,
    mainFrame,
    bridge,
    sendToCore,
    destroy() {
      destroyed = true
      contents.emit('destroyed')
    },
  }
}

export const ipcPair: PairFactory = {
  name: 'IPC',
  async open() {
    const ipc = fakeIpc()
    const core = corePort(ipc.contents, ipc.ipcMain, (url) => url === ownUrl)
    const page = pagePort(ipc.bridge)
    return {
      page,
      core,
      rawSend: (message) => ipc.sendToCore(ipc.mainFrame, message),
      cut: () => ipc.destroy(),
      dispose: async () => core.close(),
    }
  },
}

/** Browsers always send their page's origin; Node's client has to be told. */
export function browserLikeWebSocket(origin: string, opened: (socket: NodeWebSocket) => void = () => undefined) {
  return class extends NodeWebSocket {
    constructor(url: string) {
      super(url, { origin })
      opened(this)
    }
  }
}

export function rendererFixture(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'walkback-renderer-'))
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>Walkback</title><style nonce="__CSP_NONCE__">h1{color:rgb(1,2,3)}</style><h1>Walkback</h1>',
  )
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** What the page does with a printed link: the session's secret. */
export async function exchangeLink(href: string): Promise<string> {
  const link = new URL(href)
  const response = await fetch(`${link.origin}/session`, {
    method: 'POST',
    headers: { origin: link.origin, 'content-type': 'application/json' },
    body: JSON.stringify({ token: link.hash.slice('#token='.length) }),
  })
  return sessionAnswer.parse(await response.json()).session
}

export const signIn = (host: WebHost): Promise<string> => exchangeLink(host.newLink())

export const webSocketPair: PairFactory = {
  name: 'WebSocket',
  async open() {
    const fixture = rendererFixture()
    let core: Port | undefined
    const host = await startWebHost({
      port: 0,
      rendererFolder: fixture.folder,
      onPort: (port) => {
        core = port
      },
      report: (text) => {
        throw new Error(text)
      },
    })
    const session = await signIn(host)
    let socket: NodeWebSocket | undefined
    const previous = globalThis.WebSocket
    Object.assign(globalThis, {
      WebSocket: browserLikeWebSocket(`http://127.0.0.1:${host.port}`, (opened) => {
        socket = opened
      }),
    })
    const outcome = await openWsPort(`ws://127.0.0.1:${host.port}/rpc`, session)
    Object.assign(globalThis, { WebSocket: previous })
    if (!('port' in outcome) || !core || !socket) throw new Error('The WebSocket did not open.')
    const raw = socket
    return {
      page: outcome.port,
      core,
      rawSend: (message) => {
        if (raw.readyState === raw.OPEN)
          raw.send(
            typeof message === 'string' || message instanceof Uint8Array ? message : Buffer.from(JSON.stringify(message) ?? ''),
          )
      },
      cut: () => raw.terminate(),
      stall: (stalled) => (stalled ? raw.pause() : raw.resume()),
      async dispose() {
        raw.terminate()
        await host.close()
        fixture.remove()
      },
    }
  },
}

export const pairFactories: readonly PairFactory[] = [webSocketPair, ipcPair]

/** Resolves with the reason when the port closes. */
export function closing(port: Port): Promise<string | undefined> {
  return new Promise((resolve) => port.onClose(resolve))
}
