// A real Chromium against the real headless host, for the end-to-end tests.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
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
  await page.waitForTimeout(700)
}

/** Serious and critical findings of axe, one line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`),
    )
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
