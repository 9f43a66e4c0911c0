// Runs the built desktop entry against the fake electron, and reaches its core over the fake's IPC.
import { fileURLToPath } from 'node:url'
import { contracts } from '../../shared/contracts'
import { bridgeChannels } from '../../shared/rpc/bridge'
import { type Clients, connectClient } from '../../shared/rpc/client'
import type { Port } from '../../shared/rpc/port'
import { type FakeElectron, type FakeOptions, makeFakeElectron, runBundle } from './fakeElectron'

export const mainBundle = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url))
export const preloadBundle = fileURLToPath(new URL('../../dist/preload.cjs', import.meta.url))

export interface Shell extends FakeElectron {
  /** Sends one frame as the window's own page would. */
  sendFrame(text: string, from?: { senderFrame?: unknown; sender?: unknown }): void
  /** The typed client over the fake IPC. */
  api: Clients<typeof contracts>
  /** Quits with "cancel the jobs" and waits. */
  end(): Promise<void>
}

export async function until<T>(what: string, probe: () => T | undefined | null | false, timeoutMs = 20_000): Promise<T> {
  const last = Date.now() + timeoutMs
  for (;;) {
    const value = probe()
    if (value) return value
    if (Date.now() > last) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Starts main.cjs; resolves once its window was asked to load. WALKBACK_DATA must not be in use by another core. */
export async function startShell(options: FakeOptions): Promise<Shell> {
  const fake = makeFakeElectron(options)
  const before = process.env.WALKBACK_DATA
  process.env.WALKBACK_DATA = options.userData
  try {
    runBundle(mainBundle, fake)
    await until(
      'the window',
      () => fake.recorded.windows.at(-1)?.loadedUrl || fake.recorded.errorBoxes.length > 0 || options.hasLock === false,
    )
  } finally {
    if (before === undefined) delete process.env.WALKBACK_DATA
    else process.env.WALKBACK_DATA = before
  }
  const sendFrame: Shell['sendFrame'] = (text, from = {}) => {
    const contents = fake.contents()
    fake.electron.ipcMain.emit(bridgeChannels.toCore, { sender: contents, senderFrame: contents?.mainFrame, ...from }, text)
  }
  const messageListeners: ((text: string) => void)[] = []
  const contents = fake.contents()
  if (contents) {
    contents.onSend = (channel, text) => {
      if (channel === bridgeChannels.toPage) for (const listener of messageListeners) listener(String(text))
    }
  }
  const port: Port = {
    send: (text) => sendFrame(text),
    onMessage: (listener) => void messageListeners.push(listener),
    onClose: () => undefined,
    close: () => undefined,
  }
  return {
    ...fake,
    sendFrame,
    api: connectClient(contracts, port),
    async end() {
      if (fake.recorded.quitDone || fake.recorded.windows.length === 0) return
      options.messageBoxAnswer = () => 1
      fake.electron.app.quit()
      await until('the end', () => fake.recorded.quitDone, 30_000)
    },
  }
}
