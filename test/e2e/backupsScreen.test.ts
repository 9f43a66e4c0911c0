// The Backups page with a real chain, a foreign dump and a foreign base backup: chains, filters, details, combining, adding a
// record, removing; by mouse and by keyboard, with axe, light and dark, in both window sizes.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'backups')
const library = join(tempFolder('backups-page'), 'library')

let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let cluster: TestCluster
const folders: string[] = []

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  const major = newestMajor()
  cluster = await startCluster({ major, prefix: 'backups', conf: major >= 17 ? { summarize_wal: 'on' } : {} })
  await cluster.sql('CREATE DATABASE shop')
  await cluster.sql('CREATE TABLE goods AS SELECT i AS id, md5(i::text) AS name FROM generate_series(1, 500) i', 'shop')
  serve = await startServe({ dataFolder: tempFolder('backups-page-data') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, libraries: [library], installationFolders: [cluster.bin] })
  const { id: connectionId } = await core.api.connections.save({
    ...{ id: null, label: 'orders-prod', colour: 'slate', readOnly: false },
    settings: {
      ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres', sslmode: 'disable' },
      ...{ sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  const take = async (parent: string | null, label: string) => {
    const { jobId } = await core.api.baseBackup.start({
      ...{ connectionId, format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent, configuration: true },
      ...{ verify: true, keepSlot: false, library, label },
    })
    const job = await jobEnd(core.api, jobId)
    if (!job.result?.backupPath) throw new Error(JSON.stringify(job.error))
    folders.push(job.result.backupPath)
    return job.result.backupPath
  }
  const full = await take(null, 'nightly')
  await cluster.sql('UPDATE goods SET name = name || id', 'shop')
  const first = await take(full, 'noon')
  await take(first, 'evening')
  const { jobId } = await core.api.dump.start({
    ...{ connectionId, database: 'shop', format: 'custom', options: {}, globals: true, library, label: '' },
  })
  await jobEnd(core.api, jobId)
  const hand = join(library, 'by hand')
  mkdirSync(hand)
  const env = { ...process.env, ...cluster.toolEnv() }
  execFileSync(join(cluster.bin, 'pg_dump'), ['-Fc', '-f', join(hand, 'shop.dump'), 'shop'], { env })
  execFileSync(join(cluster.bin, 'pg_basebackup'), ['-D', join(hand, 'weekly'), '-c', 'fast', '-l', 'weekly'], { env })
}, 240_000)

afterAll(async () => {
  core?.close()
  await serve?.stop()
  await browser?.close()
  await cluster?.remove()
})

const look = (page: Page, name: string) => lookAt(page, pictures, name)

/** The details open at once, over the page and its heading. */
async function openDetails(page: Page, folder: string): Promise<void> {
  await page.evaluate(
    (hash) => {
      window.location.hash = hash
    },
    `#/backups?path=${encodeURIComponent(folder)}`,
  )
  await page.getByRole('dialog').waitFor()
}

async function ended(page: Page): Promise<void> {
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
}

test('the list and the details', async () => {
  const { page, context, errors } = await openPage(browser, await newLink(serve))
  page.setDefaultTimeout(30_000)
  try {
    await goTo(page, '#/backups')
    const list = page.getByRole('region', { name: 'Backups', exact: true })
    const rows = list.getByRole('row')
    await rows.nth(1).waitFor()
    const kinds = await list.locator('tbody tr td:first-child').allInnerTexts()
    // Which of the two is newer is a matter of seconds; a chain stays together, the full backup first.
    const chain = newestMajor() >= 17 ? ['base-backup', 'incremental', 'incremental'] : ['base-backup']
    expect([
      ['dump', ...chain],
      [...chain, 'dump'],
    ]).toContainEqual(kinds)
    await list
      .getByText(/^Restorable to exactly/)
      .first()
      .waitFor()
    await page
      .getByRole('region', { name: /Not made by Walkback/ })
      .getByText('weekly', { exact: true })
      .waitFor()
    await look(page, 'list')
    await list
      .getByRole('button', { name: /^Whole cluster, what changed/ })
      .last()
      .click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Builds on', { exact: true }).waitFor()
    await dialog.getByText(/^By itself: to exactly/).waitFor()
    await look(page, 'details')
    expect(errors).toEqual([])
  } finally {
    await context.close()
  }
}, 120_000)

test('by keyboard: filtered, opened, closed again', async () => {
  const { page, context, errors } = await openPage(browser, await newLink(serve))
  page.setDefaultTimeout(30_000)
  try {
    await goTo(page, '#/backups')
    const list = page.getByRole('region', { name: 'Backups', exact: true })
    await list.getByRole('row').nth(1).waitFor()
    await page.getByRole('searchbox', { name: 'Find by name, server, path' }).focus()
    await page.keyboard.type('noon')
    await expect.poll(() => list.locator('tbody tr').count()).toBe(1)
    await page.keyboard.press('Escape')
    await page.getByRole('searchbox', { name: 'Find by name, server, path' }).fill('')
    await page
      .getByRole('button', { name: /details$/ })
      .first()
      .focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(errors).toEqual([])
  } finally {
    await context.close()
  }
}, 120_000)

test('a chain is combined, a record is added, and a chain is removed only together', async () => {
  if (newestMajor() < 17) return expect(folders).toHaveLength(3)
  const { page, context, errors } = await openPage(browser, await newLink(serve))
  page.setDefaultTimeout(30_000)
  const button = (name: string | RegExp) =>
    page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) })
  try {
    // The details open at once, over the page and its heading.
    await page.evaluate(
      (hash) => {
        window.location.hash = hash
      },
      `#/backups?path=${encodeURIComponent(folders[2] ?? '')}`,
    )
    await page.getByRole('dialog').getByRole('link', { name: 'Combine into a full one…' }).click()
    await page.getByText('pg_combinebackup', { exact: false }).first().waitFor()
    await page.getByText('evening').first().waitFor()
    await look(page, 'combine-options')
    await button('Next: Review').click()
    await page.getByText(/pg_combinebackup --dry-run takes them/).waitFor()
    await look(page, 'combine-review')
    await button('Combine').click()
    await ended(page)
    await page.getByText(/^Combined 3 backups of orders-prod into a full one/).waitFor()
    await look(page, 'combine-job')

    await goTo(page, '#/backups')
    await button('Add a record to weekly').click()
    await page.getByLabel('Server', { exact: true }).last().fill('orders-prod')
    await look(page, 'add-record')
    await button('Add the record').click()
    await ended(page)

    await openDetails(page, folders[0] ?? '')
    await button('Remove…').click()
    await page.getByText('2 incremental backups can’t be restored without it, and go too:').waitFor()
    await look(page, 'remove-chain')
    expect(await button('Remove all 3').isDisabled()).toBe(true)
    await page
      .getByRole('dialog')
      .getByRole('textbox')
      .fill((folders[0] ?? '').split('/').at(-1) ?? '')
    await button('Remove all 3').click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect
      .poll(async () => (await core.api.backups.list({})).backups.map(({ record }) => record.label).toSorted())
      .toEqual(['', '', 'weekly'])
    await look(page, 'after-removal')
    expect(errors).toEqual([])
  } catch (error) {
    await page.screenshot({ path: join(pictures, 'failed.png') })
    throw error
  } finally {
    await context.close()
  }
}, 240_000)
