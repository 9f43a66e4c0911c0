// The real desktop bundle under a fake electron that keeps Electron's rules: what it locks down, whom it answers, how it ends.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { emptyConnectionSettings } from '../../shared/model/connection'
import { newestMajor, sharedCluster } from '../support/clusters'
import { FakeContents, fakeEvent, makeFakeElectron, runBundle } from '../support/fakeElectron'
import { preloadBundle, type Shell, startShell, until } from '../support/shellProcess'
import { tempFolder } from '../support/tempFolder'

let shell: Shell | undefined
let userData: string

beforeEach(() => {
  userData = tempFolder('shell')
})

afterEach(async () => {
  await shell?.end()
  shell = undefined
})

describe('starting', () => {
  test('registers its scheme and the sandbox before ready, and opens one locked-down window after', async () => {
    shell = await startShell({ userData })
    expect(shell.recorded.schemes).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
    ])
    expect(shell.calls.indexOf('app.enableSandbox')).toBeLessThan(shell.calls.indexOf('new BrowserWindow'))
    expect(shell.recorded.windows).toHaveLength(1)
    const window = shell.recorded.windows[0]
    expect(window?.loadedUrl).toBe('app://walkback/index.html')
    expect(window?.options.webPreferences).toEqual({
      preload: expect.stringMatching(/dist\/preload\.cjs$/),
      sandbox: true,
      contextIsolation: true,
      webSecurity: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: false,
    })
    await until('the window to show', () => window?.visible)
    expect(shell.recorded.menu).not.toBeNull()
  })

  test('a second instance opens nothing and quits', async () => {
    shell = await startShell({ userData, hasLock: false })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(shell.recorded.windows).toHaveLength(0)
    expect(shell.recorded.quitDone).toBe(true)
  })

  test('the first instance comes forward when a second is started', async () => {
    shell = await startShell({ userData })
    shell.electron.app.emit('second-instance')
    expect(shell.recorded.windows[0]?.focused).toBe(true)
  })

  test('a data folder that another Walkback uses is said in a box, and it exits with 1', async () => {
    shell = await startShell({ userData })
    const second = await startShell({ userData })
    await until('the box', () => second.recorded.exited !== null)
    expect(second.recorded.exited).toBe(1)
    expect(second.recorded.errorBoxes[0]?.title).toBe('Walkback could not start')
    expect(second.recorded.errorBoxes[0]?.content).toContain(String(process.pid))
    expect(second.recorded.windows).toHaveLength(0)
  })
})

describe('the page', () => {
  async function get(url: string, init?: RequestInit): Promise<Response> {
    const handler = shell?.recorded.protocolHandlers.get('app')
    if (!handler) throw new Error('no handler for app:')
    return handler(new Request(url, init))
  }

  test('index.html comes with a policy whose nonce it carries, a new one each time', async () => {
    shell = await startShell({ userData })
    const response = await get('app://walkback/index.html')
    expect(response.status).toBe(200)
    const policy = response.headers.get('content-security-policy') ?? ''
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1]
    expect(nonce).toBeTruthy()
    const html = await response.text()
    expect(html).toContain(`nonce="${nonce}"`)
    expect(html).not.toContain('__CSP_NONCE__')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(policy).not.toContain('ws:')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    const again = (await get('app://walkback/index.html')).headers.get('content-security-policy')
    expect(again).not.toBe(policy)
  })

  test('its assets load with their types', async () => {
    shell = await startShell({ userData })
    const html = await (await get('app://walkback/index.html')).text()
    const script = /src="\.?\/?(assets\/[^"]+\.js)"/.exec(html)?.[1]
    const response = await get(`app://walkback/${script}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  })

  test.each([
    ['app://walkback/../package.json', 404],
    ['app://walkback/..%2fmain.cjs', 404],
    ['app://walkback/%2e%2e/main.cjs', 404],
    ['app://walkback/..%5cmain.cjs', 404],
    ['app://walkback//etc/passwd', 404],
    ['app://walkback/assets/', 404],
    ['app://walkback/nothing.js', 404],
    ['app://other/index.html', 403],
    ['http://walkback/index.html', 403],
  ])('%s is refused with %i', async (url, status) => {
    shell = await startShell({ userData })
    const response = await get(url)
    expect(response.status).toBe(status)
    expect(await response.text()).not.toMatch(/root:|require\(/)
  })

  test('only GET is answered', async () => {
    shell = await startShell({ userData })
    expect((await get('app://walkback/index.html', { method: 'POST', body: 'x' })).status).toBe(405)
  })
})

describe('what the window may not do', () => {
  /** As Electron asks: for a request the page's URL, for a check its origin. */
  function permitted(permission: string, origin = 'app://walkback', isMainFrame = true): { asked: unknown; checked: unknown } {
    let asked: unknown = 'unanswered'
    const details = { requestingUrl: `${origin}/index.html`, isMainFrame }
    shell?.recorded.permissionRequest?.({}, permission, (granted) => (asked = granted), details)
    return { asked, checked: shell?.recorded.permissionCheck?.(null, permission, `${origin}/`, { isMainFrame }) }
  }

  test('every permission, device and capture is denied', async () => {
    shell = await startShell({ userData })
    for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'fullscreen', 'unknown'])
      expect(permitted(permission), permission).toEqual({ asked: false, checked: false })
    expect(shell.recorded.devicePermission?.()).toBe(false)
    let streams: unknown = 'unanswered'
    shell.recorded.displayMedia?.({}, (given) => {
      streams = given
    })
    expect(streams).toBeNull()
  })

  test('only its own top page may put text on the clipboard, for Copy', async () => {
    shell = await startShell({ userData })
    expect(permitted('clipboard-sanitized-write')).toEqual({ asked: true, checked: true })
    expect(permitted('clipboard-sanitized-write', 'https://example.org')).toEqual({ asked: false, checked: false })
    expect(permitted('clipboard-sanitized-write', 'app://other')).toEqual({ asked: false, checked: false })
    expect(permitted('clipboard-sanitized-write', 'app://walkback', false)).toEqual({ asked: false, checked: false })
  })

  test('it loads nothing from elsewhere', async () => {
    shell = await startShell({ userData })
    const cancelled = (url: string) => {
      let answer: boolean | undefined
      shell?.recorded.beforeRequest?.({ url }, ({ cancel }) => {
        answer = cancel
      })
      return answer
    }
    expect(cancelled('app://walkback/assets/a.js')).toBe(false)
    for (const url of [
      'https://example.org/',
      'http://127.0.0.1:1/',
      'file:///etc/passwd',
      'app://evil/',
      'ws://127.0.0.1/',
      'data:text/html,x',
      'devtools://devtools/x',
    ])
      expect(cancelled(url), url).toBe(true)
  })

  test('it goes nowhere, opens no window and holds no webview; links of the list go to the browser', async () => {
    shell = await startShell({ userData })
    const contents = shell.contents()
    const prevented = (name: string, fields: object) => {
      const event = fakeEvent(fields)
      contents?.emit(name, event)
      return event.defaultPrevented
    }
    expect(prevented('will-navigate', { url: 'https://example.org/' })).toBe(true)
    expect(prevented('will-navigate', { url: 'app://walkback.evil/' })).toBe(true)
    expect(prevented('will-navigate', { url: 'file:///etc/passwd' })).toBe(true)
    expect(prevented('will-navigate', { url: 'app://walkback/index.html#/jobs' })).toBe(false)
    expect(prevented('will-frame-navigate', { url: 'app://walkback/index.html', isMainFrame: false })).toBe(true)
    expect(prevented('will-redirect', { url: 'app://walkback/index.html' })).toBe(true)
    expect(prevented('will-attach-webview', {})).toBe(true)
    expect(contents?.windowOpenHandler?.({ url: 'https://www.postgresql.org/docs/' })).toEqual({ action: 'deny' })
    expect(contents?.windowOpenHandler?.({ url: 'https://example.org/' })).toEqual({ action: 'deny' })
    expect(contents?.windowOpenHandler?.({ url: 'http://www.postgresql.org/' })).toEqual({ action: 'deny' })
    expect(contents?.windowOpenHandler?.({ url: 'file:///etc/passwd' })).toEqual({ action: 'deny' })
    expect(shell.recorded.openedOutside).toEqual(['https://www.postgresql.org/docs/'])
  })
})

describe('whom it answers', () => {
  test('its own page gets an answer over IPC', async () => {
    shell = await startShell({ userData })
    const info = await shell.api.host.info({})
    expect(info.host).toBe('desktop')
    expect(info.version).toMatch(/^\d+\.\d+\.\d+/)
  })

  test('no other frame, page or sender does', async () => {
    shell = await startShell({ userData })
    const contents = shell.contents()
    if (!contents) throw new Error('no window')
    const frame = JSON.stringify({ type: 'call', id: 7, method: 'host.info', input: {} })
    const sentBefore = contents.sent.length
    const top = contents.mainFrame
    shell.sendFrame(frame, { senderFrame: null })
    shell.sendFrame(frame, { senderFrame: { url: 'app://walkback/index.html', parent: top, top } })
    shell.sendFrame(frame, { senderFrame: { url: 'https://example.org/', parent: null } })
    shell.sendFrame(frame, { sender: new FakeContents() })
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(contents.sent.length).toBe(sentBefore)
    // The own page still is answered, and so is the page after a reload.
    expect((await shell.api.host.info({})).host).toBe('desktop')
    contents.emit('did-navigate')
    expect((await shell.api.host.info({})).host).toBe('desktop')
  })

  test('a message that is no frame closes the pipe and the next document gets a new one', async () => {
    shell = await startShell({ userData })
    const contents = shell.contents()
    shell.sendFrame('{"type":"call"')
    expect(contents?.sent.at(-1)?.channel).toBe('walkback:closed')
    expect((await shell.api.host.info({})).host).toBe('desktop')
  })

  test('a page whose process crashed is loaded again and answered, not endlessly', async () => {
    shell = await startShell({ userData })
    const [window] = shell.recorded.windows
    window?.webContents.emit('render-process-gone', fakeEvent(), { reason: 'clean-exit', exitCode: 0 })
    expect(window?.loads).toBe(1)
    window?.webContents.emit('render-process-gone', fakeEvent(), { reason: 'crashed', exitCode: 139 })
    expect(window?.loads).toBe(2)
    window?.webContents.emit('did-navigate')
    expect((await shell.api.host.info({})).host).toBe('desktop')
    for (let crash = 0; crash < 9; crash++) {
      window?.webContents.emit('render-process-gone', fakeEvent(), { reason: 'oom', exitCode: 1 })
    }
    expect(window?.loads).toBe(4)
  })

  test('twenty reloads leave no listeners behind', async () => {
    shell = await startShell({ userData })
    const contents = shell.contents()
    const before = contents?.listenerCount('destroyed')
    for (let reload = 0; reload < 20; reload++) contents?.emit('did-navigate')
    expect(contents?.listenerCount('destroyed')).toBe(before)
    expect(shell.electron.ipcMain.listenerCount('walkback:to-core')).toBe(1)
  })
})

describe('passwords', () => {
  test.each([
    ['a keyring', {}, true],
    ['a fixed key (v10)', { encryptionPrefix: 'v10' }, false],
    ['the backend basic_text', { platformBackend: 'basic_text' }, false],
    ['an unknown backend', { platformBackend: 'unknown' }, false],
    ['no encryption', { encryptionAvailable: false }, false],
  ])('with %s remembering is offered: %o %s', async (_name, options, canRemember) => {
    shell = await startShell({ userData, ...options })
    const storage = await shell.api.connections.secretStorage({})
    expect(storage.canRemember).toBe(canRemember)
    if (!canRemember) expect(storage.reason).toContain('kept in memory until Walkback stops')
  })

  /** Every file of the data folder that holds one of the texts. */
  function filesHolding(...texts: string[]): string[] {
    return readdirSync(userData, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => texts.some((text) => readFileSync(file).includes(text)))
  }

  async function saveRemembered() {
    const cluster = await sharedCluster(newestMajor())
    const settings = {
      ...emptyConnectionSettings,
      host: '127.0.0.1',
      port: cluster.port,
      user: 'postgres',
      database: 'postgres',
      passfile: '/nowhere',
    }
    const saved = await shell?.api.connections.save({
      id: null,
      label: 'remembered',
      colour: 'slate',
      readOnly: false,
      settings,
      password: { kind: 'set', password: cluster.password, remember: true },
    })
    if (!saved) throw new Error('no shell')
    const again = { id: saved.id, settings, password: { kind: 'keep' } } as const
    const plain = cluster.password
    // What base64 of the plain text would look like, at each of the three places it can begin at.
    const coded = [0, 1, 2].map((at) => Buffer.from(plain.slice(at)).toString('base64').slice(0, 12))
    return { saved, again, spellings: [plain, ...coded] }
  }

  test('with a keyring is kept encrypted, works after a restart, and is asked for again when the keyring has changed', async () => {
    shell = await startShell({ userData })
    const { saved, again, spellings } = await saveRemembered()
    expect(saved.password).toBe('encrypted')
    expect(filesHolding(...spellings)).toEqual([])
    await shell.end()
    shell = await startShell({ userData })
    expect((await shell.api.connections.list({})).connections).toEqual([saved])
    expect(await shell.api.connections.test(again)).toMatchObject({ ok: true })
    await shell.end()
    shell = await startShell({ userData, keyringChanged: true })
    await expect(shell.api.connections.server({ connectionId: saved.id })).rejects.toMatchObject({
      code: 'permission',
      message: 'The stored password can no longer be decrypted.',
      hint: "Enter it again in the connection. The system's keyring was probably changed or is locked.",
    })
  }, 120_000)

  test('with a fixed key is in no file, works until the end, and is gone after it', async () => {
    shell = await startShell({ userData, encryptionPrefix: 'v10' })
    const { saved, again, spellings } = await saveRemembered()
    expect(saved.password).toBe('memory')
    expect(await shell.api.connections.test(again)).toMatchObject({ ok: true })
    expect(filesHolding(...spellings)).toEqual([])
    await shell.end()
    shell = await startShell({ userData, encryptionPrefix: 'v10' })
    expect((await shell.api.connections.list({})).connections).toMatchObject([{ id: saved.id, password: 'none' }])
    expect(await shell.api.connections.test(again)).toMatchObject({ ok: false, failure: 'password-missing' })
  }, 120_000)
})

describe('ending', () => {
  test('without jobs it quits at once, with nothing asked', async () => {
    shell = await startShell({ userData })
    shell.recorded.windows[0]?.close()
    await until('the end', () => shell?.recorded.quitDone)
    expect(shell.recorded.messageBoxes).toHaveLength(0)
  })

  test('with a running job it asks, goes on when told to, and cancels the job when told to', async () => {
    let answer = 0
    shell = await startShell({ userData, messageBoxAnswer: () => answer })
    const { installations } = await shell.api.practice.list({})
    const folder = installations[0]?.folder ?? ''
    const { jobId } = await shell.api.practice.make({ name: 'main', folder, fill: true })
    await until('sleep to be blocked', () => shell?.recorded.powerBlockers.size === 1)
    const sessionEnd = fakeEvent()
    shell.recorded.windows[0]?.emit('query-session-end', sessionEnd)
    expect(sessionEnd.defaultPrevented).toBe(true)
    await until('the first question', () => shell?.recorded.messageBoxes.length === 1)
    expect(shell.recorded.messageBoxes[0]).toMatchObject({
      message: 'A job is still running.',
      buttons: ['Keep running', 'Cancel the jobs and quit'],
    })
    expect((await shell.api.jobs.get({ jobId })).endedAt).toBeNull()
    shell.recorded.windows[0]?.close()
    await until('the second question', () => shell?.recorded.messageBoxes.length === 2)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(shell.recorded.quitDone).toBe(false)
    expect(shell.recorded.windows[0]?.isDestroyed()).toBe(false)
    answer = 1
    shell.electron.app.quit()
    await until('the end', () => shell?.recorded.quitDone, 60_000)
    expect(shell.recorded.powerBlockers.size).toBe(0)
  }, 120_000)
})

describe('what the desktop shows of a job', () => {
  test('a taskbar that fails ends neither Walkback nor the job', async () => {
    shell = await startShell({ userData })
    const { api, recorded } = shell
    const window = recorded.windows[0]
    if (!window) throw new Error('no window')
    window.setProgressBar = () => {
      throw new Error('no taskbar here')
    }
    const { installations } = await api.practice.list({})
    const { jobId } = await api.practice.make({ name: 'main', folder: installations[0]?.folder ?? '', fill: false })
    let job = await api.jobs.get({ jobId })
    while (job.endedAt === null) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      job = await api.jobs.get({ jobId })
    }
    expect(job.state).toBe('succeeded')
    expect(recorded.exited).toBeNull()
    expect(recorded.errorBoxes).toEqual([])
    await api.practice.remove({ name: 'main', confirm: 'main' })
    await until('sleep to be allowed', () => recorded.powerBlockers.size === 0, 60_000)
  }, 120_000)

  test('no sleep while it runs, progress in the taskbar, a notification at its end', async () => {
    shell = await startShell({ userData })
    const { api, recorded } = shell
    await api.host.saveSettings({ ...(await api.host.settings({})), notifyAfterSeconds: 0 })
    const { installations } = await api.practice.list({})
    await api.practice.make({ name: 'main', folder: installations[0]?.folder ?? '', fill: false })
    await until('sleep to be blocked', () => recorded.powerBlockers.size === 1)
    await until('the taskbar', () => (recorded.windows[0]?.progress ?? -1) >= 0)
    await until('the notification', () => recorded.notifications.length === 1, 60_000)
    expect(recorded.notifications[0]?.title).toMatch(/^Make practice cluster main .* finished$/)
    expect(recorded.notifications[0]?.body).not.toBe('')
    expect(recorded.powerBlockers.size).toBe(0)
    expect(recorded.windows[0]?.progress).toBe(-1)
    // In front of the person there is nothing to notify of; and a removal stops the server again.
    recorded.windows[0]?.focus()
    await api.practice.remove({ name: 'main', confirm: 'main' })
    await until('the removal', () => recorded.powerBlockers.size === 1)
    await until('its end', () => recorded.powerBlockers.size === 0, 60_000)
    expect(recorded.notifications).toHaveLength(1)
  }, 120_000)
})

describe('the preload', () => {
  test('exposes a text pipe and nothing else, and needs only electron', () => {
    const exposed: { name: string; value: Record<string, unknown> }[] = []
    const listeners = new Map<string, ((...args: unknown[]) => void)[]>()
    const sent: unknown[][] = []
    const fake = makeFakeElectron({ userData })
    const electron = {
      contextBridge: { exposeInMainWorld: (name: string, value: Record<string, unknown>) => exposed.push({ name, value }) },
      ipcRenderer: {
        send: (...args: unknown[]) => sent.push(args),
        on: (channel: string, listener: (...args: unknown[]) => void) =>
          listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
        removeListener: (channel: string, listener: (...args: unknown[]) => void) =>
          listeners.set(
            channel,
            (listeners.get(channel) ?? []).filter((known) => known !== listener),
          ),
      },
    }
    runBundle(preloadBundle, { ...fake, electron: electron as unknown as typeof fake.electron })
    expect(exposed.map(({ name }) => name)).toEqual(['walkback'])
    const bridge = exposed[0]?.value as {
      send(text: unknown): void
      onMessage(listener: (...args: unknown[]) => void): () => void
    }
    expect(Object.keys(bridge).toSorted()).toEqual(['onClose', 'onMessage', 'send'])
    bridge.send({ toString: () => 'text' })
    expect(sent).toEqual([['walkback:to-core', 'text']])
    const heard: unknown[][] = []
    const stop = bridge.onMessage((...args) => heard.push(args))
    for (const listener of listeners.get('walkback:to-page') ?? []) listener({ sender: 'the whole of ipcRenderer' }, 'frame')
    expect(heard).toEqual([['frame']])
    stop()
    expect(listeners.get('walkback:to-page')).toEqual([])
  })
})
