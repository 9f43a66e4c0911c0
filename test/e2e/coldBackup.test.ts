// A cold backup by mouse on a practice cluster: refused while it runs, stopped by its typed name, copied, verified.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { binFolder, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'cold-backup')
let browser: Browser
let serve: ServeProcess
let core: RemoteCore

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  // No cluster of the machine's own is to be found, let alone stopped.
  const confRoot = tempFolder('etc')
  serve = await startServe({ dataFolder: tempFolder('cold'), env: { PG_CLUSTER_CONF_ROOT: confRoot } })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  const folder = binFolder(newestMajor())
  await core.api.host.saveSettings({ ...settings, installationFolders: [folder] })
  const made = await jobEnd(core.api, (await core.api.practice.make({ name: 'replica', folder, fill: false })).jobId)
  expect(made.error).toBeNull()
}, 180_000)

afterAll(async () => {
  const removed = await core?.api.practice.remove({ name: 'replica', confirm: 'replica' })
  if (removed) await jobEnd(core.api, removed.jobId)
  core?.close()
  await serve?.stop()
  await browser?.close()
}, 60_000)

const look = (page: Page, name: string) => lookAt(page, pictures, name)

test('by mouse: a running practice cluster is refused, stopped, copied and verified', async () => {
  const { page, context, errors } = await openPage(browser, await newLink(serve))
  page.setDefaultTimeout(30_000)
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  try {
    await goTo(page, '#/overview')
    await page.getByRole('region', { name: 'Ready for physical backup' }).scrollIntoViewIfNeeded()
    await page.getByText(/let in by line \d+ of pg_hba\.conf/).waitFor()
    await look(page, 'readiness')
    await goTo(page, '#/backup')
    await page.getByRole('heading', { name: 'Cold backup' }).waitFor()
    await look(page, 'back-up')
    await page.getByRole('link', { name: 'Copy a stopped cluster' }).click()
    await page.getByRole('radio', { name: /practice replica .*Running/ }).click()
    await page.getByText(/practice replica is running \(process \d+\)\./).waitFor()
    expect(await button('Next: Options').isDisabled()).toBe(true)
    await page.getByRole('link', { name: 'Back up while it runs' }).waitFor()
    await look(page, 'running')

    await button('Stop it…').click()
    const dialog = page.getByRole('dialog', { name: 'Stop practice replica?' })
    await dialog.getByText('System identifier').waitFor()
    await look(page, 'stop')
    expect(await dialog.getByRole('button', { name: 'Shut it down' }).isDisabled()).toBe(true)
    await dialog.getByRole('textbox').fill('practice replica')
    await dialog.getByRole('button', { name: 'Shut it down' }).click()
    await page.getByRole('radio', { name: /practice replica .*Stopped/ }).waitFor()
    await look(page, 'stopped')

    await button('Next: Options').click()
    await page.getByLabel('Label').fill('before the upgrade')
    await page.getByText('pg_checksums', { exact: false }).first().waitFor()
    await look(page, 'options')
    await button('Next: Review').click()
    await page.getByText('pg_controldata says "shut down".').waitFor()
    await look(page, 'review')
    await button('Start backup').click()
    await page.waitForURL(/#\/jobs\//)
    const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
    expect(job).toMatchObject({ state: 'succeeded', error: null })
    await page
      .getByText(/files were copied, and read back/)
      .first()
      .waitFor()
    await look(page, 'job')

    const path = job.result?.backupPath ?? ''
    expect(await jobEnd(core.api, (await core.api.backups.verify({ path })).jobId)).toMatchObject({ state: 'succeeded' })
    await goTo(page, '#/backups')
    await page.getByText('Whole cluster, stopped').first().waitFor()
    await look(page, 'backups')
    expect(errors).toEqual([])
  } finally {
    await context.close()
  }
}, 300_000)
