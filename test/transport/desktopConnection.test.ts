// The window's connection in the desktop: it stands at once, and a port that the core closed is followed by the next.
import { afterAll, expect, it, vi } from 'vitest'
import { type HandlerMap, serveRouter } from '../../electron/rpc/router'
import { acceptPorts } from '../../electron/shell/ports'
import { type Contracts, contracts } from '../../shared/contracts'
import type { Port } from '../../shared/rpc/port'
import { fakeIpc } from './portPairs'

afterAll(() => vi.unstubAllGlobals())

it('is lost and made again by itself, and the same api goes on', async () => {
  const ipc = fakeIpc()
  const ports: Port[] = []
  const handlers = Object.fromEntries(
    Object.entries(contracts).map(([capability, { methods }]) => [
      capability,
      Object.fromEntries(Object.keys(methods).map((name) => [name, () => new Promise(() => {})])),
    ]),
  )
  Object.assign(handlers['host'] ?? {}, { installations: async () => ({ installations: [] }) })
  acceptPorts(ipc.contents, ipc.ipcMain, (port) => {
    ports.push(port)
    serveRouter({ contracts, handlers: handlers as unknown as HandlerMap<Contracts>, port })
  })
  vi.stubGlobal('window', { walkback: ipc.bridge })
  const { api, connectionState, openApi, subscribeConnection } = await import('../../renderer/rpc/api')
  const states: string[] = [connectionState()]
  subscribeConnection(() => states.push(connectionState()))
  // Asked before there is a connection: answered once there is.
  const early = api.host.installations({ refresh: false })
  const { onLost } = await openApi()
  let lost = 0
  onLost(() => lost++)
  expect(await early).toEqual({ installations: [] })

  const waiting = api.host.info({}).catch((error: unknown) => error)
  await new Promise((resolve) => setTimeout(resolve, 20))
  ports[0]?.close('A message could not be read.')
  expect(await waiting).toMatchObject({ code: 'disconnected', message: 'A message could not be read.' })
  expect(connectionState()).toBe('lost')
  await expect(api.host.info({})).rejects.toMatchObject({ code: 'disconnected' })
  await expect.poll(connectionState, { timeout: 3000 }).toBe('ready')
  expect(await api.host.installations({ refresh: false })).toEqual({ installations: [] })
  expect(states).toEqual(['connecting', 'ready', 'lost', 'ready'])
  expect(lost).toBe(1)
})
