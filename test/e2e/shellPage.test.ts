// The desktop's page in a real browser: the built renderer and preload over the real protocol handler and the real IPC
// handlers of main.cjs; only Electron itself is stood in for.
import { readFileSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { bridgeChannels } from '../../shared/rpc/bridge'
import { preloadBundle, type Shell, startShell } from '../support/shellProcess'
import { tempFolder } from '../support/tempFolder'

/** Stands for app://walkback, which only Electron can make a scheme of. */
const standIn = 'https://walkback.test'

let browser: Browser
let shell: Shell
let page: Page
const violations: string[] = []

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env.WALKBACK_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  })
})

afterAll(async () => {
  await browser?.close()
})

beforeEach(async () => {
  violations.length = 0
  shell = await startShell({ userData: tempFolder('shell-page') })
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.on('console', (message) => {
    if (message.type() === 'error') violations.push(message.text())
  })
  page.on('pageerror', (error) => violations.push(error.message))
  const handler = shell.recorded.protocolHandlers.get('app')
  const contents = shell.contents()
  if (!handler || !contents) throw new Error('main did not start')
  await page.route('**/*', async (route) => {
    const url = route.request().url()
    if (!url.startsWith(standIn)) return route.abort()
    const response = await handler(new Request(url.replace(standIn, 'app://walkback'), { method: route.request().method() }))
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    })
  })
  await page.exposeFunction('__toMain', (channel: string, text: string) => {
    shell.electron.ipcMain.emit(channel, { sender: contents, senderFrame: contents.mainFrame }, text)
  })
  contents.onSend = (channel, text) => {
    void page
      .evaluate(
        ([name, value]) =>
          (window as unknown as { __fromMain(channel: string, text: string): void }).__fromMain(name ?? '', value ?? ''),
        [channel, String(text)],
      )
      .catch(() => undefined)
  }
  // The preload runs before the page's own scripts, with a require that knows electron and nothing else.
  await page.addInitScript(
    ([source, toPage, closed]) => {
      const listeners = new Map<string, ((event: unknown, text: unknown) => void)[]>()
      const host = window as unknown as Record<string, unknown> & { __toMain(channel: string, text: string): void }
      const toMain = host.__toMain
      host.__fromMain = (channel: string, text: unknown) => {
        for (const listener of listeners.get(channel) ?? []) listener({}, text)
      }
      const electron = {
        contextBridge: {
          exposeInMainWorld: (name: string, value: unknown) =>
            Object.defineProperty(window, name, { value: Object.freeze(value) }),
        },
        ipcRenderer: {
          send: (channel: string, text: string) => toMain(channel, text),
          on: (channel: string, listener: (event: unknown, text: unknown) => void) => {
            if (channel !== toPage && channel !== closed) throw new Error(`unexpected channel ${channel}`)
            listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
          },
          removeListener: (channel: string, listener: (event: unknown, text: unknown) => void) => {
            listeners.set(
              channel,
              (listeners.get(channel) ?? []).filter((known) => known !== listener),
            )
          },
        },
      }
      const require = (name: string) => {
        if (name !== 'electron') throw new Error(`a sandboxed preload can't require ${name}`)
        return electron
      }
      new Function('require', 'exports', 'module', source ?? '')(require, {}, { exports: {} })
    },
    [readFileSync(preloadBundle, 'utf8'), bridgeChannels.toPage, bridgeChannels.closed],
  )
  await page.goto(`${standIn}/index.html`)
})

afterEach(async () => {
  await page?.close()
  await shell?.end()
})

test('the application starts over IPC, styled, with no breach of its policy', async () => {
  await page.getByText('Make a practice cluster').first().waitFor()
  // Without the nonce MUI would be unstyled; without our fonts the page would fall back.
  expect(await page.evaluate(() => getComputedStyle(document.body).fontFamily)).toContain('Inter')
  expect(await page.evaluate(() => document.fonts.check('13px "Inter Variable"'))).toBe(true)
  expect(await page.evaluate(() => Object.keys((window as unknown as { walkback: object }).walkback).toSorted())).toEqual([
    'onClose',
    'onMessage',
    'send',
  ])
  expect(violations).toEqual([])
  await page.screenshot({ path: 'test/artifacts/shell-page.png' })
})

test('its screens open, and a reload finds the core again', async () => {
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
  await page.getByText('/usr/lib/postgresql/15/bin').first().waitFor()
  await page.screenshot({ path: 'test/artifacts/shell-settings.png' })
  shell.contents()?.emit('did-navigate')
  await page.reload()
  await page.getByText('/usr/lib/postgresql/15/bin').first().waitFor()
  expect(violations).toEqual([])
})

test('the policy stops what a page could be made to do', async () => {
  await page.getByText('Make a practice cluster').first().waitFor()
  const outcome = await page.evaluate(async () => {
    const blocked: string[] = []
    document.addEventListener('securitypolicyviolation', (event) => blocked.push(event.effectiveDirective))
    const attempt = (name: string, run: () => unknown) => {
      try {
        run()
      } catch {
        blocked.push(`threw ${name}`)
      }
    }
    attempt('innerHTML', () => {
      document.createElement('div').innerHTML = '<img src=x onerror=alert(1)>'
    })
    // Not at once: what the test driver evaluates itself is exempt from the policy.
    setTimeout(() => attempt('eval', () => (0, eval)('1')))
    const script = document.createElement('script')
    attempt('script text', () => {
      script.text = 'window.injected = true'
    })
    const frame = document.createElement('iframe')
    frame.src = 'https://example.org/'
    document.body.append(frame)
    await fetch('https://example.org/').catch(() => blocked.push('fetch failed'))
    await new Promise((resolve) => setTimeout(resolve, 300))
    return { blocked, injected: 'injected' in window }
  })
  expect(outcome.injected).toBe(false)
  for (const expected of ['threw innerHTML', 'threw eval', 'threw script text', 'connect-src', 'frame-src'])
    expect(outcome.blocked).toContain(expected)
})
