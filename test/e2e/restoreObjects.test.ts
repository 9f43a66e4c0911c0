// Restoring parts of a dump, and a database in the place of another, as a person does it by mouse and by keyboard.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, layoutFaults, newLink, openPage, seriousFindings } from '../support/browser'
import { newestMajor, sharedCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'wizards')

let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let cluster: TestCluster
let archive: string
let page: Page
let context: BrowserContext
let errors: string[]

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  cluster = await sharedCluster(newestMajor())
  serve = await startServe({ dataFolder: tempFolder('objects') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin] })
  await core.api.connections.save({
    id: null,
    label: 'till',
    colour: 'slate',
    readOnly: false,
    settings: {
      host: '127.0.0.1',
      port: cluster.port,
      database: 'postgres',
      user: 'postgres',
      sslmode: 'disable',
      sslrootcert: '',
      sslcert: '',
      sslkey: '',
      service: '',
      passfile: '',
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  await cluster.sql('CREATE DATABASE lesson')
  for (const statement of [
    'CREATE TABLE public.authors (id int PRIMARY KEY, name text)',
    'CREATE TABLE public.books (id int PRIMARY KEY, author int REFERENCES public.authors, title text)',
    'CREATE TABLE public.notes (x int)',
    `INSERT INTO public.authors SELECT i, 'author ' || i FROM generate_series(1, 20) i`,
    `INSERT INTO public.books SELECT i, 1 + i % 20, 'book ' || i FROM generate_series(1, 200) i`,
  ])
    await cluster.sql(statement, 'lesson')
  archive = join(tempFolder('objects-archive'), 'lesson.dump')
  execFileSync(join(cluster.bin, 'pg_dump'), ['--dbname=lesson', '--format=custom', `--file=${archive}`], {
    env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv() },
  })
}, 120_000)

afterAll(async () => {
  core?.close()
  await serve?.stop()
  await browser?.close()
})

beforeEach(async () => {
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(20_000)
})

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await page.screenshot({ path: join(pictures, `failed-${task.name.slice(0, 40)}.png`) })
  await context.close()
  expect(errors).toEqual([])
})

const next = (label: string) => page.getByRole('button', { name: label, exact: true })
const tick = (name: string) => page.getByRole('checkbox', { name: `Restore of ${name}`, exact: true })

async function endOfJob() {
  await page.waitForURL(/#\/jobs\//)
  const jobId = decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length))
  return jobEnd(core.api, jobId)
}

const names = async () =>
  (await cluster.sql(`SELECT datname::text AS name FROM pg_database WHERE NOT datistemplate ORDER BY 1`)).map(({ name }) =>
    String(name),
  )

test('one table into another database: what it needs is named and added', async () => {
  await cluster.sql('CREATE DATABASE other')
  await cluster.sql('CREATE TABLE public.mine AS SELECT 1 AS x', 'other')
  await goTo(page, `#/restore/dump?path=${encodeURIComponent(archive)}`)
  await next('Next: Objects').click()
  await page.getByRole('treegrid', { name: 'Objects of the archive' }).waitFor()
  await page.getByText('No ticked object needs an unticked one.').waitFor()
  await next('Untick everything').click()
  await page.getByText('Tick what to restore first').waitFor()
  expect(await next('Next: Destination').isDisabled()).toBe(true)
  await page.getByRole('searchbox', { name: /^Find in/ }).fill('books')
  await tick('public.books').click()
  await page.getByText('its rows point to rows that are not ticked').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  expect(await layoutFaults(page)).toEqual([])
  await page.screenshot({ path: join(pictures, 'restore-objects.png') })
  await page.getByRole('searchbox', { name: /^Find in/ }).fill('')
  await next('Add all').click()
  await page.getByText('No ticked object needs an unticked one.').waitFor()
  expect(await tick('public.authors').getAttribute('aria-checked')).toBe('true')
  expect(await tick('public.notes').getAttribute('aria-checked')).toBe('false')
  await next('Next: Destination').click()
  await page.getByRole('radio', { name: /A database that exists/ }).check()
  await page.getByRole('combobox', { name: 'Database', exact: true }).selectOption('other')
  await next('Next: Options').click()
  await next('Next: Review').click()
  await page.getByText('--use-list=').first().waitFor()
  await next('Start restore').and(page.locator(':enabled')).click()
  const job = await endOfJob()
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
  await page.getByText('2 of 2 tables, 220 rows').waitFor()
  expect(await page.getByText('Row counts match the dump').isVisible()).toBe(true)
  expect(await page.getByRole('button', { name: 'Restore it…' }).count()).toBe(0)
  await page.screenshot({ path: join(pictures, 'job-restored.png') })
  await next('Open overview').click()
  await page.waitForURL(/#\/overview/)
  const [made] = await cluster.sql(
    `SELECT (SELECT count(*)::int FROM public.books) AS books, to_regclass('public.notes') IS NULL AS without, (SELECT x FROM public.mine) AS mine`,
    'other',
  )
  expect(made).toEqual({ books: 200, without: true, mine: 1 })
}, 90_000)

test('the place of a database, by mouse: the name typed, the old one kept', async () => {
  await cluster.sql('CREATE DATABASE shop')
  await cluster.sql('CREATE TABLE public.old AS SELECT 7 AS x', 'shop')
  await goTo(page, `#/restore/dump?path=${encodeURIComponent(archive)}`)
  await next('Next: Objects').click()
  await next('Next: Destination').click()
  await page.getByRole('radio', { name: /The place of a database/ }).check()
  await page.getByText('Choose the database to replace').first().waitFor()
  await page.getByRole('combobox', { name: 'Database to replace' }).selectOption('shop')
  await page.screenshot({ path: join(pictures, 'restore-replace.png') })
  await next('Next: Options').click()
  await next('Next: Review').click()
  await page.getByRole('status').filter({ hasText: '1 blocker: Replacing shop is not confirmed' }).waitFor()
  expect(await next('Start restore').isDisabled()).toBe(true)
  const typed = page.getByRole('textbox', { name: /Type the database’s name, shop, to go on/ })
  await typed.fill('Shop')
  expect(await next('Start restore').isDisabled()).toBe(true)
  const identifier = String((await cluster.sql('SELECT system_identifier::text AS id FROM pg_control_system()'))[0]?.id)
  expect(await page.getByText(identifier).isVisible()).toBe(true)
  await typed.fill('shop')
  await next('Start restore').and(page.locator(':enabled')).waitFor()
  expect(await seriousFindings(page)).toEqual([])
  expect(await layoutFaults(page)).toEqual([])
  await page.screenshot({ path: join(pictures, 'restore-replace-review.png') })
  // Enter in the field does not start what puts a database aside.
  await typed.press('Enter')
  expect(page.url()).toContain('#/restore/dump')
  await next('Start restore').click()
  const job = await endOfJob()
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
  const kept = (await names()).find((name) => name.startsWith('shop_before_')) ?? ''
  await page.getByRole('region', { name: 'Old database, kept' }).getByText(kept, { exact: true }).waitFor()
  await page.screenshot({ path: join(pictures, 'job-replaced.png') })
  expect(await cluster.sql('SELECT x FROM public.old', kept)).toEqual([{ x: 7 }])
  expect(await cluster.sql('SELECT count(*)::int AS n FROM public.books', 'shop')).toEqual([{ n: 200 }])
  // Run again asks for the name anew: it is refused by name, and nothing changes.
  const before = await names()
  await next('Run again').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click()
  await page
    .getByText(/Replacing shop is not confirmed/)
    .first()
    .waitFor()
  expect(await names()).toEqual(before)
}, 90_000)

test('by keyboard: ticks in the tree, and the failed entries run again', async () => {
  await cluster.sql('CREATE ROLE reader')
  await cluster.sql('CREATE DATABASE granted')
  for (const statement of [
    'CREATE TABLE public.a AS SELECT 1 AS x',
    'CREATE TABLE public.b (x int)',
    'GRANT SELECT ON public.a TO reader',
  ])
    await cluster.sql(statement, 'granted')
  const file = join(tempFolder('objects-granted'), 'granted.dump')
  execFileSync(join(cluster.bin, 'pg_dump'), ['--dbname=granted', '--format=custom', `--file=${file}`], {
    env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv() },
  })
  await cluster.sql('DROP DATABASE granted')
  await cluster.sql('DROP ROLE reader')
  await goTo(page, `#/restore/dump?path=${encodeURIComponent(file)}`)
  await next('Next: Objects').and(page.locator(':enabled')).waitFor()
  await page.keyboard.press('Enter')
  const grid = page.getByRole('treegrid', { name: 'Objects of the archive' })
  await grid.focus()
  // Typing goes to the row, Space unticks it, Enter goes on.
  await page.keyboard.type('public.b')
  await page.waitForTimeout(800)
  await page.keyboard.press('Space')
  await expect.poll(() => tick('public.b').getAttribute('aria-checked')).toBe('false')
  await page.keyboard.press('Enter')
  await page.getByLabel('Name of the new database').fill('granted')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /step 4 of 5: Options/ }).waitFor()
  await page
    .getByRole('switch', { name: /Start although errors are certain/ })
    .or(page.getByLabel(/Start although errors are certain/))
    .first()
    .check()
  await next('Next: Review').click()
  await next('Start restore').and(page.locator(':enabled')).waitFor()
  await page.keyboard.press('Enter')
  const job = await endOfJob()
  expect(job.state).toBe('succeeded_with_warnings')
  await page
    .getByRole('heading', { name: 'Completed with 1 error' })
    .or(page.getByText('Completed with 1 error', { exact: true }))
    .first()
    .waitFor()
  expect(await page.getByText(/Completed with 1 error:/).count()).toBe(0)
  await page.screenshot({ path: join(pictures, 'job-restore-errors.png') })
  await cluster.sql('CREATE ROLE reader')
  await next('Fix and run the one again…').click()
  await page.getByRole('heading', { name: /step 5 of 5: Review/ }).waitFor()
  await page.getByText('1 chosen entry').waitFor()
  await next('Start restore').and(page.locator(':enabled')).click()
  await page.waitForURL((url) => !url.hash.includes(job.id) && url.hash.includes('/jobs/'))
  const second = await endOfJob()
  expect(second.error).toBeNull()
  expect(second.state).toBe('succeeded')
  const [made] = await cluster.sql(
    `SELECT has_table_privilege('reader', 'public.a', 'SELECT') AS granted, to_regclass('public.b') IS NULL AS without`,
    'granted',
  )
  expect(made).toEqual({ granted: true, without: true })
}, 90_000)
