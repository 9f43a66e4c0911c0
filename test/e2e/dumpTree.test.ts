// The tree of a dump in a real browser: by mouse and by keyboard alone, what it warns of, and what can't be dumped like that.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeManyKinds } from '../fixtures/manyKinds'
import { artifacts, goTo, launchBrowser, layoutFaults, newLink, openPage, seriousFindings } from '../support/browser'
import { newestMajor, sharedCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'wizards')
const database = 'many kinds'

let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  const cluster = await sharedCluster(newestMajor())
  await makeManyKinds(cluster, database)
  browser = await launchBrowser()
  serve = await startServe({ dataFolder: tempFolder('tree') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin] })
  await core.api.connections.save({
    id: null,
    label: 'kinds',
    colour: 'slate',
    readOnly: false,
    settings: {
      host: '127.0.0.1',
      port: cluster.port,
      database: 'postgres',
      user: 'postgres',
      sslmode: 'disable',
      sslrootcert: '',
      sslcert: '',
      sslkey: '',
      service: '',
      passfile: '',
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
}, 120_000)

afterAll(async () => {
  core?.close()
  await serve?.stop()
  await browser?.close()
})

beforeEach(async () => {
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(15_000)
  await goTo(page, `#/backup/dump?database=${encodeURIComponent(database)}`)
  await page.getByRole('treegrid').waitFor()
})

afterEach(async (test) => {
  if (test.task.result?.state === 'fail') await page.screenshot({ path: join(pictures, 'failed-tree.png') })
  await context.close()
  expect(errors).toEqual([])
})

const box = (name: string) => page.getByRole('checkbox', { name, exact: true })
const button = (name: string) => page.getByRole('button', { name, exact: true })
const command = () => page.getByRole('region', { name: /Command/ }).innerText()

/** The command follows the ticks after a moment. */
async function commandWith(text: string): Promise<string> {
  await expect.poll(async () => (await command()).replaceAll(/\s*\\\s*\n\s*/g, ' '), { timeout: 10_000 }).toContain(text)
  return (await command()).replaceAll(/\s*\\\s*\n\s*/g, ' ')
}

test('by mouse: ticks become exact names, warnings say who misses what, and Add puts it back', async () => {
  expect(await box('Definition of many kinds').getAttribute('aria-checked')).toBe('true')
  expect(await commandWith('--dbname=')).not.toContain('--exclude')
  await page.screenshot({ path: join(pictures, 'tree-all.png') })

  await page.getByRole('searchbox').fill('app.customers')
  await box('Definition of app.customers').click()
  await commandWith('--exclude-table=\'"app"."customers"\'')
  expect(await box('Definition of many kinds').getAttribute('aria-checked')).toBe('mixed')
  await page.getByText('app.customers', { exact: false }).first().waitFor()
  await page.getByText('2 ticked objects need it (foreign key, view)').waitFor()
  await page.getByRole('searchbox').fill('app.ord*')
  await box('Rows of app.orders').click()
  await commandWith('--exclude-table-data=\'"app"."orders"\'')
  await page.getByRole('searchbox').fill('')
  await page.getByRole('radio', { name: 'Left out' }).click()
  expect(await page.getByRole('row').count()).toBe(4)
  await page.screenshot({ path: join(pictures, 'tree-left-out.png') })
  expect(await seriousFindings(page)).toEqual([])
  expect(await layoutFaults(page)).toEqual([])

  await page.getByRole('button', { name: 'Add app.customers', exact: false }).click()
  await expect.poll(command).not.toContain('customers')
  await page.getByRole('radio', { name: 'All' }).click()

  await button('Untick all').click()
  await page.getByText('Nothing is ticked.').first().waitFor()
  expect(await button('Next: Options').isDisabled()).toBe(true)
  await page.getByRole('searchbox').fill('other.inherited')
  await button('Tick these').click()
  await commandWith('--table=\'"other"."inherited"\'')
  await page.getByText('app.base: other.inherited needs it (inheritance)', { exact: false }).waitFor()
  await page
    .getByText('3 large objects', { exact: false })
    .or(page.getByText('2 large objects', { exact: false }))
    .first()
    .waitFor()

  // A table of one schema and all of another can't be named together.
  await page.getByRole('searchbox').fill('only functions')
  await box('Definition of only functions').first().click()
  await page
    .getByText(/^pg_dump takes tables of other without the schema itself/)
    .first()
    .waitFor()
  expect(await button('Next: Options').isDisabled()).toBe(true)
  await page.screenshot({ path: join(pictures, 'tree-blocked.png') })
})

test('by keyboard alone: down to a partition, out with it and with the rows of the next, and the dump holds just that', async () => {
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const active = async () => {
    const id = await page.getByRole('treegrid').getAttribute('aria-activedescendant')
    return page.locator(`[id="${id}"]`).innerText()
  }
  await page.getByRole('treegrid').focus()
  await press('Home')
  expect(await active()).toContain(database)
  await page.keyboard.type('events')
  await expect.poll(active).toContain('events')
  await press('ArrowRight', 'ArrowRight')
  expect(await active()).toContain('other.events_2026')
  await page.waitForTimeout(750)
  await press('Space', 'ArrowDown', 'ArrowRight', 'ArrowRight')
  expect(await active()).toContain('events_2027_a')
  await press('Shift+Space')
  await press('End')
  await press('ArrowUp', 'Home', 'ArrowDown', 'ArrowLeft', 'ArrowLeft')
  expect(await active()).toContain(database)
  await commandWith('--exclude-table=\'"other"."events_2026"\'')
  await commandWith('--exclude-table-data=\'"app"."events_2027_a"\'')
  await page.screenshot({ path: join(pictures, 'tree-keyboard.png') })
  await press('Enter')
  await page.getByRole('heading', { name: /step 3 of 4/ }).waitFor()
  await press('Enter')
  await page.getByRole('heading', { name: /step 4 of 4/ }).waitFor()
  await button('Start dump').and(page.locator(':enabled')).waitFor()
  await press('Enter')
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.state).toBe('succeeded')
  const { lines } = await core.api.jobs.log({ jobId: job.id, from: 0, count: 2000, level: 'info' })
  expect(lines.map(({ text }) => text).join('\n')).toMatch(/The archive holds what was ticked: \d+ entries compared/)
})
