// The loopback web host: the built page, the exchange of a link for a session, and the RPC socket; nothing else.
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { AppError } from '../../shared/rpc/appError'
import { maxClientFrame, readFrame } from '../../shared/rpc/frames'
import type { Port } from '../../shared/rpc/port'
import { closeCodes, sessionHeader, sessionPath, sessionRequest, socketPath, tokenParameter } from '../../shared/rpc/session'
import { newNonce, securityHeaders } from '../contentPolicy'
import { readRendererFile } from '../rendererFile'
import { readBody } from './readBody'
import { checkRequest, isPageNavigation } from './requestChecks'
import { openSessionBook, tokenLifetimeMs } from './sessionToken'
import { awaitGreeting, wsPort } from './wsPort'

/** Connections that have not shown a session; one more closes the oldest, so that idle ones can't lock a person out. */
const strangersAtOnce = 48
const maxBody = 16 * 1024

export interface WebHostOptions {
  /** 0 picks a free one. */
  port: number
  /** The built page. */
  rendererFolder: string
  onPort(port: Port): void
  report(text: string): void
  /** Milliseconds on a clock that never goes back. */
  now?: () => number
  /** How long a connection may stay without a request or a session; 5,000 when absent. */
  strangerTimeoutMs?: number
}

export interface WebHost {
  port: number
  /** A new one-time link, good for two minutes. */
  newLink(): string
  /** Lets one page navigation from elsewhere through within two minutes: a browser that was opened with a file. */
  expectBrowser(onArrival: () => void): void
  close(): Promise<void>
}

function portProblem(error: NodeJS.ErrnoException, port: number): Error {
  const options = { hint: 'Choose another with --port=, or leave it out and a free one is picked.', cause: error }
  if (error.code === 'EADDRINUSE') return new AppError('conflict', `Port ${port} is in use by another program.`, options)
  if (error.code === 'EACCES') return new AppError('permission', `This account may not listen on port ${port}.`, options)
  return error
}

/** Throws AppError conflict or permission when the port can't be had. */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const { now = () => performance.now(), strangerTimeoutMs = 5000 } = options
  const book = openSessionBook(now)
  const strangers = new Set<Socket>()
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxClientFrame, perMessageDeflate: false })
  let expected: { until: number; onArrival: () => void } | undefined
  let port = 0

  function headersFor(request: IncomingMessage, nonce: string): Record<string, string> {
    // 'self' does not cover ws: everywhere. Only a Host that was already checked gets into the policy.
    const host = request.headers.host?.startsWith('localhost:') ? 'localhost' : '127.0.0.1'
    return { ...securityHeaders({ nonce, sockets: [`ws://${host}:${port}`] }), 'cache-control': 'no-store' }
  }

  function answer(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    body: string | Buffer,
    headers: Record<string, string> = {},
  ) {
    response.writeHead(status, {
      ...headersFor(request, newNonce()),
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      // What is refused need not keep its connection.
      ...(status >= 400 ? { connection: 'close' } : {}),
      ...headers,
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  async function exchangeToken(request: IncomingMessage, response: ServerResponse) {
    if (request.headers['content-type'] !== 'application/json') return answer(request, response, 415, 'Only JSON is understood.')
    const body = await readBody(request, maxBody)
    if (body === undefined) return answer(request, response, 413, 'The request is too long.')
    const asked = readFrame(sessionRequest, body)
    if (!asked) return answer(request, response, 400, 'The request is not understood.')
    const session = book.exchange(asked.token)
    if (session === undefined) return answer(request, response, 401, 'This link was already used, or is older than two minutes.')
    answer(request, response, 200, JSON.stringify({ session }), { 'content-type': 'application/json' })
  }

  function browserArrives(request: IncomingMessage): boolean {
    if (!expected || expected.until < now() || !isPageNavigation(request)) return false
    if (request.headers['sec-fetch-site'] !== 'cross-site') return false
    const { onArrival } = expected
    expected = undefined
    onArrival()
    return true
  }

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const changes = request.method !== 'GET' && request.method !== 'HEAD'
    const refusal = checkRequest(request, { port, requireOrigin: changes, mayComeFromElsewhere: false })
    if (refusal) {
      const again = refusal.status === 403 && browserArrives(request)
      const still = again ? checkRequest(request, { port, requireOrigin: changes, mayComeFromElsewhere: true }) : refusal
      if (still) return answer(request, response, still.status, still.message)
    }
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    if (path === sessionPath && request.method === 'POST') return exchangeToken(request, response)
    if (!changes) {
      const nonce = newNonce()
      const file = await readRendererFile(options.rendererFolder, path, nonce)
      if (file) {
        const caching = file.immutable ? 'public, max-age=31536000, immutable' : 'no-store'
        const headers = { ...headersFor(request, nonce), 'content-type': file.type, 'cache-control': caching }
        return answer(request, response, 200, file.content, headers)
      }
    }
    // Whoever has no session is not told what else there is; and there is nothing else yet.
    const session = request.headers[sessionHeader]
    if (typeof session !== 'string' || !book.isSession(session))
      return answer(request, response, changes ? 401 : 404, 'There is nothing here.')
    answer(request, response, changes ? 405 : 404, 'There is nothing here.', changes ? { allow: 'GET, HEAD' } : {})
  }

  function refuseUpgrade(socket: Duplex, status: number, message: string) {
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'connection: close',
      'content-type: text/plain; charset=utf-8',
    ]
    socket.end(`${[...head, `content-length: ${Buffer.byteLength(message)}`].join('\r\n')}\r\n\r\n${message}`)
    setTimeout(() => socket.destroy(), 1000).unref()
  }

  function upgrade(request: IncomingMessage, socket: Socket, head: Buffer) {
    socket.on('error', () => socket.destroy())
    const refusal = checkRequest(request, { port, requireOrigin: true })
    if (refusal) return refuseUpgrade(socket, refusal.status, refusal.message)
    if (request.url !== socketPath) return refuseUpgrade(socket, 404, 'There is nothing here.')
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate()) // a broken frame: ws has already sent its close code
      awaitGreeting(webSocket, { isSession: (secret) => book.isSession(secret), timeoutMs: strangerTimeoutMs }, () => {
        strangers.delete(socket)
        const rpc = wsPort(webSocket)
        webSocket.send(JSON.stringify({ ready: true }))
        options.onPort(rpc)
      })
    })
  }

  const server: Server = createServer(
    {
      requireHostHeader: false, // a missing Host gets our own 421
      headersTimeout: strangerTimeoutMs,
      requestTimeout: strangerTimeoutMs * 2,
      keepAliveTimeout: strangerTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, strangerTimeoutMs),
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => {
      serve(request, response).catch((error: unknown) => {
        options.report(
          `The web host failed on a request: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        )
        if (response.headersSent) response.destroy()
        else answer(request, response, 500, 'Something unexpected failed inside Walkback.')
      })
    },
  )
  server.on('connection', (socket) => {
    strangers.add(socket)
    socket.on('close', () => strangers.delete(socket))
    const oldest = strangers.values().next().value
    if (strangers.size > strangersAtOnce && oldest) oldest.destroy()
  })
  server.on('upgrade', (request, socket, head) => upgrade(request, socket as Socket, head)) // of a plain TCP server
  server.on('clientError', (_error, socket) => socket.destroy())

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portProblem(error, options.port)))
    server.listen({ port: options.port, host: '127.0.0.1', exclusive: true }, () => resolve())
  })
  port = (server.address() as AddressInfo).port // listening on TCP, so it is not a pipe's name

  return {
    port,
    newLink: () => `http://127.0.0.1:${port}/#${tokenParameter}=${book.issueToken()}`,
    expectBrowser(onArrival) {
      expected = { until: now() + tokenLifetimeMs, onArrival }
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets.clients) {
        socket.close(closeCodes.shuttingDown, 'Walkback was stopped.')
        setTimeout(() => socket.terminate(), 500).unref()
      }
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), 500).unref()
      await closed
    },
  }
}
