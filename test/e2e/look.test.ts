// Look before deciding, through the page: a recovery found from its job, the overview and the strip; compared, asked, taken
// later, begun again earlier, thrown away; once by keyboard alone. axe looks at each view.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { RecoveryWish } from '../../shared/model/recoveryWish'
import { type Mark, mark, marksOn, prepareMarks } from '../integration/recoveryPointSetup'
import { stopServer } from '../integration/recoverySetup'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { freePort, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'

const pictures = join(artifacts, 'look')

let archiving: ArchivingCluster
let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]
let marks: Mark[]
let live: string
let folder: string
let port: number
let jobId: string

const wish = (of: Mark | undefined): RecoveryWish => ({
  ...{ kind: 'xid', value: of?.xid ?? 0, timeline: 1, inclusive: true, action: 'pause' },
})

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  archiving = await startArchiving({ major: newestMajor(), segmentSize: 1, prefix: 'look-page' })
  const { cluster, archive } = archiving
  browser = await launchBrowser()
  serve = await startServe({ dataFolder: tempFolder('look-page') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  const library = join(tempFolder('look-library'), 'library')
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin], libraries: [library] })
  const saved = await core.api.connections.save({
    id: null,
    label: 'shop server',
    colour: 'slate',
    readOnly: false,
    settings: {
      ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres' },
      ...{ sslmode: 'disable', sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  live = saved.id
  await prepareMarks(cluster)
  // The first of their names has lost nothing: the page goes on to the one that has.
  await cluster.sql('CREATE DATABASE accounts')
  await cluster.sql(
    `CREATE SCHEMA sales;
     CREATE TABLE sales.order_items AS SELECT i AS id, 'KB-' || i AS sku, CASE WHEN i % 3 = 0 THEN NULL WHEN i % 3 = 1 THEN '' ELSE 'ok' END AS note FROM generate_series(1, 48123) i;
     CREATE TABLE sales.order_discounts AS SELECT i AS id FROM generate_series(1, 1489) i;
     CREATE TABLE sales.orders AS SELECT i AS id, now() AS made FROM generate_series(1, 16041) i;
     CREATE TABLE sales.price_list AS SELECT i AS id FROM generate_series(1, 964) i;
     CREATE TABLE public.customers AS SELECT i AS id FROM generate_series(1, 3123) i;
     CREATE INDEX orders_made ON sales.orders (made);
     CREATE FUNCTION sales.total(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2'`,
    'shop',
  )
  const { jobId: backup } = await core.api.baseBackup.start({
    ...{ connectionId: live, format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent: null },
    ...{ configuration: true, verify: false, keepSlot: false, library, label: '' },
  })
  expect((await jobEnd(core.api, backup)).error).toBeNull()
  marks = []
  for (const id of [1, 2, 3, 4, 5, 6]) marks.push(await mark(cluster, id))
  await cluster.sql(
    `DELETE FROM sales.order_items WHERE id > 211;
     DROP TABLE sales.order_discounts;
     INSERT INTO sales.orders SELECT i, now() FROM generate_series(1, 2868) i;
     DROP INDEX sales.orders_made;
     CREATE OR REPLACE FUNCTION sales.total(n int) RETURNS int LANGUAGE sql AS 'SELECT n + n';
     CREATE TABLE sales.later (id int); GRANT SELECT ON sales.price_list TO PUBLIC`,
    'shop',
  )
  for (const id of [7, 8]) marks.push(await mark(cluster, id))
  await switchWal(cluster)
  const archived = await core.api.walArchive.register({ folder: archive, label: 'shop archive', connectionId: live })
  folder = join(tempFolder('look'), 'shop-1122-0914')
  port = await freePort()
  ;({ jobId } = await core.api.recoveryPoint.start({
    point: { archiveId: archived.id, backup: null, wish: wish(marks[3]) },
    ...{ destination: { kind: 'new', folder, port }, tablespaces: {}, verify: false, login: live, confirm: null },
  }))
  expect((await jobEnd(core.api, jobId)).error).toBeNull()
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(30_000)
}, 180_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await page.screenshot({ path: join(pictures, 'failed.png') })
})

afterAll(async () => {
  if (existsSync(join(folder, 'postmaster.pid'))) stopServer(archiving.cluster, folder)
  await context?.close()
  core?.close()
  await serve?.stop()
  await browser?.close()
  await archiving?.cluster.remove()
}, 120_000)

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
const lookHeading = () => page.getByRole('heading', { name: 'Look before deciding' })

const shoot = (name: string) => lookAt(page, pictures, name)

/** The job whose page is shown, once it has ended. */
async function shownJob() {
  await page.waitForURL(/#\/jobs\//)
  return jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
}

test('found from the overview, the strip, and the page of its job', async () => {
  await goTo(page, '#/overview')
  await page.getByRole('link', { name: 'Look at shop-1122-0914' }).waitFor()
  await page.getByRole('link', { name: /^Recovery of shop server/ }).waitFor()
  expect(await page.getByText('Paused, waits for you').count()).toBe(2)
  await shoot('overview')
  await page.getByRole('link', { name: /^Recovery of shop server/ }).click()
  await lookHeading().waitFor()
  await goTo(page, `#/jobs/${encodeURIComponent(jobId)}`)
  await shoot('job')
  await page.getByRole('link', { name: 'Look', exact: true }).click()
  await lookHeading().waitFor()
  await page.getByText('Paused at the target').waitFor()
})

test('rows: what live has lost comes first, ticked, and the rescue takes it along', async () => {
  await page.getByText('2 tables have lost rows', { exact: true }).waitFor()
  expect(await page.getByLabel('Database to compare').inputValue()).toBe('shop')
  await page.getByLabel('Database to compare').selectOption('accounts')
  await page.getByText('no table of accounts has lost rows').waitFor()
  await page.getByRole('button', { name: 'shop: 2 tables have lost rows' }).waitFor()
  await shoot('elsewhere')
  await page.getByRole('button', { name: 'shop: 2 tables have lost rows' }).click()
  await page.getByText('2 tables have lost rows', { exact: true }).waitFor()
  const rows = page.getByRole('group', { name: 'Row counts' }).getByRole('row')
  expect(await rows.nth(1).innerText()).toMatch(/sales\.order_items\s+48,123\s+211\s+−47,912\s+Fewer in live/)
  expect(await rows.nth(2).innerText()).toMatch(/sales\.order_discounts\s+1,489\s+not there\s+−1,489\s+Gone from live/)
  expect(await rows.nth(3).innerText()).toMatch(/sales\.orders\s+16,041\s+18,909\s+\+2,868\s+New since then/)
  await page.getByText(/^2 tables, 49,612 rows, [\d.]+ MB: new, or in place of the live ones\.$/).waitFor()
  const link = (await page.getByRole('link', { name: 'Rescue…' }).getAttribute('href')) ?? ''
  const query = new URLSearchParams(link.slice(link.indexOf('?')))
  expect(link.startsWith(`#/rescue/${jobId}?`)).toBe(true)
  expect([query.get('database'), query.get('live')]).toEqual(['shop', live])
  expect(JSON.parse(query.get('tables') ?? '')).toEqual([
    ['sales', 'order_items'],
    ['sales', 'order_discounts'],
  ])
  await page.getByRole('checkbox', { name: 'Take back sales.order_discounts' }).uncheck()
  await page.getByText(/^1 table, 48,123 rows/).waitFor()
  await page.getByRole('checkbox', { name: 'Take back sales.order_discounts' }).check()
  await page.getByText(/exact, \d+ tables in/).waitFor()
  expect(await page.getByText(String(marks[3]?.xid), { exact: true }).count()).toBeGreaterThan(0)
})

test('while rows are counted it is said which table of how many, and it can be stopped', async () => {
  const other = await archiving.cluster.client('shop')
  await other.query('BEGIN; LOCK TABLE customers, sales.order_items, sales.orders, sales.price_list, marks')
  await button('Compare again').click()
  const bar = page.getByRole('progressbar', { name: 'Tables counted in shop server' })
  await page.getByText(/^Table \d of 6 in shop server$/).waitFor()
  await bar.waitFor()
  await shoot('counting')
  // The pictures may take longer than the waiting for the locks.
  if (!(await bar.isVisible())) await button('Compare again').click()
  await bar.waitFor()
  await button('Stop').click()
  await bar.waitFor({ state: 'detached' })
  await other.query('ROLLBACK')
  await other.end()
  await button('Count the rows').click()
  await page.getByText('2 tables have lost rows').waitFor()
})

test('a query: NULL and the empty string told apart, errors in calm words', async () => {
  const sql = page.getByRole('textbox', { name: 'SQL' })
  expect(await sql.inputValue()).toBe('SELECT * FROM "sales"."order_items";')
  await sql.fill('SELECT id, sku, note FROM sales.order_items\nWHERE id BETWEEN 4000 AND 4002 ORDER BY id;')
  await sql.press('Control+Enter')
  const rows = page.getByRole('group', { name: 'Rows of the query' })
  await rows.getByText('KB-4000').waitFor()
  expect(await rows.getByText('NULL', { exact: true }).count()).toBe(1)
  expect(await rows.getByText('empty string', { exact: true }).count()).toBe(1)
  await page.getByText(new RegExp(`^3 rows, [\\d.]+ ms, in shop on port ${port}`)).waitFor()
  await shoot('look')
  await sql.fill('DELETE FROM sales.orders')
  await button('Run').click()
  await page.getByText('That is no query, and nothing was run.').waitFor()
  await sql.fill('SELECT id\nFROM sales.nothing')
  await button('Run').click()
  await page.getByText('The query failed: relation "sales.nothing" does not exist, in line 2.').waitFor()
  await shoot('query-error')
})

test('schema: what live has lost, what changed, each definition beside the other', async () => {
  await page.getByRole('radio', { name: 'Schema' }).click()
  await page.getByText(/^\d+ differences$/).waitFor()
  const list = page.getByRole('group', { name: 'Definitions' })
  const text = await list.innerText()
  expect(text).toMatch(/index\s+sales\.orders: orders_made\s+Gone from live/)
  expect(text).toMatch(/table\s+sales\.later\s+Made since then/)
  expect(text).toMatch(/privileges of a table\s+sales\.price_list\s+Changed/)
  await list.getByRole('button', { name: 'sales.total(n integer)' }).click()
  await list.getByText('SELECT n * 2').waitFor()
  await list.getByText('SELECT n + n').waitFor()
  await shoot('schema')
  await page.getByRole('radio', { name: 'Rows', exact: true }).click()
})

test('by keyboard alone: later, to the last row, then looked at again', async () => {
  await goTo(page, `#/look/${encodeURIComponent(jobId)}`)
  await page.getByText('2 tables have lost rows').waitFor()
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')
  const tabTo = async (wanted: string) => {
    for (let n = 0; n < 80 && (await focused()) !== wanted; n += 1) await page.keyboard.press('Tab')
    expect(await focused()).toBe(wanted)
  }
  await lookHeading().focus()
  await tabTo('Go later…')
  await page.keyboard.press('Enter')
  const slider = page.getByRole('slider', { name: 'Moment to recover to' })
  await slider.waitFor()
  expect(await button('Go later').isDisabled()).toBe(true)
  // Its card would have no place here.
  expect(await button('The accident…').count()).toBe(0)
  await page.getByText(/^It holds everything up to .* already\. Choose a later moment\.$/).waitFor()
  for (let n = 0; n < 60; n += 1) {
    if (await slider.evaluate((element) => element === document.activeElement)) break
    await page.keyboard.press('Tab')
  }
  const heard = async () => (await slider.getAttribute('aria-valuetext')) ?? ''
  // Commit by commit until the one that is wanted is the last kept.
  for (let n = 0; n < 20 && !(await heard()).includes(`keeps transaction ${marks[5]?.xid}, at it`); n += 1) {
    await expect.poll(heard).toMatch(/transaction|no commit/)
    if ((await heard()).includes(`keeps transaction ${marks[5]?.xid}, at it`)) break
    const before = await slider.getAttribute('aria-valuenow')
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => slider.getAttribute('aria-valuenow')).not.toBe(before)
  }
  await page.getByText(/^Nothing is copied: the server is stopped, gets the later target/).waitFor()
  await button('Go later').and(page.locator(':enabled')).waitFor()
  await shoot('later')
  await tabTo('Go later')
  await page.keyboard.press('Enter')
  const job = await shownJob()
  expect(job.error).toBeNull()
  expect(await marksOn(archiving.cluster, port)).toEqual({ ids: [1, 2, 3, 4, 5, 6], recovering: true })
  // The former address leads to the later one.
  await goTo(page, `#/look/${encodeURIComponent(jobId)}`)
  await page.waitForURL(new RegExp(`#/look/${encodeURIComponent(job.id)}`))
  await page.getByText('Paused at the target').waitFor()
  jobId = job.id
})

test('earlier: begun again in its own place, and said before what is copied', async () => {
  await button('Earlier…').click()
  await page.getByRole('slider', { name: 'Moment to recover to' }).waitFor()
  await page.getByRole('radio', { name: 'Transaction', exact: true }).click()
  await page.getByLabel('Transaction', { exact: true }).fill(String(marks[1]?.xid))
  await page.getByText(/is copied again: the file system has no reflinks|come from those kept beside it, by reflink/).waitFor()
  await button('Start again').and(page.locator(':enabled')).waitFor()
  await shoot('earlier')
  await button('Start again').click()
  const job = await shownJob()
  expect(job.error).toBeNull()
  expect(await marksOn(archiving.cluster, port)).toEqual({ ids: [1, 2], recovering: true })
  jobId = job.id
})

test('a server that ended is said so, and started from the page', async () => {
  stopServer(archiving.cluster, folder)
  await goTo(page, `#/look/${encodeURIComponent(jobId)}`)
  await page.getByText('Its server was shut down. Nothing is lost.', { exact: false }).waitFor()
  await shoot('stopped')
  await button('Start its server').click()
  const job = await shownJob()
  expect(job.error).toBeNull()
  expect(await marksOn(archiving.cluster, port)).toEqual({ ids: [1, 2], recovering: true })
  jobId = job.id
})

test('promote asks first; throwing away wants the name, and shows where it is', async () => {
  await goTo(page, `#/look/${encodeURIComponent(jobId)}`)
  await page.getByText('Paused at the target').waitFor()
  await button('Promote…').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/It leaves recovery and takes writes, on timeline 2\./).waitFor()
  await shoot('promote')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await button('Throw away…').click()
  for (const words of [String(port), folder]) await dialog.getByText(words, { exact: true }).waitFor()
  await dialog.getByText(/^\d{19}$/).waitFor()
  const away = dialog.getByRole('button', { name: 'Throw it away' })
  expect(await away.isDisabled()).toBe(true)
  await dialog.getByRole('textbox').fill('shop-1122')
  expect(await away.isDisabled()).toBe(true)
  await dialog.getByRole('textbox').fill('shop-1122-0914')
  await shoot('throw-away')
  await away.click()
  const job = await shownJob()
  expect(job.error).toBeNull()
  expect(existsSync(folder)).toBe(false)
  await page
    .getByText(/^shop-1122-0914, recovered from shop server, is gone: /)
    .first()
    .waitFor()
  await shoot('gone-job')
  await goTo(page, `#/look/${encodeURIComponent(jobId)}`)
  await page.getByText('That cluster is not there any more.').waitFor()
  await goTo(page, '#/overview')
  expect(await page.getByText('Paused, waits for you').count()).toBe(0)
  expect(errors).toEqual([])
})
