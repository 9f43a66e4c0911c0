// Restore drills from the catalog: a base backup, a dump, one that fails; the dialog, the job, Backups, Overview and the report.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage, seriousFindings } from '../support/browser'
import { newestMajor, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { startArchiving, switchWal } from '../support/walArchives'

const pictures = join(artifacts, 'drill')

let cluster: TestCluster
let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]
let backup: string
let dump: string

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  const archiving = await startArchiving({ major: newestMajor(), segmentSize: 1, prefix: 'drillpage' })
  cluster = archiving.cluster
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
  const dumped = await core.api.dump.start({
    ...{ connectionId: id, database: 'shop', format: 'plain', options: {}, globals: false, library, label: '' },
  })
  dump = (await jobEnd(core.api, dumped.jobId)).result?.backupPath ?? ''
  await cluster.sql("SELECT pg_create_restore_point('before the sale')")
  await cluster.sql('INSERT INTO orders SELECT generate_series(1501, 1510)', 'shop')
  await cluster.sql('INSERT INTO orders VALUES (1511)', 'shop')
  await switchWal(cluster)
  await core.api.walArchive.register({ folder: archiving.archive, label: 'the archive', connectionId: id })
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
async function showBackup(folder = backup): Promise<void> {
  await page.evaluate(
    (hash) => {
      window.location.hash = hash
    },
    `#/backups?path=${encodeURIComponent(folder)}`,
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
  await page
    .getByText(/^passed /)
    .first()
    .waitFor()
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

test('a chosen moment: its fields, what can’t be reached with the reason, and the checks with their commands', async () => {
  await showBackup()
  await page.getByRole('button', { name: 'Drill…' }).click()
  await page.getByLabel('Recover').selectOption({ label: 'to a chosen moment in the archive the archive' })
  await page.getByText('Reachable').waitFor()
  await look('moment')
  await page.getByLabel('Date').fill('2020-01-01')
  await page.getByText('Not reachable').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Start the drill' }).isDisabled()).toBe(true)
  await page.getByRole('radio', { name: 'Restore point', exact: true }).click()
  await page.getByText('Reachable').waitFor()
  await page.getByRole('button', { name: 'How it is checked' }).click()
  await page.getByText('--install-missing').waitFor()
  await page.getByLabel('Every row is in its indexes').check()
  await page.getByText('--heapallindexed').first().waitFor()
  await look('moment-checks')
  await page.getByRole('button', { name: 'Cancel' }).click()
  expect(errors).toEqual([])
})

async function drillDump(folder: string) {
  await showBackup(folder)
  await page.getByRole('button', { name: 'Drill…' }).click()
  await page.getByText(/restored into an empty cluster of PostgreSQL/).waitFor()
}

async function started() {
  await page.getByRole('button', { name: 'Start the drill' }).click()
  await page.waitForURL(/#\/jobs\//)
  return jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
}

async function reportOf(folder: string, name: string, words: string): Promise<void> {
  await showBackup(folder)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Report' }).first().click()
  const file = join(pictures, `${name}.html`)
  await (await download).saveAs(file)
  const paper = await context.newPage()
  await paper.goto(pathToFileURL(file).href)
  await paper.getByText(words).first().waitFor()
  expect(await seriousFindings(paper)).toEqual([])
  await paper.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
  await paper.pdf({ path: join(pictures, `${name}.pdf`), preferCSSPageSize: true, printBackground: true })
  await paper.close()
}

test('a dump: restored, compared, and its report', async () => {
  await drillDump(dump)
  await look('dump-dialog')
  const job = await started()
  expect(job.error).toBeNull()
  await reportOf(dump, 'dump-report', 'Passed: this backup can be restored.')
  expect(errors).toEqual([])
})

test('one that fails looks failed everywhere', async () => {
  const record = JSON.parse(readFileSync(join(dump, 'walkback.json'), 'utf8'))
  const script = join(dump, record.artifact)
  const text = readFileSync(script, 'utf8').replace(
    'CREATE TABLE public.orders',
    'CREATE EXTENSION nowhere;\n\nCREATE TABLE public.orders',
  )
  writeFileSync(script, text)
  const sha256 = createHash('sha256').update(text).digest('hex')
  for (const entry of record.files)
    if (entry.path === record.artifact) Object.assign(entry, { size: String(Buffer.byteLength(text)), sha256 })
  writeFileSync(join(dump, 'walkback.json'), JSON.stringify(record))
  await drillDump(dump)
  const job = await started()
  expect(job.error?.message).toContain('The extension nowhere is not installed here.')
  await look('failed-job')
  await goTo(page, '#/overview')
  await page
    .getByText(/^failed /)
    .first()
    .waitFor()
  await look('failed-overview')
  await showBackup(dump)
  await page.getByText('Restore failed', { exact: true }).first().waitFor()
  await look('failed-result')
  await reportOf(dump, 'failed-report', 'Failed: ')
  expect(errors).toEqual([])
})
