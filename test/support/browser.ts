// A real Chromium against the real headless host, for the end-to-end tests.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { run as Run } from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { expect } from 'vitest'
import type { ServeProcess } from './serveProcess'

export const artifacts = fileURLToPath(new URL('../artifacts', import.meta.url))

export async function launchBrowser(): Promise<Browser> {
  mkdirSync(artifacts, { recursive: true })
  return chromium.launch({
    executablePath: process.env.WALKBACK_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A further one-time link, as SIGHUP makes serve print one. */
export async function newLink(serve: ServeProcess): Promise<string> {
  const before = serve.output().length
  serve.process.kill('SIGHUP')
  const until = Date.now() + 10_000
  for (;;) {
    const link = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/.exec(serve.output().slice(before))?.[0]
    if (link) return link
    if (Date.now() > until) throw new Error('serve printed no new link')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export interface OpenedPage {
  page: Page
  context: BrowserContext
  /** Errors in the console and uncaught ones, as they come. */
  errors: string[]
}

export interface PageLook {
  width: number
  height: number
  dark: boolean
}

export const looks: readonly PageLook[] = [
  { width: 1280, height: 800, dark: false },
  { width: 1280, height: 800, dark: true },
  { width: 1600, height: 1000, dark: false },
  { width: 1600, height: 1000, dark: true },
]

export async function openPage(
  browser: Browser,
  link: string,
  look: PageLook = { width: 1280, height: 800, dark: false },
): Promise<OpenedPage> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  await page.goto(link)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  return { page, context, errors }
}

/** Changes the address as a link would, and waits for what the page then loads to settle. */
export async function goTo(page: Page, route: string): Promise<void> {
  await page.evaluate((hash) => {
    window.location.hash = hash
  }, route)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await settled(page)
}

/** Until nothing has changed for a moment, nothing moves and nothing is being loaded; what never rests is left after two seconds. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(
    ({ quietMs, mostMs }) =>
      new Promise<void>((resolve) => {
        const from = performance.now()
        let changed = from
        const observer = new MutationObserver(() => {
          changed = performance.now()
        })
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
        const look = () => {
          const now = performance.now()
          const moving = document.getAnimations().some(({ playState }) => playState === 'running')
          const rests = now - changed >= quietMs && !moving && !document.querySelector('[aria-busy="true"], [role="progressbar"]')
          if (!rests && now - from < mostMs) return void setTimeout(look, 50)
          observer.disconnect()
          resolve()
        }
        setTimeout(look, 50)
      }),
    { quietMs: 200, mostMs: 2_000 },
  )
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Serious and critical findings of axe, one line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // In the page itself and once for each: the builder for Playwright sends the whole source and fetches every passed check each
  // time, which takes several times as long.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource)
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: typeof Run } }
    const { violations } = await axe.run(document, { resultTypes: ['violations'], preload: false })
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`),
      )
  })
}

/** What breaks the rules of the look: text under 12 px, and a page wider than its window. */
export async function layoutFaults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = []
    if (document.documentElement.scrollWidth > window.innerWidth)
      faults.push(`the page is ${document.documentElement.scrollWidth} px wide`)
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement
      if (!element || !node.textContent?.trim() || element.getClientRects().length === 0) continue
      const size = Number.parseFloat(getComputedStyle(element).fontSize)
      if (size < 12) faults.push(`${size} px: "${node.textContent.trim().slice(0, 40)}"`)
    }
    return faults
  })
}

/** All four with the full counts; else one of them, another for each name. */
export function looksFor(name: string): readonly PageLook[] {
  if (process.env.WALKBACK_LONG === '1') return looks
  const sum = [...name].reduce((total, letter) => (total * 31 + (letter.codePointAt(0) ?? 0)) % 65_537, 7)
  return looks.filter((_, at) => at === sum % looks.length)
}

export const lookName = ({ width, dark }: PageLook) => `${width}-${dark ? 'dark' : 'light'}`

/** A picture of what is shown now, and what is wrong with it: axe's serious findings and the faults of its layout. */
export async function faultsOf(page: Page, file: string): Promise<string[]> {
  await settled(page)
  await page.screenshot({ path: file })
  return [...(await seriousFindings(page)), ...(await layoutFaults(page))]
}

/** What is shown now in its looks: a picture of each in the folder, and each fault; then small and light again. */
export async function faultsInLooks(page: Page, folder: string, name: string): Promise<string[]> {
  const [usual] = looks
  const seen = looksFor(name)
  const faults: string[] = []
  for (const look of seen) {
    await wear(page, look)
    const found = await faultsOf(page, join(folder, `${name}-${lookName(look)}.png`))
    faults.push(...found.map((fault) => `${name} ${lookName(look)}: ${fault}`))
  }
  if (usual && seen.at(-1) !== usual) await wear(page, usual)
  return faults
}

/** The same, and no fault may be found. */
export async function lookAt(page: Page, folder: string, name: string): Promise<void> {
  expect(await faultsInLooks(page, folder, name)).toEqual([])
}

async function wear(page: Page, { width, height, dark }: PageLook): Promise<void> {
  await page.setViewportSize({ width, height })
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' })
}
