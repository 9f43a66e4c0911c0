// Takes from the window everything it does not need: permissions, devices, foreign pages, other windows.
import type { Session, WebContents } from 'electron'
import { app, shell } from 'electron'
import { isOwnUrl } from './origin'

/** Pages that a link may open in the system's browser. */
const outsideHosts = ['www.postgresql.org']

/**
 * Copy needs one permission: Chromium asks for it before each navigator.clipboard.writeText, which itself demands a click.
 * Reading the clipboard is another one, and is denied like the rest.
 */
function isAllowed(permission: string, from: string, isMainFrame: boolean): boolean {
  return permission === 'clipboard-sanitized-write' && isMainFrame && isOwnUrl(from)
}

/** Call once, after ready and before the first window. */
export function lockDownSession(session: Session): void {
  // Both are needed: the first answers a page's question, the second what the page is told it already has.
  session.setPermissionRequestHandler((_contents, permission, callback, details) =>
    callback(isAllowed(permission, details.requestingUrl, details.isMainFrame)),
  )
  session.setPermissionCheckHandler((_contents, permission, origin, details) =>
    isAllowed(permission, origin, details.isMainFrame),
  )
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, callback) => callback(null))
  session.setBluetoothPairingHandler((_details, callback) => callback({ confirmed: false }))
  session.webRequest.onBeforeRequest((details, callback) => {
    // devtools: is Chromium's own and exists only in an unpackaged application.
    const allowed =
      isOwnUrl(details.url) || details.url.startsWith('data:image/') || (!app.isPackaged && details.url.startsWith('devtools:'))
    callback({ cancel: !allowed })
  })
  session.on('will-download', (event) => event.preventDefault())
}

/** Opens a page of the list in the system's browser; anything else goes nowhere. */
export function openOutside(url: string): void {
  if (!URL.canParse(url)) return
  const { protocol, host } = new URL(url)
  if (protocol !== 'https:' || !outsideHosts.includes(host)) return
  void shell.openExternal(url)
}

/** For each web contents there will ever be, through app's web-contents-created. */
export function lockDownContents(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isOwnUrl(event.url)) event.preventDefault()
  })
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isOwnUrl(event.url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url)
    return { action: 'deny' }
  })
}
