// The one window: its security settings, and where it was when it was last closed.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { app, BrowserWindow, nativeTheme, screen } from 'electron'
import { z } from 'zod'
import { appUrl } from './origin'

const savedBounds = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(400),
  height: z.int().min(300),
  maximized: z.boolean(),
})
type SavedBounds = z.infer<typeof savedBounds>

function boundsFile(): string {
  return join(app.getPath('userData'), 'window.json')
}

function readBounds(): SavedBounds | undefined {
  try {
    const parsed = savedBounds.safeParse(JSON.parse(readFileSync(boundsFile(), 'utf8')))
    if (!parsed.success) return undefined
    // A screen that is gone would leave the window where nobody sees it.
    const { x, y } = parsed.data
    const visible = screen
      .getAllDisplays()
      .some(
        ({ workArea: area }) =>
          x >= area.x - 50 && y >= area.y - 50 && x < area.x + area.width - 50 && y < area.y + area.height - 50,
      )
    return visible ? parsed.data : undefined
  } catch {
    return undefined // no file, or not ours: the default size
  }
}

function saveBounds(window: BrowserWindow): void {
  const bounds: SavedBounds = { ...window.getNormalBounds(), maximized: window.isMaximized() }
  try {
    writeFileSync(boundsFile(), JSON.stringify(bounds))
  } catch (error) {
    console.error('The window position could not be saved:', error)
  }
}

/** More crashes than this in a minute: loading again would only crash again. */
const mostReloads = 3

/** The page's process may crash or be killed; jobs go on in the core, so the page is loaded again and shows them. */
function reloadAfterCrash(window: BrowserWindow): void {
  let crashes: number[] = []
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return
    console.error(`The window's process ended (${reason}, code ${exitCode}).`)
    const now = Date.now()
    crashes = [...crashes.filter((at) => now - at < 60_000), now]
    if (crashes.length <= mostReloads) void loadPage(window)
    else console.error('It is not loaded again: it ended too often. Close the window and start Walkback again.')
  })
}

async function loadPage(window: BrowserWindow): Promise<void> {
  try {
    await window.loadURL(appUrl)
  } catch (error) {
    // A rejected load is shown by Chromium's own error page, whose navigation the lock-down refuses: say it here instead.
    console.error('The page did not load:', error)
  }
}

/** Opens the window on the application's page; `preload` is the absolute path of the bundled preload. */
export function openWindow(preload: string): BrowserWindow {
  const saved = readBounds()
  const window = new BrowserWindow({
    ...(saved ? { x: saved.x, y: saved.y } : {}),
    width: saved?.width ?? 1280,
    height: saved?.height ?? 800,
    minWidth: 1024,
    minHeight: 640,
    show: false,
    title: 'Walkback',
    autoHideMenuBar: process.platform !== 'darwin',
    // The page's own background in each theme, so that opening does not flash.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#0E151A' : '#F3F5F7',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      webSecurity: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  })
  window.once('ready-to-show', () => {
    if (saved?.maximized) window.maximize()
    window.show()
  })
  window.on('close', () => saveBounds(window))
  reloadAfterCrash(window)
  void loadPage(window)
  return window
}
