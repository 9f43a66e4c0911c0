// The main flow in a browser on the oldest major, with the full counts on each, by the screens rather than the lab: make the
// cluster of that version, dump shop in directory format, drop it, restore it, and find the same rows. wizards.test.ts walks
// it on the newest.
import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { goTo, launchBrowser, openPage } from '../support/browser'
import { binFolder, oldestOrAll } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, startServe } from '../support/serveProcess'
import { hashTables } from '../support/tableHashes'
import { tempFolder } from '../support/tempFolder'

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser?.close()
})

async function hashesOfShop(api: RemoteCore['api']) {
  const { connections } = await api.connections.list({})
  const settings = connections[0]?.settings
  if (!settings) throw new Error('there is no practice cluster')
  const password = readFileSync(settings.passfile, 'utf8').trim().split(':').at(-1) ?? ''
  const client = new pg.Client({ host: settings.host, port: settings.port ?? 0, user: settings.user, password, database: 'shop' })
  await client.connect()
  try {
    return await hashTables(client)
  } finally {
    await client.end()
  }
}

/** Presses the wizard's filled button until it starts the job; the page is then the job's. */
async function goThrough(page: Page, start: string): Promise<string> {
  for (let step = 0; step < 6; step++) {
    const primary = page.getByRole('button', { name: new RegExp(`^(Next: .*|${start})$`) })
    await primary.and(page.locator(':enabled')).waitFor()
    const words = await primary.innerText()
    await primary.click()
    if (words.trim() === start) {
      await page.waitForURL(/#\/jobs\/./)
      return decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length))
    }
    await page.waitForTimeout(200)
  }
  throw new Error(`the wizard did not come to "${start}"`)
}

describe.each(oldestOrAll())('PostgreSQL %i', (major) => {
  test('practice cluster, dump, drop, restore, the same rows', async () => {
    const serve = await startServe({ dataFolder: tempFolder(`browser${major}`) })
    const { page, context, errors } = await openPage(browser, serve.url)
    page.setDefaultTimeout(30_000)
    serve.process.kill('SIGHUP')
    const link = await expect
      .poll(() =>
        serve
          .output()
          .match(/http:\S+#token=\S+/g)
          ?.at(-1),
      )
      .not.toBe(serve.url)
      .then(() =>
        serve
          .output()
          .match(/http:\S+#token=\S+/g)
          ?.at(-1),
      )
    const core = await connectServe({ ...serve, url: link ?? '' })
    const { api } = core
    try {
      await api.host.saveSettings({ ...(await api.host.settings({})), installationFolders: [binFolder(major)] })
      await goTo(page, '#/practice')
      const installation = page.getByLabel('PostgreSQL installation').first()
      const option = await installation.locator('option', { hasText: binFolder(major) }).getAttribute('value')
      await installation.selectOption(option)
      await page.getByRole('button', { name: 'Make main' }).first().click()
      await page.getByText('Found: main runs on port').waitFor({ timeout: 120_000 })
      const cluster = (await api.practice.list({})).clusters.find(({ name }) => name === 'main')
      expect(Math.floor((cluster?.version ?? 0) / 10_000)).toBe(major)
      const before = await hashesOfShop(api)

      await goTo(page, '#/backup/dump?database=shop')
      const dumped = await jobEnd(api, await goThrough(page, 'Start dump'))
      expect(dumped.error).toBeNull()
      expect(dumped.state).toBe('succeeded')
      expect(JSON.stringify(dumped.input)).toContain('"format":"directory"')
      await page.getByText('Succeeded').first().waitFor()

      await goTo(page, '#/overview')
      await page.getByRole('row', { name: /^shop/ }).getByRole('button').last().click()
      await page.getByRole('menuitem', { name: /Drop/ }).click()
      await page.getByRole('dialog').getByRole('textbox').fill('shop')
      await page.getByRole('dialog').getByRole('button', { name: /^Drop/ }).click()
      await expect
        .poll(
          async () =>
            (await api.connections.server({ connectionId: cluster?.connectionId ?? '' })).databases.map(({ name }) => name),
          { timeout: 20_000 },
        )
        .not.toContain('shop')

      await goTo(page, `#/restore/dump?path=${encodeURIComponent(dumped.result?.backupPath ?? '')}`)
      const restored = await jobEnd(api, await goThrough(page, 'Start restore'))
      expect(restored.error).toBeNull()
      expect(restored.state).toBe('succeeded')
      expect(await hashesOfShop(api)).toEqual(before)
      expect(errors).toEqual([])
    } catch (error) {
      await page.screenshot({ path: `test/artifacts/failed-major-${major}.png` })
      throw error
    } finally {
      await jobEnd(api, (await api.practice.remove({ name: 'main', confirm: 'main' })).jobId)
      core.close()
      await context.close()
      await serve.stop()
    }
  }, 240_000)
})
