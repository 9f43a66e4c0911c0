// WAL archives by mouse on a practice cluster: a file archive with its restart and check, turned off; a stream in the strip, stopped, and its slot dropped.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { binFolder, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'wal')
let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let dataFolder: string

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  dataFolder = tempFolder('wal-pages')
  serve = await startServe({ dataFolder })
  core = await connectServe(serve)
  const bin = binFolder(newestMajor())
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [bin] })
  const { jobId } = await core.api.practice.make({ name: 'main', folder: bin, fill: false })
  expect((await jobEnd(core.api, jobId)).error).toBeNull()
}, 120_000)

afterAll(async () => {
  core?.close()
  await serve?.stop()
  await browser?.close()
})

const look = (page: Page, name: string) => lookAt(page, pictures, name)

async function ended(page: Page) {
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
}

async function archive(kind: string) {
  const { archives } = await core.api.walArchive.list({})
  return archives.find((each) => each.kind === kind)
}

test('by mouse: a file archive with a restart, and a stream', async () => {
  const { page, context, errors } = await openPage(browser, await newLink(serve))
  page.setDefaultTimeout(60_000)
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
  try {
    await goTo(page, '#/wal')
    await page.getByRole('link', { name: 'Set up a file archive' }).click()
    await page.getByText('Walkback can restart it').waitFor()
    await look(page, 'file-server')
    await button('Next: Archive').click()
    await page.getByRole('radio', { name: /Restart the server now/ }).waitFor()
    await page.getByLabel('archive_timeout').fill('120')
    await look(page, 'file-archive')
    await button('Next: Review').click()
    await page.getByText('The server is restarted; nobody else is connected').waitFor()
    await look(page, 'file-review')
    await button('Set up and restart').click()
    await ended(page)
    await page
      .getByText(/practice main archives: segment [0-9A-F]{24} arrived after/)
      .first()
      .waitFor()
    await look(page, 'file-job')
    const file = await archive('file')
    expect(readdirSync(file?.folder ?? '').length).toBeGreaterThan(0)

    await goTo(page, '#/wal')
    await page.getByRole('link', { name: 'Check, turn off…' }).click()
    await button('Check now').waitFor()
    await look(page, 'file-card')
    await button('Check now').click()
    await ended(page)
    await page
      .getByText(/Segment [0-9A-F]{24} arrived in the archive after/)
      .first()
      .waitFor()

    await goTo(page, '#/wal/stream')
    await page.getByText('without a limit', { exact: true }).waitFor()
    await look(page, 'stream-server')
    await button('Next: Archive').click()
    await page.getByText('pg_create_physical_replication_slot').waitFor()
    await look(page, 'stream-archive')
    await button('Next: Review').click()
    await page.getByText(/^1 blocker: WAL kept for the slot$/).waitFor()
    await look(page, 'stream-review')
    await button('Keep without a limit').waitFor()
    await button(/^Set a limit of \d+[GM]B…$/).click()
    await page.getByRole('dialog').getByText('ALTER SYSTEM SET max_slot_wal_keep_size').waitFor()
    await look(page, 'stream-limit')
    await page.getByRole('dialog').getByRole('button', { name: 'Set the limit', exact: true }).click()
    await page.getByText('The limit is in force, for every slot of the server.').waitFor()
    await page.getByText(/^at most \d+[GM]B; what is further behind/).waitFor()
    await look(page, 'stream-limited')
    await button('Start streaming').click()
    await page.waitForURL(/#\/jobs\//)
    const strip = page.getByRole('contentinfo', { name: 'Running jobs' })
    await strip.getByText(/^[0-9A-F]+\/[0-9A-F]+$/).waitFor()
    await page.getByText('Goes on until it is stopped').waitFor()
    await look(page, 'stream-job')
    const stream = await archive('stream')
    // Between two segments there is none for a moment.
    await expect.poll(() => readdirSync(stream?.folder ?? '').some((name) => name.endsWith('.partial'))).toBe(true)

    await goTo(page, `#/wal/manage/${stream?.id}`)
    await page.getByText('Streaming since').waitFor()
    await page.getByText('Begins with').waitFor()
    await look(page, 'stream-card')
    // Of an archive that holds an unfinished segment alone: its name breaks before the suffix, if at all.
    const unfinished = readdirSync(stream?.folder ?? '').find((name) => name.endsWith('.partial')) ?? ''
    const lone = join(tempFolder('lone-partial'), 'wal')
    mkdirSync(lone)
    copyFileSync(join(stream?.folder ?? '', unfinished), join(lone, unfinished))
    const { id: loneId } = await core.api.walArchive.register({ folder: lone, label: 'unfinished alone', connectionId: null })
    await goTo(page, '#/wal')
    const name = page.locator('dd').getByText(unfinished, { exact: true })
    await name.scrollIntoViewIfNeeded()
    await look(page, 'unfinished-alone')
    expect(await name.innerHTML()).toBe(`${unfinished.slice(0, 24)}<wbr>.partial`)
    await core.api.walArchive.forget({ archiveId: loneId })
    await goTo(page, `#/wal/manage/${stream?.id}`)
    await page.getByText('Streaming since').waitFor()
    await button('systemd unit…').click()
    await page.getByText('[Service]').waitFor()
    await look(page, 'stream-unit')
    await page.keyboard.press('Escape')
    await strip.getByRole('button', { name: 'Stop WAL streaming of practice main' }).click()
    await page.getByText('keeps the WAL meanwhile').waitFor()
    await look(page, 'stream-stop')
    await page.getByRole('dialog').getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByText('Nothing is received, and the slot makes the server keep its WAL').waitFor()
    await look(page, 'stream-stopped')
    await button('Drop the slot…').click()
    await look(page, 'stream-drop')
    await page.getByRole('dialog').getByRole('button', { name: 'Drop the slot', exact: true }).click()
    await page.getByText('it is only read').waitFor()
    expect((await archive('stream'))?.kind).toBeUndefined()

    await goTo(page, `#/wal/manage/${file?.id}`)
    await button('Turn off…').click()
    await page.getByRole('dialog').getByRole('switch', { name: 'Restart the server now' }).check()
    await page.getByRole('dialog').getByRole('table').waitFor()
    await look(page, 'file-off')
    await page.getByRole('dialog').getByRole('button', { name: 'Turn off', exact: true }).click()
    await ended(page)
    await page
      .getByText(/no longer archives into .*; its files stay\./)
      .first()
      .waitFor()
    expect(errors).toEqual([])
  } catch (error) {
    await page.screenshot({ path: join(pictures, 'failed.png') })
    throw error
  } finally {
    await context.close()
  }
}, 900_000)
