// The desktop entry: the window around the same core that `serve` runs. Everything before ready happens synchronously,
// and nothing waits at the top level: an awaited whenReady there would never come back.
import { join } from 'node:path'
import { app, BrowserWindow, dialog, ipcMain, protocol, session } from 'electron'
import { contracts } from '../shared/contracts'
import { AppError } from '../shared/rpc/appError'
import { createApp } from './app'
import { serveRouter } from './rpc/router'
import { appProtocol } from './shell/appProtocol'
import { showJobSignals } from './shell/jobSignals'
import { lockDownContents, lockDownSession } from './shell/lockDown'
import { setMenu } from './shell/menu'
import { appScheme } from './shell/origin'
import { acceptPorts } from './shell/ports'
import { guardQuit } from './shell/quit'
import { openVault } from './shell/vault'
import { openWindow } from './shell/window'

declare const __WALKBACK_VERSION__: string

async function start(): Promise<void> {
  lockDownSession(session.defaultSession)
  protocol.handle(appScheme, appProtocol(join(__dirname, 'renderer')))
  setMenu()
  const core = await createApp({ host: { kind: 'desktop', version: __WALKBACK_VERSION__ }, vault: await openVault() })

  let window: BrowserWindow | null = null
  const currentWindow = () => (window && !window.isDestroyed() ? window : null)
  const { onClose, onSessionEnd } = guardQuit({ core, window: currentWindow })

  const open = () => {
    const opened = openWindow(join(__dirname, 'preload.cjs'))
    acceptPorts(opened.webContents, ipcMain, (port) => serveRouter({ contracts, handlers: core.handlers, port }))
    opened.on('query-session-end', onSessionEnd)
    // On macOS the application lives on without its window.
    if (process.platform !== 'darwin') opened.on('close', onClose)
    opened.on('closed', () => {
      window = null
    })
    window = opened
  }
  const show = () => {
    const shown = currentWindow()
    if (!shown) return open()
    if (shown.isMinimized()) shown.restore()
    shown.show()
    shown.focus()
  }
  open()
  app.on('activate', () => {
    if (!currentWindow()) open()
  })
  app.on('second-instance', show)
  const ended = new AbortController()
  app.on('will-quit', () => ended.abort())
  await showJobSignals({
    jobs: core.services.jobs,
    window: currentWindow,
    show,
    notifyAfterSeconds: () => core.services.settings.get().notifyAfterSeconds,
    signal: ended.signal,
  })
}

protocol.registerSchemesAsPrivileged([
  { scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
])
app.enableSandbox()
if (app.requestSingleInstanceLock()) {
  app.setAppUserModelId('org.walkback.app')
  app.on('web-contents-created', (_event, contents) => lockDownContents(contents))
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  app
    .whenReady()
    .then(start)
    .catch((error: unknown) => {
      console.error(error)
      const words =
        error instanceof AppError
          ? [error.message, error.hint ?? '']
          : ['Something unexpected failed while starting.', String(error)]
      dialog.showErrorBox('Walkback could not start', words.filter((line) => line !== '').join('\n\n'))
      app.exit(1)
    })
} else {
  app.quit()
}
