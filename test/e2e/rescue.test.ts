// A rescue through the page, by keyboard: deleted rows and a dropped table come back; rows are replaced after a typed confirmation.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { mark } from '../integration/recoveryPointSetup'
import { stopServer } from '../integration/recoverySetup'
import { shopSql } from '../integration/rescueSetup'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { freePort, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'

const pictures = join(artifacts, 'rescue')

let archiving: ArchivingCluster
let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]
let live = ''
let recovery = ''
let recovered = ''

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  archiving = await startArchiving({ major: newestMajor(), segmentSize: 1, prefix: 'rescue-page' })
  const { cluster, archive } = archiving
  browser = await launchBrowser()
  serve = await startServe({ dataFolder: tempFolder('rescue-wizard') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  const library = join(tempFolder('rescue-library'), 'library')
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin], libraries: [library] })
  const { id } = await core.api.connections.save({
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
  live = id
  await cluster.sql('CREATE ROLE shop_reader; CREATE ROLE shop_gone; CREATE ROLE shop_owner')
  await cluster.sql('CREATE DATABASE shop')
  await cluster.sql(shopSql, 'shop')
  await cluster.sql('ANALYZE', 'shop')
  const backup = await core.api.baseBackup.start({
    ...{ connectionId: id, format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent: null },
    ...{ configuration: true, verify: false, keepSlot: false, library, label: '' },
  })
  expect((await jobEnd(core.api, backup.jobId)).error).toBeNull()
  const moment = await mark(cluster, 1)
  await mark(cluster, 2)
  await switchWal(cluster)
  const registered = await core.api.walArchive.register({ folder: archive, label: 'shop archive', connectionId: id })
  recovered = join(tempFolder('rescue-point'), 'recovered')
  const { jobId } = await core.api.recoveryPoint.start({
    point: {
      archiveId: registered.id,
      backup: null,
      wish: { kind: 'xid', value: moment.xid, timeline: 1, inclusive: true, action: 'pause' },
    },
    destination: { kind: 'new', folder: recovered, port: await freePort() },
    ...{ tablespaces: {}, verify: false, login: id, confirm: null },
  })
  expect((await jobEnd(core.api, jobId)).error).toBeNull()
  recovery = jobId
  await cluster.sql(
    `DELETE FROM orders WHERE id % 10 = 0; UPDATE orders SET total = 0 WHERE id IN (1, 2); INSERT INTO orders (customer_id, total) VALUES (5, 5);
     DROP TABLE stock CASCADE; ALTER TABLE drift DROP COLUMN dropped; DELETE FROM drift WHERE id > 5`,
    'shop',
  )
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(30_000)
}, 240_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await page.screenshot({ path: join(pictures, 'failed.png') })
})

afterAll(async () => {
  if (recovered !== '') stopServer(archiving.cluster, recovered)
  await context?.close()
  core?.close()
  await serve?.stop()
  await browser?.close()
  await archiving?.cluster.remove()
}, 120_000)

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
const enabled = (name: string) => button(name).and(page.locator(':enabled'))

const look = (name: string) => lookAt(page, pictures, name)

const link = (tables: [string, string][]) =>
  `#/rescue/${recovery}?database=shop&live=${live}&tables=${encodeURIComponent(JSON.stringify(tables))}`

test('the tables of then beside those of now', async () => {
  await goTo(page, link([['public', 'orders']]))
  await page.getByRole('heading', { name: /Rescue tables, step 1 of 3/ }).waitFor()
  await page.getByText('public.stock').waitFor()
  expect(await page.getByRole('checkbox', { name: 'public.orders' }).isChecked()).toBe(true)
  // By keyboard: the one that is gone stands first.
  await page.getByRole('checkbox', { name: 'public.stock' }).focus()
  await page.keyboard.press('Space')
  await page.getByRole('checkbox', { name: 'public.lines', exact: true }).check()
  await page.getByRole('searchbox', { name: 'Find a table' }).fill('drift')
  await page.getByRole('checkbox', { name: 'public.drift' }).check()
  await page.getByRole('searchbox', { name: 'Find a table' }).fill('')
  await page.getByText('4 chosen').waitFor()
  await look('tables')
  await enabled('Next: How').click()
})

test('how: counted on both sides, columns that changed, the owner of a table that comes back', async () => {
  await page.getByRole('heading', { name: /step 2 of 3/ }).waitFor()
  expect(await page.getByRole('radio', { name: /^Missing rows only/ }).isChecked()).toBe(true)
  await button('Count now').click()
  await page.getByText('100 rows missing, 2 differ and stay, 1 came since and stay, 898 the same').waitFor()
  await page.getByText('(1), (2)').waitFor()
  await look('how-missing')
  await page.getByRole('button', { name: /public\.stock/ }).click()
  expect(await page.getByRole('radio', { name: /^Bring the table back/ }).isChecked()).toBe(true)
  expect(await page.getByLabel('Owner').inputValue()).toBe('shop_owner')
  await look('how-dropped')
  await page.getByRole('button', { name: /public\.drift/ }).click()
  await page.getByText('The live table has no such column any more.').waitFor()
  await look('how-columns')
})

test('the review names what stands in the way, and its fix takes it away; Enter starts', async () => {
  await enabled('Next: Review').click()
  await page.getByText(/The live table has no dropped any more/).waitFor()
  expect(await button('Start rescue').isDisabled()).toBe(true)
  await look('review-blocked')
  await button('Leave out').click()
  await enabled('Start rescue').waitFor()
  await page.getByText(/CREATE VIEW "public"\."low_stock"/).waitFor()
  await look('review')
  await page.getByRole('heading', { name: /step 3 of 3/ }).focus()
  await page.keyboard.press('Enter')
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
  await page
    .getByText(/515 rows of 4 tables were rescued in shop on shop server/)
    .first()
    .waitFor()
  await look('result')
  const counts = await archiving.cluster.sql(
    `SELECT (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM lines) AS lines, (SELECT count(*)::int FROM stock) AS stock,
            (SELECT count(*)::int FROM drift) AS drift`,
    'shop',
  )
  expect(counts).toEqual([{ orders: 1001, lines: 2000, stock: 200, drift: 20 }])
})

test('replacing wants its table typed, with the server named', async () => {
  await goTo(page, link([['public', 'bare']]))
  await page.getByRole('heading', { name: /Rescue tables, step 1 of 3/ }).waitFor()
  await enabled('Next: How').click()
  // It has no key: the first way is not open, and the arrow keys reach the third.
  await page.getByRole('radio', { name: /^As a new table/ }).focus()
  await page.keyboard.press('ArrowDown')
  expect(await page.getByRole('radio', { name: /^Replace the rows/ }).isChecked()).toBe(true)
  const kept = await page.getByLabel('Table that keeps the rows of now').inputValue()
  expect(kept).toMatch(/^bare_replaced_\d{4}_\d\d_\d\d_\d{4}$/)
  await look('how-replace')
  await enabled('Next: Review').click()
  await page.getByText('Replace the rows of public.bare?').waitFor()
  await page.getByText('1 blocker: Confirmation').first().waitFor()
  await look('confirm')
  await page.getByLabel(/^Type public\.bare/).fill('bare')
  expect(await button('Start rescue').isDisabled()).toBe(true)
  await page.getByLabel(/^Type public\.bare/).fill('public.bare')
  await enabled('Start rescue').click()
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  expect(await archiving.cluster.sql(`SELECT count(*)::int FROM "${kept}"`, 'shop')).toEqual([{ count: 90 }])
  expect(errors).toEqual([])
})
