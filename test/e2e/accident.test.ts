// Find the accident, by keyboard: a wrong DELETE and a dropped table, found in the WAL from the Moment step; one key puts the
// cursor just before, with the fields in step. axe and the layout are looked at in light and dark.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'

const pictures = join(artifacts, 'accident')

let archiving: ArchivingCluster
let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]
let archiveId: string
const acts = { deleted: 0, dropped: 0 }

async function commit(statements: string): Promise<number> {
  const client = await archiving.cluster.client('shop')
  try {
    await client.query('BEGIN')
    const { rows } = await client.query<{ xid: string }>('SELECT txid_current()::text AS xid')
    await client.query(statements)
    await client.query('COMMIT')
    return Number(rows[0]?.xid)
  } finally {
    await client.end()
  }
}

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  archiving = await startArchiving({ major: newestMajor(), segmentSize: 1, prefix: 'accident' })
  const { cluster, archive } = archiving
  browser = await launchBrowser()
  serve = await startServe({ dataFolder: tempFolder('accident') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  const library = join(tempFolder('accident-library'), 'library')
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
  await cluster.sql('CREATE DATABASE shop')
  await cluster.sql(
    `CREATE TABLE orders AS SELECT i AS id, md5(i::text) AS note FROM generate_series(1, 30000) i;
     CREATE TABLE customers AS SELECT i AS id FROM generate_series(1, 100) i;
     CREATE TABLE price_list AS SELECT i AS id FROM generate_series(1, 50) i`,
    'shop',
  )
  const { jobId } = await core.api.baseBackup.start({
    ...{ connectionId: id, format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent: null },
    ...{ configuration: true, verify: false, keepSlot: false, library, label: '' },
  })
  expect((await jobEnd(core.api, jobId)).error).toBeNull()
  await commit('INSERT INTO customers SELECT generate_series(101, 140)')
  await commit('UPDATE orders SET note = $$ordered$$ WHERE id > 29800')
  acts.deleted = await commit('DELETE FROM orders WHERE id <= 10000')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await commit('DELETE FROM orders WHERE id = 20000')
  acts.dropped = await commit('DROP TABLE price_list')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await commit('INSERT INTO customers VALUES (200)')
  await switchWal(cluster)
  archiveId = (await core.api.walArchive.register({ folder: archive, label: 'shop archive', connectionId: id })).id
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(30_000)
}, 180_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await page.screenshot({ path: join(pictures, 'failed.png') })
})

afterAll(async () => {
  await context?.close()
  core?.close()
  await serve?.stop()
  await browser?.close()
  await archiving?.cluster.remove()
}, 120_000)

const look = (name: string) => lookAt(page, pictures, name)

const field = (name: string) => page.getByLabel(name, { exact: true })

test('the wrong DELETE is found by its table, and the cursor goes just before it', async () => {
  await goTo(page, `#/restore/point?archive=${archiveId}`)
  await page.getByRole('slider', { name: 'Moment to recover to' }).waitFor()
  await page.getByRole('button', { name: 'The accident…' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Find the accident' }).waitFor()
  await field('Database').selectOption('shop')
  await page.getByRole('button', { name: /^public\.orders/ }).waitFor()
  await look('choose')
  await page.getByRole('searchbox', { name: /Find in 2 tables/ }).fill('ord')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const finding = page.getByRole('button', { name: /Deleted 10,000 rows, 33 % of about 30,000/ })
  await finding.waitFor()
  await page.getByText(/In all 10,001 deleted, 30,000 inserted, 200 updated rows\./).waitFor()
  await finding.focus()
  await page.keyboard.press('Enter')
  await expect.poll(() => finding.getAttribute('aria-pressed')).toBe('true')
  expect(await page.getByRole('radio', { name: 'Transaction', exact: true }).getAttribute('aria-checked')).toBe('true')
  expect(await field('Transaction').inputValue()).toBe(String(acts.deleted))
  expect(await page.getByRole('switch', { name: 'Inclusive' }).isChecked()).toBe(false)
  await page.getByText('Reachable', { exact: true }).waitFor()
  await page
    .getByText(new RegExp(`Stops before the commit of transaction ${acts.deleted}`))
    .first()
    .waitFor()
  await look('found')
  // Its mark is on the timeline, with what it says.
  expect(await page.locator('.tl-lanes title', { hasText: `transaction ${acts.deleted}` }).count()).toBe(1)
  await page.getByRole('button', { name: 'Back to the plan' }).click()
  await page.getByText('recovery_target_xid', { exact: true }).waitFor()
  await page.getByText('recovery_target_inclusive', { exact: true }).waitFor()
  await look('plan')
})

test('a dropped table is found without its name', async () => {
  await page.getByRole('button', { name: 'The accident…' }).click()
  await page.getByRole('button', { name: 'Another table' }).click()
  await page.getByRole('button', { name: /Any table that was dropped or truncated/ }).click()
  const finding = page.getByRole('button', {
    name: new RegExp(`Dropped in shop: \\d files?, base/.*transaction ${acts.dropped}`),
  })
  await finding.waitFor()
  await page.getByText(/A cluster that is recovered to just before such a commit still knows its tables/).waitFor()
  await finding.click()
  // Before its lock, which a server that waits would hold.
  expect(await page.getByRole('radio', { name: 'LSN', exact: true }).getAttribute('aria-checked')).toBe('true')
  expect(await field('LSN').inputValue()).toMatch(/^0\/[0-9A-F]+$/)
  await page.getByText('Reachable', { exact: true }).waitFor()
  await look('dropped')
  expect(errors).toEqual([])
})
