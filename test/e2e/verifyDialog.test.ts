// The levels of a verification by mouse: a base backup with an archive, and one that was damaged; axe looks at the dialog.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { flip } from '../integration/verifySetup'
import { artifacts, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal, work } from '../support/walArchives'

const pictures = join(artifacts, 'verify')

let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]
let origin: ArchivingCluster
let backup: string

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  origin = await startArchiving({ major: newestMajor(), segmentSize: 1, prefix: 'verify' })
  const { cluster, archive } = origin
  serve = await startServe({ dataFolder: tempFolder('verify-dialog') })
  core = await connectServe(serve)
  const library = join(tempFolder('verify-library'), 'library')
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin], libraries: [library] })
  const { id } = await core.api.connections.save({
    ...{ id: null, label: 'main', colour: 'slate', readOnly: false },
    settings: {
      ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres', sslmode: 'disable' },
      ...{ sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  const started = await core.api.baseBackup.start({
    ...{ connectionId: id, format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent: null },
    ...{ configuration: true, verify: true, keepSlot: false, library, label: 'before the upgrade' },
  })
  const job = await jobEnd(core.api, started.jobId)
  backup = job.result?.backupPath ?? ''
  expect(job.error).toBeNull()
  await work(cluster, 1)
  await switchWal(cluster)
  await core.api.walArchive.register({ folder: archive, label: 'archive of main', connectionId: id })
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(30_000)
}, 240_000)

afterAll(async () => {
  await context?.close()
  core?.close()
  await serve?.stop()
  await browser?.close()
  await origin?.cluster.remove()
}, 60_000)

async function openDialog() {
  await page.evaluate(
    (hash) => {
      window.location.hash = hash
    },
    `#/backups?path=${encodeURIComponent(backup)}`,
  )
  await page.getByRole('dialog').getByRole('button', { name: 'Verify…' }).click()
  return page.getByRole('dialog', { name: 'Verify this backup' })
}

const look = (name: string) => lookAt(page, pictures, name)

const verifications = async () =>
  (await core.api.backups.list({})).backups.find(({ path }) => path === backup)?.record.verifications ?? []

test('each level says what it proves, and what is ticked is what runs', async () => {
  const dialog = await openDialog()
  await dialog.getByText('and so is all WAL from there').waitFor()
  await look('levels')
  for (const level of ['Checksums', 'Manifest', 'WAL'])
    await dialog.getByRole('checkbox', { name: new RegExp(`^${level}`) }).uncheck()
  await dialog.getByText('Tick at least one level.').waitFor()
  expect(await dialog.getByRole('button', { name: 'Verify', exact: true }).isDisabled()).toBe(true)
  await dialog.getByRole('checkbox', { name: /^WAL/ }).check()
  const before = (await verifications()).length
  await dialog.getByRole('button', { name: 'Verify', exact: true }).click()
  await page
    .getByText(/is there and sound/)
    .first()
    .waitFor()
  const added = (await verifications()).slice(before)
  expect(added).toMatchObject([{ level: 'wal', ok: true }])
  expect(await page.getByRole('link', { name: 'Restore it…' }).getAttribute('href')).toContain('#/restore/standalone?')
  await look('job')
}, 120_000)

test('damage is said with the file’s name, on the job’s page and in the list of checks', async () => {
  const flipped = flip(backup, 'data/PG_VERSION')
  const dialog = await openDialog()
  await dialog.getByRole('button', { name: 'Verify', exact: true }).click()
  await page
    .getByText(/This backup is damaged: data\/PG_VERSION/)
    .first()
    .waitFor()
  await look('damaged')
  flipped.undo()
  await page.evaluate(
    (hash) => {
      window.location.hash = hash
    },
    `#/backups?path=${encodeURIComponent(backup)}`,
  )
  await page.getByRole('dialog').getByRole('region', { name: 'Checks' }).getByText('Not as its manifest').waitFor()
  await look('checks')
  expect(errors).toEqual([])
}, 120_000)
