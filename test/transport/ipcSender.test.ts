// Who may speak over IPC: the window's own top frame on our own page, and nobody else.
import { beforeEach, describe, expect, it } from 'vitest'
import { ipcPort } from '../../electron/shell/ipcPort'
import type { Port } from '../../shared/rpc/port'
import { fakeIpc } from './portPairs'

const frameText = '{"type":"cancel","id":1}'
const settle = () => new Promise((resolve) => setTimeout(resolve, 10))

let ipc: ReturnType<typeof fakeIpc>
let port: Port
let heard: string[]
let closed: (string | undefined)[]

beforeEach(() => {
  ipc = fakeIpc()
  port = ipcPort(ipc.contents, ipc.ipcMain, (url) => url.startsWith('app://walkback/'))
  heard = []
  closed = []
  port.onMessage((text) => heard.push(text))
  port.onClose((reason) => closed.push(reason))
})

describe('a message', () => {
  it('of the top frame on our page is heard', async () => {
    ipc.sendToCore(ipc.mainFrame, frameText)
    await settle()
    expect(heard).toEqual([frameText])
  })

  it.each([
    ['a frame inside the page', () => ({ url: 'app://walkback/index.html' })],
    ['a frame that is gone', () => null],
  ])('of %s is not heard', async (_what, frame) => {
    ipc.sendToCore(frame(), frameText)
    await settle()
    expect(heard).toEqual([])
    expect(closed).toEqual([])
  })

  it.each(['https://evil.test/', 'file:///etc/passwd', 'app://other/index.html', 'data:text/html,x', 'about:blank', ''])(
    'of the top frame while it shows %s is not heard',
    async (url) => {
      ipc.mainFrame.url = url
      ipc.sendToCore(ipc.mainFrame, frameText)
      await settle()
      expect(heard).toEqual([])
    },
  )

  it('of another window is not heard', async () => {
    const other = fakeIpc()
    ipc.ipcMain.emit('walkback:to-core', { sender: other.contents, senderFrame: ipc.mainFrame }, frameText)
    await settle()
    expect(heard).toEqual([])
  })

  it.each([
    ['a number', [1]],
    ['an object', [{ type: 'cancel', id: 1 }]],
    ['nothing', []],
    ['two texts', [frameText, frameText]],
    ['more than 8 MB', ['x'.repeat(8 * 1024 * 1024 + 1)]],
  ])('that is %s closes the port', async (_what, args) => {
    ipc.sendToCore(ipc.mainFrame, ...args)
    await settle()
    expect(heard).toEqual([])
    expect(closed).toEqual(['A message could not be read.'])
  })
})

describe('the port ends', () => {
  it.each([
    ['destroyed', 'The window was closed.'],
    ['did-navigate', 'The page was loaded again.'],
    ['render-process-gone', "The window's process ended."],
  ])('with %s, once, and leaves no listener behind', async (event, reason) => {
    ipc.contents.emit(event)
    ipc.contents.emit(event)
    expect(closed).toEqual([reason])
    ipc.sendToCore(ipc.mainFrame, frameText)
    await settle()
    expect(heard).toEqual([])
    expect(ipc.ipcMain.listenerCount('walkback:to-core')).toBe(0)
    expect(ipc.contents.eventNames()).toEqual([])
    await port.send('dropped')
  })

  it('tells the page why when the core closes it', async () => {
    const told: (string | undefined)[] = []
    ipc.bridge.onClose((reason) => told.push(reason))
    port.close('A message could not be read.')
    await settle()
    expect(told).toEqual(['A message could not be read.'])
    let late: string | undefined
    port.onClose((reason) => {
      late = reason
    })
    expect(late).toBe('A message could not be read.')
  })
})
