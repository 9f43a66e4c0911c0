// A base backup by mouse on a practice cluster: full, then an incremental one whose missing setting is turned on from the
// review; axe looks at every step, in both looks and sizes.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { binFolder, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'base-backup')

let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  serve = await startServe({ dataFolder: tempFolder('base-wizard') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [binFolder(newestMajor())] })
  const made = await core.api.practice.make({ name: 'main', folder: binFolder(newestMajor()), fill: false })
  expect((await jobEnd(core.api, made.jobId)).state).toBe('succeeded')
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(60_000)
}, 180_000)

afterAll(async () => {
  await context?.close()
  if (core) await jobEnd(core.api, (await core.api.practice.remove({ name: 'main', confirm: 'main' })).jobId)
  core?.close()
  await serve?.stop()
  await browser?.close()
}, 120_000)

const look = (name: string) => lookAt(page, pictures, name)

/** Practice clusters are made with it on; most servers have it off. */
async function summarizeOff(): Promise<void> {
  const { clusters } = await core.api.practice.list({})
  const data = clusters.find(({ name }) => name === 'main')?.dataDirectory ?? ''
  appendFileSync(join(data, 'postgresql.auto.conf'), "summarize_wal = 'off'\n")
  const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
  process.kill(pid, 'SIGHUP')
  await page.waitForTimeout(500)
}

const button = (name: string) => page.getByRole('button', { name, exact: true })

async function finished(headline: RegExp): Promise<string> {
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
  await page.getByText(headline).first().waitFor()
  return job.result?.backupPath ?? ''
}

test('by mouse: a full backup, then what changed since', async () => {
  try {
    await goTo(page, '#/backup')
    await look('back-up')
    await page.getByRole('link', { name: 'Take a base backup' }).click()
    await page.getByText(/is ready: the role may replicate/).waitFor()
    await page.getByText('There is no base backup of this cluster in the libraries').waitFor()
    await look('source')
    await button('Next: Options').click()
    await page.getByRole('radio', { name: /^Tar/ }).check()
    await page.getByText('--format=tar').first().waitFor()
    await page.getByRole('radio', { name: /^Plain/ }).check()
    await page.getByRole('textbox', { name: 'Label', exact: true }).first().fill('before the lesson')
    await page.getByText('--format=plain').first().waitFor()
    await look('options')
    await page.getByRole('radio', { name: /^Leave it to the archive/ }).check()
    await button('Next: Review').click()
    await page.getByText('a backup without WAL could never be started').waitFor()
    await look('review-blocked')
    expect(await button('Start base backup').isDisabled()).toBe(true)
    await button('Stream the WAL').click()
    // The draft outlives leaving the page.
    await goTo(page, '#/jobs')
    await goTo(page, '#/backup/base')
    await button('Start base backup').and(page.locator(':enabled')).waitFor()
    await page.getByText('before the lesson').first().waitFor()
    await look('review')
    await button('Start base backup').click()
    const folder = await finished(/^Took a base backup of /)
    expect(existsSync(join(folder, 'data', 'PG_VERSION'))).toBe(true)
    await look('job')

    await summarizeOff()
    await goTo(page, '#/backup/base')
    await page.getByRole('radio', { name: /^Only what changed/ }).check()
    await page.getByRole('radio', { name: /^The backup of/ }).waitFor()
    await look('source-incremental')
    await button('Next: Options').click()
    await button('Next: Review').click()
    await button('Turn summarize_wal on…').click()
    await page.getByRole('dialog').getByText('ALTER SYSTEM SET summarize_wal = on;').waitFor()
    await look('summarize')
    await page.getByRole('dialog').getByRole('button', { name: 'Turn it on' }).click()
    await page.getByText('summarize_wal is on.').waitFor()
    await button('Start base backup').and(page.locator(':enabled')).click()
    await finished(/^Took what changed of /)
    await look('job-incremental')

    await goTo(page, '#/overview')
    await page.getByText('Protected by a base backup').or(page.getByText('Nothing to protect yet')).first().waitFor()
    await look('overview')
    await goTo(page, '#/backups')
    await look('backups')
    expect(errors).toEqual([])
  } catch (error) {
    await page.screenshot({ path: join(pictures, 'failed.png') })
    throw error
  }
}, 900_000)
