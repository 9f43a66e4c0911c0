// The slot that a base backup left when the application was killed: shown on the job's page, and dropped there by mouse.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { binFolder, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'left-slot')

let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let dataFolder: string

async function open(): Promise<void> {
  serve = await startServe({ dataFolder })
  core = await connectServe(serve)
}

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  dataFolder = tempFolder('left-slot')
  await open()
  const bin = binFolder(newestMajor())
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [bin], libraries: [join(dataFolder, 'library')] })
  const { jobId } = await core.api.practice.make({ name: 'main', folder: bin, fill: false })
  expect((await jobEnd(core.api, jobId)).error).toBeNull()
}, 120_000)

afterAll(async () => {
  await core?.api.practice.remove({ name: 'main', confirm: 'main' }).then(({ jobId }) => jobEnd(core.api, jobId))
  core?.close()
  await serve?.stop()
  await browser?.close()
})

test('by mouse on the page of the interrupted job', async () => {
  const { jobId } = await core.api.baseBackup.start({
    ...{ connectionId: 'practice-main', format: 'plain', parent: null, configuration: false, verify: false, keepSlot: false },
    options: { walMethod: 'stream', checkpoint: 'fast', maxRate: '1M', slot: 'left_behind', createSlot: true },
    ...{ library: join(dataFolder, 'library'), label: '' },
  })
  while ((await core.api.jobs.get({ jobId })).steps.find(({ id }) => id === 'files')?.state !== 'running')
    await new Promise((resolve) => setTimeout(resolve, 50))
  core.close()
  await serve.kill()
  await open()
  while ((await core.api.baseBackup.leftSlot({ jobId })).pid !== null) await new Promise((resolve) => setTimeout(resolve, 100))

  const { page, context, errors } = await openPage(browser, await newLink(serve))
  page.setDefaultTimeout(30_000)
  const look = (name: string) => lookAt(page, pictures, name)
  try {
    await goTo(page, `#/jobs/${jobId}`)
    await page.getByText('the replication slot left_behind on practice main, if it was made').first().waitFor()
    const drop = page.getByRole('button', { name: 'Drop the slot…' })
    await drop.waitFor()
    await look('job')
    await drop.click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText("SELECT pg_drop_replication_slot('left_behind');").waitFor()
    const confirm = dialog.getByRole('button', { name: 'Drop the slot', exact: true })
    expect(await confirm.isDisabled()).toBe(true)
    await dialog.getByRole('textbox').fill('left_behind')
    await look('dialog')
    await confirm.click()
    await page.getByText('Dropped. The server keeps no WAL for it any more.').waitFor()
    await look('dropped')
    expect(await core.api.baseBackup.leftSlot({ jobId })).toMatchObject({
      there: false,
      why: 'there is no slot of this name: it was dropped, or never made',
    })
    expect(errors).toEqual([])
  } catch (error) {
    await page.screenshot({ path: join(pictures, 'failed.png') })
    throw error
  } finally {
    await context.close()
  }
}, 180_000)
