// What a hostile page in the same browser can try against serve, with a real browser: every way is refused, and the
// rightful tab beside it goes on working.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildConnectedPage, launchChromium, scriptPath, startTrialHost, type TrialHost } from './connectedPage'

let folder: string
let script: string
let browser: Browser
let context: BrowserContext
let host: TrialHost
let evil: Server
let evilPort: number
let rightful: Page

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'walkback-attack-'))
  const pageFolder = await buildConnectedPage(folder)
  script = scriptPath(pageFolder)
  host = await startTrialHost(pageFolder)
  evil = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<!doctype html><link rel="icon" href="data:,"><title>evil</title><h1>evil</h1>')
  })
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
  evilPort = (evil.address() as AddressInfo).port
  browser = await launchChromium([
    '--host-resolver-rules=MAP evil.test 127.0.0.1, MAP 127.0.0.1.evil 127.0.0.1',
    '--disable-popup-blocking',
  ])
})

afterAll(async () => {
  await browser?.close()
  await host?.close()
  evil?.close()
  rmSync(folder, { recursive: true, force: true })
})

const own = () => `http://127.0.0.1:${host.port}`

async function rightfulTabWorks(): Promise<void> {
  const outcome = await rightful.evaluate(async () => {
    const { api } = (window as unknown as { test: { api: { host: { info(input: object): Promise<unknown> } } } }).test
    // The trial core does not know it, and says so: the answer came from the core, over this tab's connection.
    return api.host.info({}).catch((error: { code?: string }) => error.code)
  })
  expect(outcome).toBe('not_found')
}

beforeEach(async () => {
  context = await browser.newContext()
  rightful = await context.newPage()
  await rightful.goto(host.newLink())
  await rightful.waitForFunction(() => document.querySelector('#state')?.textContent === 'ready')
  host.ports.length = 0
})

afterEach(async () => {
  await rightfulTabWorks()
  // No attack ever got as far as a port to the core.
  expect(host.ports).toHaveLength(0)
  expect(host.reports).toEqual([])
  await context.close()
})

/** In the same browser as the rightful tab: it shares cookies, cache and storage with whatever shares its site. */
async function evilPage(address = `http://127.0.0.1:${evilPort}/`): Promise<Page> {
  const page = await context.newPage()
  await page.goto(address)
  return page
}

/** Statuses that the host answered, also of answers that the browser then kept from the page. */
async function watchStatuses(page: Page): Promise<number[]> {
  const statuses: number[] = []
  const protocol = await context.newCDPSession(page)
  await protocol.send('Network.enable')
  protocol.on('Network.responseReceivedExtraInfo', ({ statusCode }) => void statuses.push(statusCode))
  return statuses
}

const elsewhere = [
  ['another port of 127.0.0.1', () => `http://127.0.0.1:${evilPort}/`],
  ['another port of localhost', () => `http://localhost:${evilPort}/`],
  ['another site', () => `http://evil.test:${evilPort}/`],
] as const

describe.each(elsewhere)('a page on %s', (_name, address) => {
  it('can not fetch anything, in any mode', async () => {
    const page = await evilPage(address())
    const statuses = await watchStatuses(page)
    const outcomes = await page.evaluate(
      async ([base, file]) => {
        const tries: [string, RequestInit][] = [
          ['/', {}],
          ['/', { mode: 'no-cors' }],
          ['/', { mode: 'no-cors', credentials: 'include' }],
          [file ?? '', {}],
          [file ?? '', { mode: 'no-cors' }],
          ['/session', { method: 'POST', mode: 'no-cors', body: '{"token":"x"}' }],
          ['/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"token":"x"}' }],
          ['/session', { method: 'POST', mode: 'no-cors', body: new URLSearchParams({ token: 'x' }) }],
          ['/session', { method: 'DELETE' }],
        ]
        return Promise.all(
          tries.map(([path, init]) =>
            fetch(base + path, init).then(
              async (response) => ({ type: response.type, text: await response.text() }),
              () => 'failed' as const,
            ),
          ),
        )
      },
      [own(), script],
    )
    for (const outcome of outcomes) if (outcome !== 'failed') expect(outcome).toEqual({ type: 'opaque', text: '' })
    expect(outcomes.filter((outcome) => outcome === 'failed').length).toBeGreaterThanOrEqual(4)
    // Nine tries and a preflight or two: the host refused whatever the browser let through to it.
    expect(statuses.length).toBeGreaterThanOrEqual(7)
    expect(new Set(statuses)).toEqual(new Set([403]))
  })

  it('can not open the WebSocket, not even with the session in hand', async () => {
    const session = await rightful.evaluate(() => Object.values({ ...sessionStorage })[0])
    expect(session).toBeTruthy()
    const page = await evilPage(address())
    const outcomes = await page.evaluate(
      ([port, secret]) =>
        Promise.all(
          [`ws://127.0.0.1:${port}/rpc`, `ws://localhost:${port}/rpc`, `ws://127.0.0.1:${port}/`].flatMap((url) =>
            [undefined, ['x']].map(
              (protocols) =>
                new Promise<string>((resolve) => {
                  const socket = new WebSocket(url, protocols)
                  socket.onopen = () => {
                    socket.send(JSON.stringify({ session: secret }))
                    resolve('opened')
                  }
                  socket.onclose = (event) => resolve(`closed ${event.code}`)
                }),
            ),
          ),
        ),
      [String(host.port), session ?? ''],
    )
    expect(new Set(outcomes)).toEqual(new Set(['closed 1006']))
  })

  it('can not post a form, and the token it names stays good', async () => {
    const token = new URL(host.newLink()).hash.slice('#token='.length)
    for (const encoding of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
      const page = await evilPage(address())
      const answered = page.waitForResponse((response) => response.url() === `${own()}/session`)
      await page.evaluate(
        ([action, enctype, value]) => {
          const form = document.createElement('form')
          Object.assign(form, { method: 'post', action, enctype })
          const field = document.createElement('input')
          // With text/plain the body becomes {"token":"...","x":"="}: JSON made by a form.
          field.name = enctype === 'text/plain' ? `{"token":"${value}","x":"` : 'token'
          field.value = enctype === 'text/plain' ? '"}' : (value ?? '')
          form.append(field)
          document.body.append(form)
          form.submit()
        },
        [`${own()}/session`, encoding, token],
      )
      expect((await answered).status()).toBe(403)
      await page.close()
    }
    const exchanged = await rightful.evaluate(
      async (text) =>
        (
          await fetch('/session', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ token: text }),
          })
        ).status,
      token,
    )
    expect(exchanged).toBe(200)
  })

  it('can not show the page in a frame, an object or an embed', async () => {
    const page = await evilPage(address())
    await page.evaluate((url) => {
      for (const name of ['iframe', 'object', 'embed']) {
        const element = document.createElement(name)
        element.setAttribute(name === 'object' ? 'data' : 'src', url)
        if (name !== 'iframe') element.setAttribute('type', 'text/html')
        document.body.append(element)
      }
      const sandboxed = document.createElement('iframe')
      sandboxed.setAttribute('sandbox', 'allow-scripts')
      sandboxed.src = url
      document.body.append(sandboxed)
    }, `${own()}/`)
    await page.waitForTimeout(700)
    expect(page.frames().length).toBeGreaterThan(1)
    for (const frame of page.frames().slice(1)) {
      expect(frame.url()).toMatch(/^(chrome-error:|about:|$)/)
      expect(await frame.evaluate(() => document.querySelector('#state')).catch(() => null)).toBeNull()
    }
  })

  it('can not include our files as script, style, image, worker or preload', async () => {
    const page = await evilPage(address())
    const outcomes = await page.evaluate(
      async ([base, file]) => {
        const load = (name: string, fields: object) =>
          new Promise<string>((resolve) => {
            const element = document.createElement(name)
            Object.assign(element, fields)
            element.onload = () => resolve(`${name} loaded`)
            element.onerror = () => resolve('refused')
            document.head.append(element)
          })
        const url = `${base}${file}`
        return [
          await load('script', { src: url }),
          await load('script', { src: url, type: 'module' }),
          await load('link', { rel: 'stylesheet', href: url }),
          await load('link', { rel: 'modulepreload', href: url }),
          await load('img', { src: `${base}/` }),
          await new Promise<string>((resolve) => {
            try {
              new Worker(url).onerror = () => resolve('refused')
            } catch {
              resolve('refused') // another origin's worker throws at once
            }
          }),
          // Spelled as text, since the test's own bundler rewrites import().
          await (new Function('url', 'return import(url)') as (url: string) => Promise<unknown>)(url).then(
            () => 'imported',
            () => 'refused',
          ),
        ]
      },
      [own(), script],
    )
    expect(outcomes).toEqual(Array(7).fill('refused'))
    expect(await page.evaluate(() => 'test' in window)).toBe(false)
  })

  it('can not open the page in a window it holds, nor reach the rightful one', async () => {
    const page = await evilPage(address())
    const popup = page.waitForEvent('popup')
    await page.evaluate((url) => {
      Object.assign(window, { held: window.open(url, 'walkback') })
    }, `${own()}/#token=guess`)
    const opened = await popup
    await opened.waitForLoadState()
    expect(await opened.evaluate(() => document.querySelector('#state'))).toBeNull()
    expect(await opened.evaluate(() => document.body.innerText)).toContain('Another page may not ask Walkback for anything.')
    const held = await page.evaluate(() => {
      const { held } = window as unknown as { held: Window }
      try {
        return String(held.document.title)
      } catch {
        return 'not readable'
      }
    })
    // COOP severs the two: the handle says closed, or throws; it never shows the document.
    expect(['not readable', '']).toContain(held)
    expect(await opened.evaluate(() => window.opener)).toBeNull()
    expect(await rightful.evaluate(() => window.opener)).toBeNull()
  })

  it('can not send a beacon, an event stream or a redirect there', async () => {
    const page = await evilPage(address())
    const statuses = await watchStatuses(page)
    const eventSource = await page.evaluate(
      (base) =>
        new Promise<string>((resolve) => {
          navigator.sendBeacon(`${base}/session`, '{"token":"x"}')
          const source = new EventSource(`${base}/`)
          source.onopen = () => resolve('opened')
          source.onerror = () => {
            source.close()
            resolve('refused')
          }
        }),
      own(),
    )
    expect(eventSource).toBe('refused')
    const response = page.waitForResponse((answer) => answer.url() === `${own()}/`)
    await page.evaluate((url) => {
      location.href = url
    }, `${own()}/`)
    expect((await response).status()).toBe(403)
    // The beacon and the event stream; the navigation's answer was seen above.
    expect(statuses.length).toBeGreaterThanOrEqual(2)
    expect(new Set(statuses)).toEqual(new Set([403]))
  })
})

describe('DNS rebinding', () => {
  it.each(['evil.test', '127.0.0.1.evil'])(
    'a name that was made to point here, %s, is answered 421 and gets no WebSocket',
    async (name) => {
      const page = await context.newPage()
      const answer = await page.goto(`http://${name}:${host.port}/`)
      expect(answer?.status()).toBe(421)
      expect(await page.evaluate(() => document.body.innerText)).toBe('This is not the address of Walkback.')
      const outcome = await page.evaluate(async () => {
        const post = await fetch('/session', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"token":"x"}',
        }).then(
          (response) => response.status,
          () => 'blocked',
        )
        const socket = await new Promise<string>((resolve) => {
          try {
            const opened = new WebSocket(`ws://${location.host}/rpc`)
            opened.onopen = () => resolve('opened')
            opened.onclose = (event) => resolve(`closed ${event.code}`)
          } catch {
            resolve('blocked')
          }
        })
        return { post, socket }
      })
      // The refusal's own policy already forbids it to connect anywhere else; the host would answer 421 again.
      expect([421, 'blocked']).toContain(outcome.post)
      expect(['closed 1006', 'blocked']).toContain(outcome.socket)
    },
  )
})

describe('the rightful page itself', () => {
  it('runs no inline script, no eval, no foreign script, and sends nothing elsewhere', async () => {
    const outcome = await rightful.evaluate(async (evilAddress) => {
      // What DevTools runs synchronously may evaluate text in spite of the policy; from here on the policy holds.
      await new Promise((resolve) => setTimeout(resolve))
      const violations: string[] = []
      document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective))
      const inline = document.createElement('div')
      let markup = 'accepted'
      try {
        inline.innerHTML = '<img src=x onerror="window.injected = 1">'
      } catch {
        markup = 'refused'
      }
      const element = document.createElement('script')
      let text = 'accepted'
      try {
        element.textContent = 'window.injected = 1'
        document.head.append(element)
      } catch {
        text = 'refused'
      }
      let evaluated = 'accepted'
      try {
        // biome-ignore lint: this is the attack
        new Function('window.injected = 1')()
      } catch {
        evaluated = 'refused'
      }
      const sent = await fetch(evilAddress, { mode: 'no-cors' }).then(
        () => 'sent',
        () => 'refused',
      )
      const picture = await new Promise((resolve) => {
        const image = new Image()
        image.onload = image.onerror = () => resolve(image.naturalWidth)
        image.src = evilAddress
      })
      return { markup, evaluated, sent, picture, text, injected: 'injected' in window, violations }
    }, `http://127.0.0.1:${evilPort}/`)
    expect(outcome).toMatchObject({ injected: false })
    expect(outcome.markup).toBe('refused')
    expect(outcome.evaluated).toBe('refused')
    expect(outcome.sent).toBe('refused')
    expect(outcome.picture).toBe(0)
    expect(outcome.violations).toEqual(expect.arrayContaining(['connect-src', 'img-src']))
  })

  it('keeps its session from a tab of the same origin that was not given it', async () => {
    const other = await context.newPage()
    await other.goto(`${own()}/`)
    await other.waitForFunction(() => document.querySelector('#state')?.textContent === 'no-session')
    expect(await other.evaluate(() => Object.keys({ ...sessionStorage, ...localStorage }))).toEqual([])
    expect(await context.cookies()).toEqual([])
  })
})
