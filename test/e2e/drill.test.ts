// A restore drill from the catalog: two clicks to the start, the job's page, the result in Backups and Overview, and its report.
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage, seriousFindings } from '../support/browser'
import { newestMajor, sharedCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'drill')

let cluster: TestCluster
let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]
let backup: string

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  cluster = await sharedCluster(newestMajor())
  browser = await launchBrowser()
  serve = await startServe({ dataFolder: tempFolder('drill') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  const library = join(tempFolder('drill-library'), 'library')
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
  await cluster.sql('CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1500) i', 'shop')
  const { jobId } = await core.api.baseBackup.start({
    ...{ connectionId: id, format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent: null },
    ...{ configuration: true, verify: false, keepSlot: false, library, label: '' },
  })
  const job = await jobEnd(core.api, jobId)
  expect(job.error).toBeNull()
  backup = job.result?.backupPath ?? ''
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
  await cluster?.remove()
}, 120_000)

const look = (name: string) => lookAt(page, pictures, name)

/** Its dialog covers the page, heading and all. */
async function showBackup(): Promise<void> {
  await page.evaluate(
    (hash) => {
      window.location.hash = hash
    },
    `#/backups?path=${encodeURIComponent(backup)}`,
  )
  await page.getByRole('button', { name: 'Drill…' }).waitFor()
}

test('two clicks start it; its result is in the catalog, the overview, and a report that prints', async () => {
  await showBackup()
  await page.getByRole('button', { name: 'Drill…' }).click()
  await page.getByRole('dialog', { name: 'Restore drill' }).waitFor()
  await expect.poll(() => page.getByLabel('Superuser of the backup').inputValue()).toBe('postgres')
  await look('dialog')
  await page.getByRole('button', { name: 'Start the drill' }).click()
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  await page
    .getByText(/Restored to scratch as soon as it is consistent/)
    .first()
    .waitFor()
  await look('job')

  await goTo(page, '#/overview')
  await page.getByText(/^passed /).waitFor()
  await look('overview')
  await showBackup()
  await page.getByText('Restored', { exact: true }).first().waitFor()
  await look('result')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Report' }).click()
  const file = join(pictures, 'report.html')
  await (await download).saveAs(file)
  const paper = await context.newPage()
  await paper.goto(pathToFileURL(file).href)
  await paper.getByText('Passed: this backup can be restored.').waitFor()
  expect(await seriousFindings(paper)).toEqual([])
  await paper.screenshot({ path: join(pictures, 'report.png'), fullPage: true })
  await paper.pdf({ path: join(pictures, 'report.pdf'), preferCSSPageSize: true, printBackground: true })
  expect(statSync(join(pictures, 'report.pdf')).size).toBeGreaterThan(10_000)
  expect(errors).toEqual([])
})
