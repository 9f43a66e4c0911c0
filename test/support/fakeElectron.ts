// A small stand-in for the 'electron' module that keeps Electron's rules of time: what may be called only before ready,
// what only after, and that ready comes only once the main module has run to its end.
// Long because its parts are one module to the application, and know of each other: ready, windows, quitting.
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { builtinModules, createRequire } from 'node:module'
import { compileFunction } from 'node:vm'

type Listener = (...args: never[]) => unknown

export interface FakeEvent {
  defaultPrevented: boolean
  preventDefault(): void
}

export function fakeEvent<T extends object>(fields?: T): FakeEvent & T {
  const event = {
    ...(fields ?? ({} as T)),
    defaultPrevented: false,
    preventDefault() {
      event.defaultPrevented = true
    },
  }
  return event
}

export class FakeContents extends EventEmitter {
  static nextId = 1
  readonly id = FakeContents.nextId++
  readonly mainFrame = { url: 'app://walkback/index.html', parent: null, top: null as unknown, detached: false }
  readonly sent: { channel: string; args: unknown[] }[] = []
  destroyed = false
  windowOpenHandler: ((details: { url: string }) => { action: string }) | null = null
  /** Where what main sends arrives; the test's page or its recorder. */
  onSend: ((channel: string, ...args: unknown[]) => void) | null = null

  constructor() {
    super()
    this.mainFrame.top = this.mainFrame
  }
  send(channel: string, ...args: unknown[]) {
    // Electron clones what it sends; a function or a class instance fails there and must fail here.
    const cloned = structuredClone(args)
    this.sent.push({ channel, args: cloned })
    this.onSend?.(channel, ...cloned)
  }
  isDestroyed() {
    return this.destroyed
  }
  getURL() {
    return this.mainFrame.url
  }
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }) {
    this.windowOpenHandler = handler
  }
}

export interface FakeOptions {
  isPackaged?: boolean
  hasLock?: boolean
  userData: string
  platformBackend?: string
  encryptionAvailable?: boolean
  /** First bytes of what encryption makes. */
  encryptionPrefix?: string
  /** The keyring that encrypted is another one now, or locked. */
  keyringChanged?: boolean
  /** Answer of message boxes, by button index. */
  messageBoxAnswer?: () => number
}

export type FakeElectron = ReturnType<typeof makeFakeElectron>

export function makeFakeElectron(options: FakeOptions) {
  let ready = false
  const calls: string[] = []
  const afterReady = (name: string) => {
    if (!ready) throw new Error(`${name} can only be used after app is ready`)
    calls.push(name)
  }
  const beforeReady = (name: string) => {
    if (ready) throw new Error(`${name} must be called before app is ready`)
    calls.push(name)
  }
  const recorded = {
    schemes: [] as { scheme: string; privileges: Record<string, boolean> }[],
    protocolHandlers: new Map<string, (request: Request) => Promise<Response> | Response>(),
    permissionRequest: null as
      | null
      | ((
          contents: unknown,
          permission: string,
          callback: (granted: boolean) => void,
          details: { requestingUrl: string; isMainFrame: boolean },
        ) => void),
    permissionCheck: null as
      | null
      | ((contents: unknown, permission: string, requestingOrigin: string, details: { isMainFrame: boolean }) => boolean),
    devicePermission: null as null | (() => boolean),
    displayMedia: null as null | ((request: unknown, callback: (streams: unknown) => void) => void),
    beforeRequest: null as null | ((details: { url: string }, callback: (answer: { cancel?: boolean }) => void) => void),
    windows: [] as FakeWindow[],
    messageBoxes: [] as { message: string; detail: string; buttons: string[] }[],
    errorBoxes: [] as { title: string; content: string }[],
    notifications: [] as { title: string; body: string }[],
    openedOutside: [] as string[],
    powerBlockers: new Set<number>(),
    menu: null as unknown,
    exited: null as number | null,
    quitDone: false,
  }

  class FakeApp extends EventEmitter {
    readonly isPackaged = options.isPackaged ?? true
    isReady() {
      return ready
    }
    whenReady() {
      return ready ? Promise.resolve() : new Promise<void>((resolve) => this.once('ready', () => resolve()))
    }
    enableSandbox() {
      beforeReady('app.enableSandbox')
    }
    requestSingleInstanceLock() {
      calls.push('app.requestSingleInstanceLock')
      return options.hasLock ?? true
    }
    setAppUserModelId() {
      calls.push('app.setAppUserModelId')
    }
    getPath(name: string) {
      return name === 'userData' ? options.userData : `${options.userData}/${name}`
    }
    getVersion() {
      return '0.0.0'
    }
    quit() {
      const event = fakeEvent()
      this.emit('before-quit', event)
      if (event.defaultPrevented) return
      // As Electron: closing a window may still be refused by its own close event.
      for (const window of recorded.windows) window.close()
      if (recorded.windows.some((window) => !window.isDestroyed())) return
      this.emit('will-quit', fakeEvent())
      recorded.quitDone = true
      this.emit('quit')
    }
    exit(code = 0) {
      recorded.exited = code
    }
  }
  const app = new FakeApp()

  class FakeWindow extends EventEmitter {
    static getAllWindows() {
      return recorded.windows.filter((window) => !window.isDestroyed())
    }
    readonly webContents: FakeContents
    readonly options: { webPreferences: Record<string, unknown> } & Record<string, unknown>
    loadedUrl = ''
    loads = 0
    progress = -1
    focused = false
    visible = false
    #destroyed = false
    constructor(windowOptions: { webPreferences: Record<string, unknown> } & Record<string, unknown>) {
      super()
      afterReady('new BrowserWindow')
      this.options = windowOptions
      this.webContents = new FakeContents()
      recorded.windows.push(this)
      app.emit('web-contents-created', fakeEvent(), this.webContents)
    }
    async loadURL(url: string) {
      this.loadedUrl = url
      this.loads += 1
      queueMicrotask(() => this.emit('ready-to-show'))
    }
    show() {
      this.visible = true
    }
    restore() {
      this.visible = true
    }
    isMinimized() {
      return false
    }
    focus() {
      this.focused = true
    }
    isFocused() {
      return this.focused
    }
    maximize() {}
    isMaximized() {
      return false
    }
    getNormalBounds() {
      return { x: 10, y: 10, width: 1280, height: 800 }
    }
    setProgressBar(value: number) {
      this.progress = value
    }
    isDestroyed() {
      return this.#destroyed
    }
    close() {
      if (this.#destroyed) return
      const event = fakeEvent()
      this.emit('close', event)
      if (event.defaultPrevented) return
      this.#destroyed = true
      this.webContents.destroyed = true
      this.webContents.emit('destroyed')
      this.emit('closed')
      if (FakeWindow.getAllWindows().length === 0) app.emit('window-all-closed')
    }
  }

  const defaultSession = Object.assign(new EventEmitter(), {
    setPermissionRequestHandler: (handler: typeof recorded.permissionRequest) => {
      recorded.permissionRequest = handler
    },
    setPermissionCheckHandler: (handler: typeof recorded.permissionCheck) => {
      recorded.permissionCheck = handler
    },
    setDevicePermissionHandler: (handler: typeof recorded.devicePermission) => {
      recorded.devicePermission = handler
    },
    setDisplayMediaRequestHandler: (handler: typeof recorded.displayMedia) => {
      recorded.displayMedia = handler
    },
    setBluetoothPairingHandler: () => undefined,
    webRequest: {
      onBeforeRequest: (handler: typeof recorded.beforeRequest) => {
        recorded.beforeRequest = handler
      },
    },
  })

  let nextBlocker = 1
  const electron = {
    app,
    BrowserWindow: FakeWindow,
    ipcMain: new EventEmitter(),
    protocol: {
      registerSchemesAsPrivileged: (schemes: typeof recorded.schemes) => {
        beforeReady('protocol.registerSchemesAsPrivileged')
        recorded.schemes.push(...schemes)
      },
      handle: (scheme: string, handler: (request: Request) => Promise<Response> | Response) => {
        afterReady('protocol.handle')
        recorded.protocolHandlers.set(scheme, handler)
      },
    },
    session: {
      get defaultSession() {
        afterReady('session.defaultSession')
        return defaultSession
      },
    },
    safeStorage: {
      isAsyncEncryptionAvailable: async () => {
        afterReady('safeStorage')
        return options.encryptionAvailable ?? true
      },
      getSelectedStorageBackend: () => (ready ? (options.platformBackend ?? 'gnome_libsecret') : 'unknown'),
      encryptStringAsync: async (text: string) =>
        Buffer.from(`${options.encryptionPrefix ?? 'v11'}${Buffer.from(text).toString('hex')}`),
      decryptStringAsync: async (data: Buffer) => {
        if (options.keyringChanged)
          throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptStringAsync.')
        return {
          shouldReEncrypt: false,
          result: Buffer.from(data.toString().slice((options.encryptionPrefix ?? 'v11').length), 'hex').toString(),
        }
      },
    },
    dialog: {
      showMessageBox: async (...args: unknown[]) => {
        afterReady('dialog.showMessageBox')
        recorded.messageBoxes.push(args.at(-1) as (typeof recorded.messageBoxes)[number])
        return { response: options.messageBoxAnswer?.() ?? 0 }
      },
      showErrorBox: (title: string, content: string) => {
        recorded.errorBoxes.push({ title, content })
      },
    },
    Menu: {
      buildFromTemplate: (template: unknown) => ({ template }),
      setApplicationMenu: (menu: unknown) => {
        afterReady('Menu.setApplicationMenu')
        recorded.menu = menu
      },
    },
    Notification: class extends EventEmitter {
      static isSupported() {
        return true
      }
      readonly #content: { title: string; body: string }
      constructor(content: { title: string; body: string }) {
        super()
        afterReady('new Notification')
        this.#content = content
      }
      show() {
        recorded.notifications.push(this.#content)
      }
    },
    powerSaveBlocker: {
      start: () => {
        afterReady('powerSaveBlocker.start')
        recorded.powerBlockers.add(nextBlocker)
        return nextBlocker++
      },
      stop: (id: number) => recorded.powerBlockers.delete(id),
    },
    nativeTheme: { shouldUseDarkColors: false },
    screen: {
      getAllDisplays: () => {
        afterReady('screen.getAllDisplays')
        return [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }]
      },
    },
    shell: {
      openExternal: async (url: string) => {
        recorded.openedOutside.push(url)
      },
    },
  }

  return {
    electron,
    recorded,
    calls,
    contents: () => recorded.windows.at(-1)?.webContents,
    becomeReady() {
      ready = true
      app.emit('ready')
    },
  }
}

/**
 * Runs a bundled CommonJS file as Electron would, with 'electron' answered by the fake; ready comes after the module has
 * finished. Any other module than Node's own is refused: the package holds nothing but the bundles.
 */
export function runBundle(file: string, fake: FakeElectron): void {
  const require = createRequire(file)
  const allowed = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)])
  const guarded = (name: string): unknown => {
    if (name === 'electron') return fake.electron
    if (allowed.has(name)) return require(name)
    throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
  }
  const module = { exports: {} }
  const run = compileFunction(readFileSync(file, 'utf8'), ['require', 'module', 'exports', '__filename', '__dirname'], {
    filename: file,
  }) as Listener
  ;(run as (...args: unknown[]) => void)(guarded, module, module.exports, file, file.slice(0, file.lastIndexOf('/')))
  setImmediate(() => fake.becomeReady())
}
