// The page's session as a person meets it: a link, a reload, a used link, a restart of the host, a new link in the same tab.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { openBrowser } from '../../electron/web/openBrowser'
import { buildConnectedPage, launchChromium, startTrialHost, type TrialHost } from './connectedPage'

let folder: string
let pageFolder: string
let browser: Browser
let host: TrialHost
let clock = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'walkback-page-'))
  pageFolder = await buildConnectedPage(folder)
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  host = await startTrialHost(pageFolder, { now: () => clock })
})
afterEach(async () => {
  await host.close()
  for (const context of browser.contexts()) await context.close()
  expect(host.reports).toEqual([])
})

async function newPage(): Promise<Page & { problems: string[] }> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(error.message))
  return Object.assign(page, { problems })
}

const stateIs = (page: Page, state: string) =>
  page.waitForFunction((wanted) => document.querySelector('#state')?.textContent === wanted, state, { timeout: 10_000 })

it('a link connects, its token leaves the address bar and the history, and a reload keeps the session', async () => {
  const page = await newPage()
  const link = host.newLink()
  const token = new URL(link).hash.slice('#token='.length)
  await page.goto(link)
  await stateIs(page, 'ready')
  expect(page.url()).toBe(`http://127.0.0.1:${host.port}/`)
  expect(
    await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage, cookie: document.cookie })),
  ).not.toContain(token)
  expect(await page.evaluate(() => document.cookie)).toBe('')
  await page.reload()
  await stateIs(page, 'ready')
  expect(host.ports).toHaveLength(2)
  expect(page.problems).toEqual([])
})

it('calls go over the connection and errors arrive as the core made them', async () => {
  const page = await newPage()
  await page.goto(host.newLink())
  await stateIs(page, 'ready')
  const error = await page.evaluate(async () => {
    const { api } = (window as unknown as { test: { api: { host: { info(input: object): Promise<unknown> } } } }).test
    return api.host.info({}).then(
      () => 'answered',
      (reason: Error & { code?: string }) => `${reason.code}: ${reason.message}`,
    )
  })
  expect(error).toBe('not_found: This version of Walkback does not know that request.')
})

it('without a link the page says how to get one', async () => {
  const page = await newPage()
  await page.goto(`http://127.0.0.1:${host.port}/`)
  await stateIs(page, 'no-session')
  expect(await page.textContent('#words')).toBe(
    'This tab is not signed in to Walkback. Press Enter in the terminal that runs Walkback and open the new link it prints. A link works once, for two minutes.',
  )
})

it('a used link is refused in another tab, and a new link in that same tab connects it without a reload', async () => {
  const first = await newPage()
  const link = host.newLink()
  await first.goto(link)
  await stateIs(first, 'ready')
  const second = await newPage()
  await second.goto(link)
  await stateIs(second, 'refused')
  expect(await second.textContent('#words')).toContain('This link was already used, or is older than two minutes.')
  await second.evaluate((hash) => {
    location.hash = hash
  }, new URL(host.newLink()).hash)
  await stateIs(second, 'ready')
  expect(second.url()).not.toContain('token')
})

it('a link older than two minutes is refused', async () => {
  const page = await newPage()
  const link = host.newLink()
  clock += 2 * 60_000
  await page.goto(link)
  await stateIs(page, 'refused')
})

it('a broken connection is made again by itself with the same session', async () => {
  const page = await newPage()
  await page.goto(host.newLink())
  await stateIs(page, 'ready')
  host.ports[0]?.close('Broken on purpose.')
  await page.waitForFunction(() => document.querySelector('#state')?.textContent === 'ready', undefined, { timeout: 10_000 })
  await expect.poll(() => host.ports.length, { timeout: 10_000 }).toBe(2)
  await stateIs(page, 'ready')
})

it('says lost while the host is away, and asks for a new link once it is back without the session', async () => {
  const page = await newPage()
  await page.goto(host.newLink())
  await stateIs(page, 'ready')
  const { port } = host
  await host.close()
  await stateIs(page, 'lost')
  const code = await page.evaluate(async () => {
    const { api } = (window as unknown as { test: { api: { host: { info(input: object): Promise<unknown> } } } }).test
    return api.host.info({}).catch((reason: { code?: string }) => reason.code)
  })
  expect(code).toBe('disconnected')
  host = await startTrialHost(pageFolder, { port, now: () => clock })
  await stateIs(page, 'no-session')
  await page.evaluate((hash) => {
    location.hash = hash
  }, new URL(host.newLink()).hash)
  await stateIs(page, 'ready')
})

it('two tabs have a session each', async () => {
  const [one, two] = [await newPage(), await newPage()]
  await one.goto(host.newLink())
  await two.goto(host.newLink())
  await stateIs(one, 'ready')
  await stateIs(two, 'ready')
})

it('a browser opened with a private file arrives, and the file is gone', async () => {
  // The "browser" of the system is a program that notes which file it was given.
  const noted = join(folder, 'noted')
  const opener = join(folder, 'opener')
  writeFileSync(opener, `#!/bin/sh\nprintf %s "$1" > ${noted}.tmp && mv ${noted}.tmp ${noted}\n`, { mode: 0o755 })
  const link = host.newLink()
  const reports: string[] = []
  const remove = await openBrowser({ opener, scratch: folder, link, report: (text) => reports.push(text) })
  let arrived = false
  host.expectBrowser(() => {
    arrived = true
    remove()
  })
  const { readFileSync, existsSync } = await import('node:fs')
  await expect.poll(() => existsSync(noted), { timeout: 5000 }).toBe(true)
  const file = readFileSync(noted, 'utf8')
  expect(file).not.toContain('token')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const page = await newPage()
  await page.goto(`file://${file}`)
  await stateIs(page, 'ready')
  expect(arrived).toBe(true)
  expect(existsSync(file)).toBe(false)
  await page.reload()
  await stateIs(page, 'ready')
  expect(reports).toEqual([])
})
