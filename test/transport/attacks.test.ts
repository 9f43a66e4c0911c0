// The attack list over the loopback host with real sockets: each attack is refused while a rightful page keeps working.
import { once } from 'node:events'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { serveRouter } from '../../electron/rpc/router'
import { startWebHost, type WebHost } from '../../electron/web/httpServer'
import { tokenLifetimeMs } from '../../electron/web/sessionToken'
import { closeCodes } from '../../shared/rpc/session'
import { rendererFixture, signIn } from './portPairs'
import { newTrialLog, trialContracts, trialHandlers } from './trialContracts'

const strangerTimeoutMs = 700
const outsideText = 'outside-the-folder'

let host: WebHost
let origin: string
let clock = 0
let fixture: ReturnType<typeof rendererFixture>
let session: string
const reports: string[] = []
let ports = 0

beforeAll(async () => {
  fixture = rendererFixture()
  mkdirSync(join(fixture.folder, 'assets'))
  writeFileSync(join(fixture.folder, 'assets', 'index-abc123.js'), 'console.log("walkback")')
  writeFileSync(join(fixture.folder, 'notes.txt'), outsideText)
  writeFileSync(join(fixture.folder, '.env'), outsideText)
  writeFileSync(`${fixture.folder}-secret.js`, outsideText)
  symlinkSync(`${fixture.folder}-secret.js`, join(fixture.folder, 'assets', 'link.js'))
  host = await startWebHost({
    port: 0,
    rendererFolder: fixture.folder,
    strangerTimeoutMs,
    now: () => clock,
    onPort: (port) => {
      ports++
      serveRouter({
        contracts: trialContracts,
        handlers: trialHandlers(newTrialLog()),
        port,
        report: (text) => reports.push(text),
      })
    },
    report: (text) => reports.push(text),
  })
  origin = `http://127.0.0.1:${host.port}`
  session = await signIn(host)
})

afterAll(async () => {
  await host.close()
  fixture.remove()
  rmSync(`${fixture.folder}-secret.js`, { force: true })
  // Nothing that was tried made anything fail unexpectedly inside.
  expect(reports).toEqual([])
})

interface RawAnswer {
  status: number
  headers: string
  body: string
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined) // a reset by the host is an end like any other here
  await new Promise((resolve) => socket.on('close', resolve))
  return Buffer.concat(chunks).toString('latin1')
}

/** Bytes exactly as given on a socket of its own; the answer is what came until the host closed. */
async function raw(text: string | Buffer): Promise<RawAnswer> {
  const socket = connect(host.port, '127.0.0.1')
  const all = readAll(socket)
  socket.write(text)
  const answer = await all
  const [head = '', ...body] = answer.split('\r\n\r\n')
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), headers: head.toLowerCase(), body: body.join('\r\n\r\n') }
}

const own = () => `127.0.0.1:${host.port}`

function get(path: string, headers: readonly string[] = [`Host: ${own()}`]): Promise<RawAnswer> {
  return raw(`GET ${path} HTTP/1.1\r\n${[...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`)
}

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const all = {
    Host: own(),
    Origin: origin,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...headers,
  }
  const lines = Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
  return raw(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
}

const newToken = () => new URL(host.newLink()).hash.slice('#token='.length)
const exchange = (token: string, headers: Record<string, string> = {}) => post('/session', JSON.stringify({ token }), headers)

type Opened = { socket: WebSocket } | { status: number }

function openSocket(options: ClientOptions, path = '/rpc', name = '127.0.0.1'): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${name}:${host.port}${path}`, options)
    socket.on('open', () => resolve({ socket }))
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      resolve({ status: response.statusCode ?? 0 })
      socket.terminate()
    })
    socket.on('error', (error) => {
      if (!/closed before|unexpected/i.test(error.message)) reject(error)
    })
  })
}

async function mustOpen(options: ClientOptions = { origin }): Promise<WebSocket> {
  const opened = await openSocket(options)
  if (!('socket' in opened)) throw new Error(`refused with ${opened.status}`)
  opened.socket.on('error', () => undefined)
  return opened.socket
}

async function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return { code, reason: reason.toString() }
}

async function greeted(): Promise<WebSocket> {
  const socket = await mustOpen()
  socket.send(JSON.stringify({ session }))
  const [welcome] = (await once(socket, 'message')) as [Buffer]
  expect(JSON.parse(welcome.toString())).toEqual({ ready: true })
  return socket
}

/** What a person's own page does: load, connect, ask. */
async function rightfulPageWorks(): Promise<void> {
  const page = await get('/')
  expect(page.status).toBe(200)
  const socket = await greeted()
  socket.send(JSON.stringify({ type: 'call', id: 0, method: 'trial.echo', input: { value: 'ok' } }))
  const [answer] = (await once(socket, 'message')) as [Buffer]
  expect(JSON.parse(answer.toString())).toEqual({ type: 'result', id: 0, output: { value: 'ok' } })
  socket.close()
}

describe('the rightful page', () => {
  it('is served with the whole set of headers, a fresh nonce each time, and no CORS', async () => {
    const [one, two] = [await get('/'), await get('/index.html')]
    for (const answer of [one, two]) {
      expect(answer.status).toBe(200)
      expect(answer.headers).toContain('cross-origin-opener-policy: same-origin')
      expect(answer.headers).toContain('cross-origin-resource-policy: same-origin')
      expect(answer.headers).toContain('x-content-type-options: nosniff')
      expect(answer.headers).toContain('referrer-policy: no-referrer')
      expect(answer.headers).toContain('cache-control: no-store')
      expect(answer.headers).toContain('permissions-policy: ')
      expect(answer.headers).not.toContain('access-control')
      expect(answer.headers).not.toContain('x-powered-by')
      expect(answer.headers).not.toContain('set-cookie')
    }
    const nonceOf = (answer: RawAnswer) => /nonce-([^']+)'/.exec(answer.headers)?.[1]
    const bodyNonce = /nonce="([^"]+)"/.exec(one.body)?.[1]
    expect(bodyNonce?.toLowerCase()).toBe(nonceOf(one))
    expect(nonceOf(one)).not.toBe(nonceOf(two))
    expect(one.headers).toContain(
      `content-security-policy: default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonceOf(one)}'; img-src 'self' data:; font-src 'self'; connect-src 'self' ws://127.0.0.1:${host.port}; base-uri 'none'; form-action 'none'; frame-src 'none'; frame-ancestors 'none'; object-src 'none'; worker-src 'self'; require-trusted-types-for 'script'`,
    )
  })

  it('may be asked for by either name of the address, and the policy names the same', async () => {
    const answer = await get('/', [`Host: localhost:${host.port}`])
    expect(answer.status).toBe(200)
    expect(answer.headers).toContain(`connect-src 'self' ws://localhost:${host.port};`)
    const opened = await openSocket({ origin: `http://localhost:${host.port}`, headers: { host: `localhost:${host.port}` } })
    expect('socket' in opened).toBe(true)
    if ('socket' in opened) opened.socket.terminate()
  })

  it('keeps hashed assets and nothing else', async () => {
    const asset = await get('/assets/index-abc123.js')
    expect(asset.status).toBe(200)
    expect(asset.headers).toContain('content-type: text/javascript')
    expect(asset.headers).toContain('immutable')
  })

  it('answers HEAD without a body', async () => {
    const answer = await raw(`HEAD / HTTP/1.1\r\nHost: ${own()}\r\nConnection: close\r\n\r\n`)
    expect(answer.status).toBe(200)
    expect(answer.body).toBe('')
  })

  it('has nothing else, with or without a session', async () => {
    expect((await get('/other')).status).toBe(404)
    expect((await get('/session')).status).toBe(404)
    expect((await post('/other', '{}')).status).toBe(401)
    expect((await post('/other', '{}', { 'x-walkback-session': 'wrong' })).status).toBe(401)
    expect((await post('/other', '{}', { 'x-walkback-session': session })).status).toBe(405)
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const answer = await raw(`${method} / HTTP/1.1\r\nHost: ${own()}\r\nOrigin: ${origin}\r\nConnection: close\r\n\r\n`)
      expect(answer.status, method).toBe(401)
      expect(answer.headers).not.toContain('access-control')
    }
  })
})

describe('the address', () => {
  it('is on the loopback interface only', async () => {
    const { networkInterfaces } = await import('node:os')
    const others = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter((entry) => !entry.internal && entry.family === 'IPv4')
    // 127.0.0.2 is this machine too, but not the address that is listened on.
    for (const address of ['127.0.0.2', ...others.map((entry) => entry.address)]) {
      const socket = connect(host.port, address)
      const outcome = await new Promise<string>((resolve) => {
        socket.on('connect', () => resolve('connected'))
        socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message))
      })
      socket.destroy()
      expect(outcome, address).toBe('ECONNREFUSED')
    }
  })

  it.each([
    ['another name that only begins like it', () => [`Host: 127.0.0.1.evil:${host.port}`]],
    ['another name that ends like it', () => [`Host: evil.127.0.0.1:${host.port}`]],
    ['a rebound name', () => [`Host: evil.test:${host.port}`]],
    ['a subdomain of localhost', () => [`Host: x.localhost:${host.port}`]],
    ['a trailing dot', () => [`Host: localhost.:${host.port}`]],
    ['another port', () => ['Host: 127.0.0.1:1']],
    ['no port', () => ['Host: 127.0.0.1']],
    ['an empty one', () => ['Host: ']],
    ['none', () => []],
    ['two', () => [`Host: ${own()}`, 'Host: evil.test']],
    ['two the same', () => [`Host: ${own()}`, `Host: ${own()}`]],
    ['another spelling of the address', () => [`Host: 2130706433:${host.port}`]],
    ['the short spelling', () => [`Host: 127.1:${host.port}`]],
    ['IPv6 loopback', () => [`Host: [::1]:${host.port}`]],
    ['upper case', () => [`Host: LOCALHOST:${host.port}`]],
    ['a user before it', () => [`Host: evil@${own()}`]],
    ['forwarded from elsewhere', () => ['Host: evil.test', `X-Forwarded-Host: ${own()}`, `Forwarded: host=${own()}`]],
  ])('Host with %s is answered 421', async (_what, headers) => {
    const answer = await get('/', headers())
    expect(answer.status).toBe(421)
    expect(answer.body).toBe('This is not the address of Walkback.')
    expect(answer.headers).toContain("default-src 'none'")
    const upgrade = await raw(
      `GET /rpc HTTP/1.1\r\n${[...headers(), `Origin: ${origin}`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='].join('\r\n')}\r\n\r\n`,
    )
    expect(upgrade.status).toBe(421)
    await rightfulPageWorks()
  })

  it('an address inside the request line is not taken for ours', async () => {
    expect((await get('http://evil.test/')).status).toBe(400)
    expect((await get(`http://${own()}/`)).status).toBe(400)
    expect((await raw(`CONNECT evil.test:443 HTTP/1.1\r\nHost: ${own()}\r\n\r\n`)).status).toBe(0)
  })
})

describe('paths', () => {
  it.each([
    '/../secret.js',
    '/..%2fsecret.js',
    '/%2e%2e/secret.js',
    '/%2e%2e%2fsecret.js',
    '/%252e%252e%252fsecret.js',
    '/..%5csecret.js',
    '/..\\..\\secret.js',
    '/assets/../../secret.js',
    '/assets/..;/index.html.js',
    '//etc/passwd',
    '/etc/passwd',
    '//127.0.0.1/index.html',
    '/index.html%00.js',
    '/index.html%00',
    '/assets/%00',
    '/assets/link.js',
    '/assets/index-abc123.js/',
    '/assets/',
    '/assets',
    '/.env',
    '/./index.html',
    '/notes.txt',
    '/index.html/../index.html',
    '/C:/Windows/win.ini',
    '/file:///etc/passwd.js',
    '/%c0%ae%c0%ae/secret.js',
    '/\u00e9.js',
    `/${'a/'.repeat(2000)}x.js`,
  ])('%s holds nothing', async (path) => {
    const answer = await raw(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${own()}\r\nConnection: close\r\n\r\n`, 'utf8'))
    // 0: what is no HTTP at all loses its connection unanswered.
    expect([0, 404]).toContain(answer.status)
    expect(answer.body).not.toContain(outsideText)
    expect(answer.body).not.toContain('root:')
  })

  it('the folder beside it, by its real name, holds nothing either', async () => {
    const name = fixture.folder.split('/').at(-1)
    for (const path of [
      `/../${name}-secret.js`,
      `/..%2f${name}-secret.js`,
      `/%2e%2e/${name}-secret.js`,
      `/..%252f${name}-secret.js`,
      `/..\\${name}-secret.js`,
    ]) {
      const answer = await get(path)
      expect(answer.status, path).toBe(404)
      expect(answer.body).not.toContain(outsideText)
    }
    await rightfulPageWorks()
  })
})

describe('origin', () => {
  const foreign = () => [
    ['missing', ''],
    ['null', 'null'],
    ['foreign', 'http://evil.test'],
    ['another port', `http://127.0.0.1:${host.port + 1}`],
    ['no port', 'http://127.0.0.1'],
    ['https', `https://${own()}`],
    ['the other name', `http://localhost:${host.port}`],
    ['one that begins the same', `${origin}.evil.test`],
    ['with a path', `${origin}/`],
  ]

  it('other than exactly ours is refused for POST, and the token stays good', async () => {
    const token = newToken()
    for (const [what, value = ''] of foreign()) {
      const answer = await exchange(token, { Origin: value })
      expect(answer.status, what).toBe(403)
      expect(answer.body).toBe("Only Walkback's own page may ask this.")
    }
    const answer = await exchange(token)
    expect(answer.status).toBe(200)
  })

  it('other than exactly ours is refused for the WebSocket', async () => {
    const before = ports
    for (const [what, value = ''] of foreign()) {
      const opened = await openSocket(value === '' ? {} : { origin: value })
      expect(opened, what).toEqual({ status: 403 })
    }
    expect(ports).toBe(before)
    await rightfulPageWorks()
  })

  it('sent twice is refused', async () => {
    const answer = await raw(
      `POST /session HTTP/1.1\r\nHost: ${own()}\r\nOrigin: ${origin}\r\nOrigin: ${origin}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
    )
    expect(answer.status).toBe(403)
  })

  it.each(['cross-site', 'same-site', 'none, cross-site', 'nonsense'])(
    'Sec-Fetch-Site %s is refused for everything',
    async (site) => {
      for (const path of ['/', '/assets/index-abc123.js', '/other']) {
        expect((await get(path, [`Host: ${own()}`, `Sec-Fetch-Site: ${site}`])).status).toBe(403)
      }
      expect((await exchange('x', { 'Sec-Fetch-Site': site })).status).toBe(403)
      expect(await openSocket({ origin, headers: { 'sec-fetch-site': site } })).toEqual({ status: 403 })
    },
  )

  it('foreign is refused for files too', async () => {
    expect((await get('/assets/index-abc123.js', [`Host: ${own()}`, 'Origin: http://evil.test'])).status).toBe(403)
    expect((await get('/', [`Host: ${own()}`, 'Origin: null'])).status).toBe(403)
  })

  it('one navigation from elsewhere passes only while a browser is expected, once, and only to the page', async () => {
    const fromElsewhere = [`Host: ${own()}`, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']
    expect((await get('/', fromElsewhere)).status).toBe(403)
    let arrived = 0
    host.expectBrowser(() => arrived++)
    expect((await get('/assets/index-abc123.js', fromElsewhere)).status).toBe(403)
    expect(
      (await get('/', [`Host: ${own()}`, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image']))
        .status,
    ).toBe(403)
    expect((await get('/', [...fromElsewhere.slice(1), 'Host: evil.test'])).status).toBe(421)
    expect((await get('/', ['Sec-Fetch-Dest: iframe', ...fromElsewhere.slice(0, 3)])).status).toBe(403)
    expect(arrived).toBe(0)
    expect((await get('/', fromElsewhere)).status).toBe(200)
    expect(arrived).toBe(1)
    expect((await get('/', fromElsewhere)).status).toBe(403)
    host.expectBrowser(() => arrived++)
    clock += tokenLifetimeMs + 1
    expect((await get('/', fromElsewhere)).status).toBe(403)
    expect(arrived).toBe(1)
  })
})

describe('the token', () => {
  it('works once', async () => {
    const token = newToken()
    const first = await exchange(token)
    expect(first.status).toBe(200)
    const again = await exchange(token)
    expect(again.status).toBe(401)
    expect(again.body).toBe('This link was already used, or is older than two minutes.')
    expect(again.body).not.toContain(token)
    await rightfulPageWorks()
  })

  it('used twice at the same moment makes one session', async () => {
    const token = newToken()
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(token)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('works for two minutes and not a millisecond longer', async () => {
    const [good, late] = [newToken(), newToken()]
    clock += tokenLifetimeMs - 1
    expect((await exchange(good)).status).toBe(200)
    clock += 1
    expect((await exchange(late)).status).toBe(401)
    await rightfulPageWorks()
  })

  it('wrong in any way makes no session', async () => {
    const token = newToken()
    const wrong = [
      'x',
      token.slice(1),
      `${token}=`,
      token.toUpperCase(),
      ` ${token}`,
      session,
      'undefined',
      '\u0000',
      'é'.repeat(100),
    ]
    for (const text of wrong) expect((await exchange(text)).status, text).toBe(401)
    for (const body of [
      '',
      'null',
      '[]',
      '{}',
      '{"token":1}',
      '{"token":""}',
      '{"token":null}',
      `{"token":["${token}"]}`,
      `{"token":"${token}","x":1}`,
      `{"token":"${'x'.repeat(201)}"}`,
      '{"__proto__":{"token":"x"}}',
    ]) {
      expect((await post('/session', body)).status, body).toBe(400)
    }
    // In a query or a header it is not looked at.
    expect((await post(`/session?token=${token}`, '{}')).status).toBe(400)
    expect((await exchange(token)).status).toBe(200)
  })

  it('is taken as JSON only: what a form can send is refused', async () => {
    const token = newToken()
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json; charset=utf-7',
      '',
    ]) {
      expect((await exchange(token, { 'Content-Type': type })).status, type).toBe(415)
    }
  })

  it('is not the session, and a session is not a token', async () => {
    const token = newToken()
    const socket = await mustOpen()
    socket.send(JSON.stringify({ session: token }))
    expect(await closeOf(socket)).toEqual({ code: closeCodes.noSession, reason: 'This session is not known here.' })
    expect((await exchange(session)).status).toBe(401)
  })

  it('of at most four links are good at a time', async () => {
    const tokens = Array.from({ length: 6 }, newToken)
    const statuses: number[] = []
    for (const token of tokens) statuses.push((await exchange(token)).status)
    expect(statuses).toEqual([401, 401, 200, 200, 200, 200])
  })
})

describe('before the session', () => {
  it.each([
    ['a call', JSON.stringify({ type: 'call', id: 0, method: 'trial.echo', input: { value: 1 } })],
    ['nothing', ''],
    ['not JSON', 'let me in'],
    ['a session that is no text', '{"session":true}'],
    ['a session and more', '{"session":"x","method":"trial.echo"}'],
    ['a very long session', JSON.stringify({ session: 'x'.repeat(5000) })],
  ])('%s closes the WebSocket', async (_what, text) => {
    const before = ports
    const socket = await mustOpen()
    const messages: string[] = []
    socket.on('message', (data) => messages.push(data.toString()))
    socket.send(text)
    expect(await closeOf(socket)).toEqual({ code: closeCodes.badFrame, reason: 'The first message must show the session.' })
    expect(messages).toEqual([])
    expect(ports).toBe(before)
    await rightfulPageWorks()
  })

  it('bytes instead of text close the WebSocket, even when they spell the session', async () => {
    const socket = await mustOpen()
    socket.send(Buffer.from(JSON.stringify({ session })), { binary: true })
    expect((await closeOf(socket)).code).toBe(closeCodes.badFrame)
  })

  it('a wrong session closes the WebSocket with the code that the page knows', async () => {
    for (const wrong of ['x', session.slice(1), `${session}x`]) {
      const socket = await mustOpen()
      socket.send(JSON.stringify({ session: wrong }))
      expect(await closeOf(socket)).toEqual({ code: closeCodes.noSession, reason: 'This session is not known here.' })
    }
  })

  it('a call sent in the same breath as a wrong session is not answered', async () => {
    const socket = await mustOpen()
    const messages: string[] = []
    socket.on('message', (data) => messages.push(data.toString()))
    socket.send(JSON.stringify({ session: 'wrong' }))
    socket.send(JSON.stringify({ type: 'call', id: 0, method: 'trial.echo', input: { value: 1 } }))
    await closeOf(socket)
    expect(messages).toEqual([])
  })

  it('a call sent in the same breath as the right session is answered', async () => {
    const socket = await mustOpen()
    const messages: string[] = []
    socket.on('message', (data) => messages.push(data.toString()))
    socket.send(JSON.stringify({ session }))
    socket.send(JSON.stringify({ type: 'call', id: 0, method: 'trial.echo', input: { value: 1 } }))
    while (messages.length < 2) await once(socket, 'message')
    expect(messages.map((text) => JSON.parse(text))).toEqual([{ ready: true }, { type: 'result', id: 0, output: { value: 1 } }])
    socket.close()
  })

  it('silence closes the WebSocket', async () => {
    const socket = await mustOpen()
    const started = performance.now()
    expect(await closeOf(socket)).toEqual({ code: closeCodes.tooLate, reason: 'No session was shown in time.' })
    expect(performance.now() - started).toBeGreaterThan(strangerTimeoutMs * 0.8)
  })

  it('another path has no WebSocket', async () => {
    for (const path of ['/', '/rpc/', '/rpc?x', '/socket']) expect(await openSocket({ origin }, path)).toEqual({ status: 404 })
  })
})

describe('too much, too slow, too broken', () => {
  it('a body over 16 KB is refused, announced or not, and not read to its end', async () => {
    const announced = await post('/session', '', { 'Content-Length': String(1024 * 1024 * 1024) })
    expect(announced.status).toBe(413)
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    const socket = connect(host.port, '127.0.0.1')
    const all = readAll(socket)
    socket.write(
      `POST /session HTTP/1.1\r\nHost: ${own()}\r\nOrigin: ${origin}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    let written = 0
    const pour = setInterval(() => {
      if (socket.destroyed || written > 64 * 1024 * 1024) return clearInterval(pour)
      for (let n = 0; n < 16; n++) socket.write(chunk)
      written += 16 * chunk.length
    }, 1)
    const answer = await all
    clearInterval(pour)
    // The refusal may be lost when the host closes with bytes still coming: the connection's end is what counts.
    expect(answer).toMatch(/^(HTTP\/1\.1 413 |$)/)
    expect(written).toBeLessThan(64 * 1024 * 1024)
    await rightfulPageWorks()
  })

  it('a length that lies, two lengths, or a smuggled request lose the connection', async () => {
    const both = await raw(
      `POST /session HTTP/1.1\r\nHost: ${own()}\r\nOrigin: ${origin}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n`,
    )
    expect(both.status).toBe(0)
    const two = await raw(
      `POST /session HTTP/1.1\r\nHost: ${own()}\r\nOrigin: ${origin}\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
    )
    expect(two.status).toBe(0)
    await rightfulPageWorks()
  })

  it('headers over 16 KB lose the connection', async () => {
    expect((await get('/', [`Host: ${own()}`, `X-Long: ${'x'.repeat(20_000)}`])).status).toBe(0)
    await rightfulPageWorks()
  })

  it('bytes that are no HTTP lose the connection', async () => {
    for (const bytes of [
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]),
      Buffer.alloc(10_000, 0xff),
      Buffer.from('\0\0\0\0\r\n\r\n'),
      Buffer.from('GET\r\n\r\n'),
    ]) {
      expect((await raw(bytes)).status).toBe(0)
    }
    await rightfulPageWorks()
  })

  it.each([
    ['says nothing', ''],
    ['sends half a head', 'GET / HTTP/1.1\r\nHost: '],
    [
      'sends half a body',
      `POST /session HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nOrigin: http://127.0.0.1:PORT\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    ],
    ['keeps an answered connection', 'GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n'],
  ])('a connection that %s is closed in time', async (_what, text) => {
    const socket = connect(host.port, '127.0.0.1')
    const started = performance.now()
    const all = readAll(socket)
    if (text !== '') socket.write(text.replaceAll('PORT', String(host.port)))
    await all
    expect(performance.now() - started).toBeLessThan(strangerTimeoutMs * 2 + 3000)
  })

  it('a head that trickles in, byte by byte, is closed in time', async () => {
    const socket = connect(host.port, '127.0.0.1')
    const started = performance.now()
    const all = readAll(socket)
    const trickle = setInterval(() => {
      if (!socket.destroyed) socket.write('X')
    }, 50)
    socket.write(`GET / HTTP/1.1\r\nHost: ${own()}\r\nX-Slow: `)
    await all
    clearInterval(trickle)
    expect(performance.now() - started).toBeLessThan(strangerTimeoutMs * 2 + 3000)
  })

  it('hundreds of idle connections and sockets do not lock the rightful page out', async () => {
    const idle = Array.from({ length: 300 }, () => connect(host.port, '127.0.0.1'))
    for (const socket of idle) socket.on('error', () => undefined)
    await rightfulPageWorks()
    const opening = await Promise.allSettled(Array.from({ length: 100 }, () => openSocket({ origin })))
    await rightfulPageWorks()
    for (const socket of idle) socket.destroy()
    for (const opened of opening) if (opened.status === 'fulfilled' && 'socket' in opened.value) opened.value.socket.terminate()
  })

  it('a greeted socket stays while strangers come and go', async () => {
    const socket = await greeted()
    const idle = Array.from({ length: 200 }, () => connect(host.port, '127.0.0.1'))
    for (const stranger of idle) stranger.on('error', () => undefined)
    await new Promise((resolve) => setTimeout(resolve, strangerTimeoutMs * 2))
    socket.send(JSON.stringify({ type: 'call', id: 5, method: 'trial.echo', input: { value: 'still' } }))
    const [answer] = (await once(socket, 'message')) as [Buffer]
    expect(JSON.parse(answer.toString()).output).toEqual({ value: 'still' })
    for (const stranger of idle) stranger.destroy()
    socket.close()
  })

  it('a WebSocket frame over 8 MB closes that socket and no other', async () => {
    const [one, other] = [await greeted(), await greeted()]
    one.send('x'.repeat(8 * 1024 * 1024 + 1))
    expect((await closeOf(one)).code).toBe(1009)
    other.send(JSON.stringify({ type: 'call', id: 1, method: 'trial.echo', input: { value: 1 } }))
    expect(JSON.parse(((await once(other, 'message')) as [Buffer])[0].toString()).type).toBe('result')
    other.close()
  })

  it('a frame over 8 MB in fragments closes the socket too', async () => {
    const socket = await greeted()
    for (let n = 0; n < 9; n++) socket.send('x'.repeat(1024 * 1024), { fin: false })
    expect((await closeOf(socket)).code).toBe(1009)
  })

  it.each([
    ['not JSON', 'hello', closeCodes.badFrame],
    ['the greeting again', '{"session":"x"}', closeCodes.badFrame],
    ['a frame with more in it', '{"type":"cancel","id":1,"x":1}', closeCodes.badFrame],
  ])('a malformed message closes the socket: %s', async (_what, text, code) => {
    const socket = await greeted()
    socket.send(text)
    expect(await closeOf(socket)).toEqual({ code, reason: 'A message could not be read.' })
    await rightfulPageWorks()
  })

  it.each([
    ['unmasked', Buffer.from([0x81, 0x02, 0x68, 0x69])],
    ['a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
    ['an unknown opcode', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
    ['text that is not UTF-8', Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe])],
    ['a length of 2^63', Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['a control frame in fragments', Buffer.from([0x09, 0x80, 0, 0, 0, 0])],
  ])('a broken WebSocket frame loses the connection: %s', async (_what, bytes) => {
    const socket = connect(host.port, '127.0.0.1')
    const all = readAll(socket)
    socket.write(
      `GET /rpc HTTP/1.1\r\nHost: ${own()}\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    )
    await once(socket, 'data')
    socket.write(bytes)
    const answer = await all
    expect(answer).toMatch(/^HTTP\/1\.1 101 /)
    await rightfulPageWorks()
  })
})
