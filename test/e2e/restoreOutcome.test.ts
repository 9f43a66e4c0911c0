// After a restore, on its page: the rows in the way of a foreign key, NOT VALID, the report, and the old database that was kept.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { RestoreRequest } from '../../shared/contracts/restore'
import type { JobSnapshot } from '../../shared/jobs/job'
import type { SavedConnection } from '../../shared/model/connection'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { newestMajor, sharedCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'wizards')

let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let cluster: TestCluster
let connection: SavedConnection
let archive: string
let job: JobSnapshot
let page: Page
let context: BrowserContext
let errors: string[]

/** Rows that no product has can be had only behind the server's back: with its triggers off. */
async function brokenArchive(): Promise<string> {
  await cluster.sql('CREATE DATABASE outcome')
  for (const statement of [
    'CREATE TABLE public.products (id int PRIMARY KEY)',
    'CREATE TABLE public.items (id int PRIMARY KEY, product int CONSTRAINT items_product REFERENCES public.products, note text)',
    'INSERT INTO public.products SELECT generate_series(1, 10)',
    `SET session_replication_role = replica; INSERT INTO public.items SELECT i, i, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'note ' || i END FROM generate_series(1, 35) i`,
  ])
    await cluster.sql(statement, 'outcome')
  const file = join(tempFolder('outcome-archive'), 'outcome.dump')
  execFileSync(join(cluster.bin, 'pg_dump'), ['--dbname=outcome', '--format=custom', `--file=${file}`], {
    env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv() },
  })
  return file
}

/** Into the place of the database that the archive came from; without `despite` an error leaves that as it is. */
async function replaceIt(despite: boolean): Promise<JobSnapshot> {
  const like = { owner: '', localeProvider: '', collate: '', ctype: '', locale: '', tablespace: '' } as const
  const request: RestoreRequest = {
    connectionId: connection.id,
    source: { path: archive },
    target: { kind: 'replace', database: 'outcome', encoding: 'UTF8', endSessions: false, ...like },
    options: {},
    analyze: false,
    continueOnError: despite,
    singleTransaction: false,
  }
  const { danger } = await core.api.restore.preview(request)
  const confirm = { name: 'outcome', systemIdentifier: danger?.systemIdentifier ?? null }
  return jobEnd(core.api, (await core.api.restore.start({ ...request, confirm })).jobId)
}

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  cluster = await sharedCluster(newestMajor())
  serve = await startServe({ dataFolder: tempFolder('outcome') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin] })
  const place = { sslmode: 'disable', sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' } as const
  connection = await core.api.connections.save({
    id: null,
    label: 'till',
    colour: 'slate',
    readOnly: false,
    settings: { host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres', ...place },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  archive = await brokenArchive()
  job = await replaceIt(true)
}, 120_000)

afterAll(async () => {
  core?.close()
  await serve?.stop()
  await browser?.close()
  const names = await cluster.sql(`SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'outcome%'`)
  for (const { name } of names) await cluster.sql(`DROP DATABASE "${String(name)}" WITH (FORCE)`)
}, 60_000)

beforeEach(async () => {
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(20_000)
  await goTo(page, `#/jobs/${job.id}`)
})

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await page.screenshot({ path: join(pictures, `failed-${task.name.slice(0, 40)}.png`) })
  await context.close()
  expect(errors).toEqual([])
})

const press = (name: string) => page.getByRole('button', { name, exact: true })
const dialog = () => page.getByRole('dialog')
const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
const validated = async () =>
  (await cluster.sql(`SELECT convalidated AS valid FROM pg_constraint WHERE conname = 'items_product'`, 'outcome')).map(
    ({ valid }) => valid,
  )

const looksRight = (name: string) => lookAt(page, pictures, name)

test('by keyboard: the rows in the way are shown, the constraint is added NOT VALID, and can be validated later', async () => {
  expect(job.state).toBe('succeeded_with_warnings')
  expect(await press('Fix and run the one again…').isVisible()).toBe(true)
  await press('Show the rows in the way').focus()
  await page.keyboard.press('Enter')
  await dialog().getByText('Rows of public.items that point to a row that public.products does not have:').waitFor()
  expect(await dialog().getByText('25; the first 20 are shown').isVisible()).toBe(true)
  const rows = dialog().getByRole('group', { name: 'Rows in the way' }).locator('tbody tr')
  expect(await rows.count()).toBe(20)
  expect(await dialog().getByRole('group', { name: 'Text of the query' }).textContent()).toContain('LIMIT 20;')
  await looksRight('outcome-rows')
  await page.keyboard.press('Escape')
  await expect.poll(focused).toBe('Show the rows in the way')

  await page.keyboard.press('Tab')
  await expect.poll(focused).toBe('Add as NOT VALID…')
  await page.keyboard.press('Enter')
  const identifier = String((await cluster.sql('SELECT system_identifier::text AS id FROM pg_control_system()'))[0]?.id)
  for (const text of ['till', '127.0.0.1', String(cluster.port), identifier, 'outcome', 'public.items'])
    await dialog().getByText(text, { exact: true }).waitFor()
  expect(await dialog().locator('pre').textContent()).toMatch(
    /^ALTER TABLE ONLY public\.items\n.*REFERENCES public\.products\(id\) NOT VALID;$/,
  )
  await looksRight('outcome-not-valid')
  expect(await validated()).toEqual([])
  await dialog().getByRole('button', { name: 'Add as NOT VALID', exact: true }).focus()
  await page.keyboard.press('Enter')
  await dialog().getByText('New and changed rows are checked from now on.').waitFor()
  expect(await validated()).toEqual([false])
  const validate = (await dialog().locator('pre').textContent()) ?? ''
  await looksRight('outcome-added')
  await page.keyboard.press('Enter')
  await expect.poll(focused).toBe('How to validate it')
  expect(await page.getByText('Added as NOT VALID', { exact: true }).isVisible()).toBe(true)

  await expect(cluster.sql(validate, 'outcome')).rejects.toThrow(/violates foreign key constraint "items_product"/)
  await cluster.sql('DELETE FROM public.items WHERE id > 10', 'outcome')
  await cluster.sql(validate, 'outcome')
  expect(await validated()).toEqual([true])
  await press('Show the rows in the way').click()
  await dialog().getByText('There are none any more').waitFor()
}, 90_000)

test('refused: a connection marked read-only adds and drops nothing, and says so', async () => {
  const save = (readOnly: boolean) => core.api.connections.save({ ...connection, readOnly, password: { kind: 'keep' } })
  await cluster.sql('ALTER TABLE public.items DROP CONSTRAINT IF EXISTS items_product', 'outcome')
  await save(true)
  try {
    await page.reload()
    await page.getByText('till is marked read-only: take the mark off in the connection to drop it from here.').waitFor()
    expect(await press('Drop the kept database…').isDisabled()).toBe(true)
    await press('Add as NOT VALID…').click()
    await dialog().getByText('till is marked read-only: take the mark off in the connection to add it.').waitFor()
    expect(await press('Add as NOT VALID').isDisabled()).toBe(true)
    expect(await validated()).toEqual([])
  } finally {
    await save(false)
  }
}, 60_000)

test('the report: saved where it is said, never over a file that is there', async () => {
  const folder = tempFolder('outcome-report')
  for (const round of ['saved', 'refused']) {
    await press('Save report…').click()
    await dialog().getByRole('textbox', { name: 'Folder on the machine that runs Walkback' }).fill(folder)
    await dialog().getByLabel('Name of the file').fill('told.txt')
    if (round === 'saved') await looksRight('outcome-report')
    await page.keyboard.press('Enter')
    const file = join(folder, 'told.txt')
    if (round === 'refused') {
      const alert = dialog().getByRole('alert')
      expect(await alert.textContent()).toBe(`${file} is there already and was not written over.Choose another name.`)
      break
    }
    await dialog().getByRole('heading', { name: 'The report is saved' }).waitFor()
    expect(await dialog().getByText(file, { exact: true }).isVisible()).toBe(true)
    expect(readFileSync(file, 'utf8')).toContain('FK CONSTRAINT items_product')
    await page.keyboard.press('Enter')
    await expect.poll(focused).toBe('Save report…')
  }
}, 60_000)

test('the kept database: refused while it is in use or its name is not typed; dropped by its name', async () => {
  const kept = job.result?.kept?.database ?? ''
  const session = await cluster.client(kept)
  const there = async () => (await cluster.sql('SELECT FROM pg_database WHERE datname = $1', 'postgres', [kept])).length
  try {
    await session.query(`SET application_name = 'till 3'`)
    const card = page.getByRole('region', { name: 'Old database, kept' })
    await card.getByText(kept, { exact: true }).waitFor()
    await card.getByText(/^\d+(\.\d+)? MB$/).waitFor()
    await looksRight('outcome')
    await press('1 error')
      .or(press(`${job.result?.restored?.count} entries restored without errors`))
      .first()
      .click()
    await page.getByRole('list', { name: 'Restored, by kind' }).getByText('TABLE DATA').waitFor()
    await press('Drop the kept database…').click()
    const act = dialog().getByRole('button', { name: 'Drop the kept database', exact: true })
    for (const wrong of ['', 'outcome', kept.toUpperCase(), `${kept} `]) {
      await dialog().getByRole('textbox').fill(wrong)
      await dialog().getByRole('textbox').press('Enter')
      expect(await act.isDisabled()).toBe(true)
    }
    await dialog().getByRole('textbox').fill(kept)
    await act.click()
    expect(await dialog().getByRole('alert').textContent()).toBe(
      `${kept} was not dropped: it is in use: till 3 as postgres from 127.0.0.1 is connected.Close what uses it, then try again. Nothing was changed.`,
    )
    await looksRight('outcome-in-use')
    expect(await there()).toBe(1)
  } finally {
    await session.end()
  }
  await dialog().getByRole('button', { name: 'Drop the kept database', exact: true }).click()
  await page.getByText('Dropped. Its room on the disk is free again.').waitFor()
  await expect.poll(focused).toBe('Dropped. Its room on the disk is free again.')
  expect(await there()).toBe(0)
  expect(await cluster.sql('SELECT count(*)::int AS n FROM public.products', 'outcome')).toEqual([{ n: 10 }])
  await page.reload()
  await page.getByText('It can not be dropped from here: it was dropped or renamed meanwhile.').waitFor()
}, 90_000)

test('where nothing was replaced, the rows are those of what was restored; a connection that is gone is named', async () => {
  const failed = await replaceIt(false)
  expect(failed.error?.message).toBe('outcome was not replaced: the restore had 1 error.')
  await goTo(page, `#/jobs/${failed.id}`)
  await press('Show the rows in the way').click()
  await dialog().getByText('25; the first 20 are shown').waitFor()
  await page.keyboard.press('Escape')
  expect(await page.getByRole('region', { name: 'Old database, kept' }).count()).toBe(0)

  await core.api.connections.remove({ connectionId: connection.id })
  await page.reload()
  await press('Show the rows in the way').click()
  const words = 'till is no longer among the connections.Do it with your own tools: the page still says what, and where.'
  expect(await dialog().getByRole('alert').textContent()).toBe(words)
  await looksRight('outcome-gone')
  await goTo(page, `#/jobs/${job.id}`)
  const card = page.getByRole('region', { name: 'Old database, kept' })
  expect(await card.getByRole('alert').getByText('till is no longer among the connections.').isVisible()).toBe(true)
}, 60_000)
