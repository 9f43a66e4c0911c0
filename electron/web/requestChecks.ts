// Who may ask at all: each request is from our own page at our own address, or it is refused before anything looks at it.
import type { IncomingMessage } from 'node:http'

export interface Refusal {
  status: 400 | 403 | 421
  message: string
}

/** Both names of the one address that is listened on; a browser shows whichever the person typed. */
export function ownHosts(port: number): readonly string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`]
}

function countHeader(request: IncomingMessage, name: string): number {
  return request.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length
}

export interface CheckOptions {
  port: number
  /** For a WebSocket: browsers always send it there, so its absence is refused. */
  requireOrigin: boolean
  /** Whether this one navigation from elsewhere is expected: see the browser's opening in serve. */
  mayComeFromElsewhere?: boolean
}

export function checkRequest(request: IncomingMessage, options: CheckOptions): Refusal | undefined {
  const { host, origin } = request.headers
  // Exactly our address: a name that was made to point here (DNS rebinding) keeps its own name in Host.
  if (countHeader(request, 'host') !== 1 || host === undefined || !ownHosts(options.port).includes(host)) {
    return { status: 421, message: 'This is not the address of Walkback.' }
  }
  if (!request.url?.startsWith('/')) return { status: 400, message: 'The request is not understood.' }
  const foreign = origin === undefined ? options.requireOrigin : origin !== `http://${host}`
  if (foreign || countHeader(request, 'origin') > 1) {
    return { status: 403, message: "Only Walkback's own page may ask this." }
  }
  const site = request.headers['sec-fetch-site']
  // same-site is another port of this machine: cookies and sites know no ports, we do.
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !options.mayComeFromElsewhere) {
    return { status: 403, message: 'Another page may not ask Walkback for anything. Open the link that Walkback printed.' }
  }
  return undefined
}

/** A person following a link in the address bar's place, as opposed to a page loading something. */
export function isPageNavigation(request: IncomingMessage): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = request.headers
  return request.method === 'GET' && request.url === '/' && mode === 'navigate' && dest === 'document'
}
