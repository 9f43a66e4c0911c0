// The window's way to the core: one `api` that always talks over the current connection, made and remade here.
import { type Api, contracts } from '../../shared/contracts'
import { AppError } from '../../shared/rpc/appError'
import type { WalkbackBridge } from '../../shared/rpc/bridge'
import { connectClient, disconnected } from '../../shared/rpc/client'
import type { CallOptions } from '../../shared/rpc/contract'
import type { Port } from '../../shared/rpc/port'
import { connectionState, connectionWords, setConnectionState } from './connection'
import { ipcPort } from './ipcPort'
import { findSession, forgetSession, hasToken } from './webSession'
import { openWsPort, socketUrl } from './wsPort'

export { type ConnectionState, connectionState, connectionWords, subscribeConnection } from './connection'

declare global {
  interface Window {
    /** Only in the desktop window. */
    walkback?: WalkbackBridge
  }
}

type AnyMethods = Readonly<Record<string, (input: unknown, options?: CallOptions) => unknown>>

/** The first connection, which calls made before it wait for. */
let arrived: (client: Api) => void = () => {}
let failed: (error: AppError) => void = () => {}
let current: Promise<Api>
let opening: Promise<void> | undefined
const lostListeners = new Set<() => void>()

function awaitClient(): void {
  current = new Promise<Api>((resolve, reject) => {
    arrived = resolve
    failed = reject
  })
  current.catch(() => undefined) // whoever calls sees it; without a caller it is nobody's error
}
awaitClient()

function refuseCalls(reason: 'lost' | 'no-session' | 'refused'): void {
  const { message, hint } = connectionWords[reason]
  failed(new AppError('disconnected', message, { hint }))
  current = Promise.reject(reason === 'lost' ? disconnected() : new AppError('disconnected', message, { hint }))
  current.catch(() => undefined) // the same
  setConnectionState(reason)
}

/** By name on the client of the moment; the names come from the contracts, the same that the client is built from. */
function methodOf(client: Api, capability: keyof Api, name: string) {
  const methods: AnyMethods = client[capability] as unknown as AnyMethods
  const method = methods[name]
  if (!method) throw new AppError('not_found', `Walkback has no request ${capability}.${name}.`)
  return method
}

function lasting(capability: keyof Api, name: string, kind: 'call' | 'stream') {
  if (kind === 'call') {
    return async (input: unknown, options?: CallOptions) => methodOf(await current, capability, name)(input, options)
  }
  return (input: unknown, options?: CallOptions) => ({
    async *[Symbol.asyncIterator]() {
      yield* methodOf(await current, capability, name)(input, options) as AsyncIterable<unknown>
    },
  })
}

/**
 * Calls made before the first connection wait for it; while it is lost they reject with `disconnected`. A stream that
 * was running ends with `disconnected`: start it again when the state is `ready` again.
 */
export const api: Api = Object.fromEntries(
  (Object.keys(contracts) as (keyof Api)[]).map((capability) => [
    capability,
    Object.fromEntries(
      Object.entries(contracts[capability].methods).map(([name, { kind }]) => [name, lasting(capability, name, kind)]),
    ),
  ]),
) as unknown as Api

function adopt(port: Port, onClosed: () => void): void {
  const client = connectClient(contracts, port)
  arrived(client)
  current = Promise.resolve(client)
  port.onClose(() => {
    refuseCalls('lost')
    for (const listener of lostListeners) listener()
    onClosed()
  })
  setConnectionState('ready')
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Tries until it is connected or the host says that this tab has no session. */
async function connectWeb(): Promise<void> {
  for (let delay = 250; ; delay = Math.min(delay * 2, 5000)) {
    const found = await findSession()
    if ('session' in found) {
      const outcome = await openWsPort(socketUrl(location), found.session)
      if ('port' in outcome) return adopt(outcome.port, reconnectWeb)
      if (outcome.failure === 'no-session') {
        forgetSession()
        return refuseCalls('no-session')
      }
    } else if (found.failure !== 'unreachable') return refuseCalls(found.failure)
    if (connectionState() !== 'lost') refuseCalls('lost')
    await wait(delay * (0.75 + Math.random() / 2)) // windows that lost the same host do not come back in step
  }
}

/** The core follows a closed port with the next at once; the pause keeps a fault from turning into a busy loop. */
function connectDesktop(bridge: WalkbackBridge): void {
  adopt(ipcPort(bridge), () => setTimeout(() => connectDesktop(bridge), 250))
}

function reconnectWeb(): void {
  opening = connectWeb()
}

/** A new link opened in a tab that shows Walkback only changes the fragment: no page is loaded. */
function watchForNewLink(): void {
  addEventListener('hashchange', () => {
    if (!hasToken(location.hash)) return
    if (connectionState() === 'no-session' || connectionState() === 'refused') {
      awaitClient()
      setConnectionState('connecting')
      reconnectWeb()
    } else void findSession() // takes the token out of the address bar; the session is used at the next connection
  })
}

export interface OpenedApi {
  api: Api
  /** Called each time the connection is lost; returns the function that stops it. */
  onLost(listener: () => void): () => void
}

/** Resolves once the connection stands, or once it is known why it does not: see connectionState. Call it once. */
export async function openApi(): Promise<OpenedApi> {
  if (!opening) {
    if (window.walkback) {
      connectDesktop(window.walkback)
      opening = Promise.resolve()
    } else {
      watchForNewLink()
      reconnectWeb()
    }
  }
  await opening
  return {
    api,
    onLost(listener) {
      lostListeners.add(listener)
      return () => lostListeners.delete(listener)
    },
  }
}
