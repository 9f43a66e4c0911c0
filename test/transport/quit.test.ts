// Leaving the desktop: the question about running jobs, and that a job which does not end can't keep the window open.
import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { App } from '../../electron/app'
import { guardQuit } from '../../electron/shell/quit'
import { fakeEvent } from '../support/fakeElectron'

const fake = vi.hoisted(() => ({
  app: null as unknown as EventEmitter & { quit: () => void },
  answer: 0,
  asked: 0,
  said: {} as unknown,
}))

vi.mock('electron', () => ({
  get app() {
    return fake.app
  },
  dialog: {
    showMessageBox: async (said: unknown) => {
      fake.said = said
      fake.asked += 1
      return { response: fake.answer }
    },
  },
}))

/** Quits as Electron does: before-quit, then each window's close, which may refuse. */
function fakeApp() {
  const state = { quits: 0, gone: false, close: (() => undefined) as ReturnType<typeof guardQuit>['onClose'] }
  const app = Object.assign(new EventEmitter(), {
    quit: () => {
      state.quits += 1
      if (state.quits > 20) throw new Error('it quits for ever')
      const before = fakeEvent()
      app.emit('before-quit', before)
      if (before.defaultPrevented) return
      const close = fakeEvent()
      state.close(close)
      if (!close.defaultPrevented) state.gone = true
    },
  })
  return { app, state }
}

function guarded(running: () => unknown[], endless = false) {
  const { app, state } = fakeApp()
  fake.app = app
  const core = {
    services: {
      jobs: {
        running: () => running().map((title) => ({ title, onCancel: 'nothing is left', ...(endless ? { endless } : {}) })),
      },
    },
    shutdown: async () => undefined,
  }
  const guard = guardQuit({ core: core as unknown as App, window: () => null }) // only what quitting asks of it
  state.close = guard.onClose
  return { app, state, guard }
}

beforeEach(() => {
  fake.answer = 0
  fake.asked = 0
})

describe('closing the last window', () => {
  test('with endless jobs only, says what happens, and quitting is the first answer', async () => {
    const { app, state } = guarded(() => ['WAL streaming of main'], true)
    fake.answer = 1
    app.quit()
    await vi.waitFor(() => expect(fake.asked).toBe(1))
    expect(fake.said).toMatchObject({
      type: 'info',
      message: 'WAL streaming of main stops when Walkback quits.',
      detail: 'nothing is left',
      buttons: ['Quit', 'Keep running'],
      defaultId: 0,
    })
    expect(state.gone).toBe(false)
    fake.answer = 0
    // The first answer may still be on its way: until it has arrived no second question is asked.
    await vi.waitFor(() => {
      app.quit()
      expect(fake.asked).toBe(2)
    })
    await vi.waitFor(() => expect(state.gone).toBe(true))
  })

  test('with a job asks, and stays when told to keep it running', async () => {
    const { state, guard } = guarded(() => ['Dump shop'])
    const close = fakeEvent()
    guard.onClose(close)
    expect(close.defaultPrevented).toBe(true)
    await vi.waitFor(() => expect(fake.asked).toBe(1))
    expect(state.gone).toBe(false)
  })

  test('a job that has not ended when the shutdown gave up does not keep it open', async () => {
    fake.answer = 1
    const { app, state } = guarded(() => ['Stop practice cluster main'])
    app.quit()
    await vi.waitFor(() => expect(state.gone).toBe(true))
    expect(state.quits).toBe(2)
    expect(fake.asked).toBe(1)
  })

  test('nor the end of the Windows session', async () => {
    fake.answer = 1
    const { app, state, guard } = guarded(() => ['Stop practice cluster main'])
    const early = fakeEvent()
    guard.onSessionEnd(early)
    expect(early.defaultPrevented).toBe(true)
    await vi.waitFor(() => expect(state.gone).toBe(true))
    const late = fakeEvent()
    guard.onSessionEnd(late)
    expect(late.defaultPrevented).toBe(false)
    expect(app.listenerCount('before-quit')).toBe(1)
  })
})
