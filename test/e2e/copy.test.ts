// Copying rows as a person does it: the course's table out and in, bad rows, a table made from a file, one server's table
// into another's, and an export by the keyboard alone; each checked in the file and in the database.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { courseDatabase, courseSql } from '../../electron/capabilities/practice/sample/course'
import type { JobSnapshot } from '../../shared/jobs/job'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { binFolder, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'copy')
let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let folder: string
let page: Page
let context: BrowserContext
let errors: string[]

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  serve = await startServe({ dataFolder: tempFolder('copy') })
  core = await connectServe(serve)
  folder = tempFolder('copy-files')
  const bin = binFolder(newestMajor())
  await core.api.host.saveSettings({ ...(await core.api.host.settings({})), installationFolders: [bin] })
  for (const name of ['main', 'replica'] as const) {
    const made = await jobEnd(core.api, (await core.api.practice.make({ name, folder: bin, fill: false })).jobId)
    expect(made.error).toBeNull()
  }
  // The shop, which filling makes too, has no part in this.
  await sql(`CREATE DATABASE ${courseDatabase}`, 'main', 'postgres')
  await sql(courseSql)
}, 180_000)

afterAll(async () => {
  if (core) {
    const { clusters } = await core.api.practice.list({})
    for (const { name, state } of clusters) {
      if (state !== 'absent') await jobEnd(core.api, (await core.api.practice.remove({ name, confirm: name })).jobId)
    }
    core.close()
  }
  await serve?.stop()
  await browser?.close()
})

beforeEach(async () => {
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(20_000)
  const { connections } = await core.api.connections.list({})
  const main = connections.find(({ practice }) => practice === 'main')?.id ?? ''
  await page.evaluate((id) => localStorage.setItem('walkback.server', id), main)
  await page.reload()
  await page.getByRole('heading', { level: 1 }).first().waitFor()
})

afterEach(async (test) => {
  if (test.task.result?.state === 'fail')
    await page.screenshot({ path: join(pictures, `failed-${test.task.name.slice(0, 40).replaceAll('/', '-')}.png`) })
  await context.close()
  expect(errors).toEqual([])
})

/** Over the password that Walkback made for the practice cluster. */
async function sql(text: string, name: 'main' | 'replica' = 'main', database = 'course'): Promise<unknown[][]> {
  const { connections } = await core.api.connections.list({})
  const found = connections.find(({ practice }) => practice === name)
  if (!found) throw new Error('there is no practice cluster')
  const password = readFileSync(found.settings.passfile, 'utf8').trim().split(':').at(-1) ?? ''
  const { host, port, user } = found.settings
  const client = new pg.Client({ host, port: port ?? 5432, user, password, database })
  await client.connect()
  try {
    return (await client.query<unknown[]>({ text, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}

const next = (label: string) => page.getByRole('button', { name: label, exact: true })
const filePath = () => page.getByRole('textbox', { name: 'File on the machine that runs Walkback' })

async function go(...labels: string[]): Promise<void> {
  for (const label of labels) await next(label).and(page.locator(':enabled')).click()
}

async function jobEnded(): Promise<JobSnapshot> {
  await page.waitForURL(/#\/jobs\//)
  return jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
}

const courseRows = [
  ['1', 'Hello!'],
  ['2', ''],
  ['3', null],
]
const fileText = { CSV: 'id,s\n1,Hello!\n2,""\n3,\n', Text: '1\tHello!\n2\t\n3\t\\N\n' }

describe('the course’s table', () => {
  test('out and in as CSV, by the lab: every step is checked against what is there', async () => {
    const file = join(folder, 'lab.csv')
    await goTo(page, '#/practice')
    await page.getByRole('button', { name: /COPY out and in/ }).click()
    await page.getByRole('button', { name: 'Open the export wizard' }).click()
    await page.getByRole('radio', { name: 'public.t', exact: true }).and(page.locator(':checked')).waitFor()
    await page.getByRole('group', { name: 'First rows' }).getByText('NULL', { exact: true }).waitFor()
    expect(await page.getByRole('group', { name: 'First rows' }).getByText('empty string').count()).toBe(1)
    await go('Next: File')
    expect(await filePath().inputValue()).toMatch(/\/t\.csv$/)
    await filePath().fill(file)
    await go('Next: Options', 'Next: Review')
    await page.getByText('COPY "public"."t"').first().waitFor()
    await go('Start export')
    expect((await jobEnded()).state).toBe('succeeded')
    expect(readFileSync(file, 'utf8')).toBe(fileText.CSV)
    expect(existsSync(`${file}.partial`)).toBe(false)

    await goTo(page, '#/practice')
    await page.getByRole('button', { name: 'Look at the file' }).click()
    await page.getByText('Found: 3 rows, 1 empty string, 1 NULL', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Open the import wizard' }).click()
    await page.getByRole('group', { name: 'First rows of the file' }).getByText('NULL', { exact: true }).waitFor()
    await go('Next: Target')
    await page.getByRole('radio', { name: /A new table/ }).check()
    await page.getByLabel('Name of the new table').fill('t_again')
    await page.getByLabel('Type of id').selectOption('numeric')
    await page.getByText('CREATE TABLE "public"."t_again"').waitFor()
    await go('Next: Options', 'Next: Review', 'Start import')
    expect((await jobEnded()).state).toBe('succeeded')
    expect(await sql('SELECT id, s FROM t_again ORDER BY id')).toEqual(courseRows)
    expect(
      await sql("SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = 't_again'::regclass AND attnum = 1"),
    ).toEqual([['numeric']])

    await goTo(page, '#/practice')
    await page.getByText('5 of 5').waitFor()
    await page.getByText('every value as it was').waitFor()
    await page.screenshot({ path: join(pictures, 'lab-done.png'), fullPage: true })
  }, 120_000)

  test('out as text and back into the emptied table, which asks for its name', async () => {
    const file = join(folder, 'course.txt')
    await goTo(page, '#/copy/export?database=course&schema=public&table=t')
    await go('Next: File')
    await page.getByRole('radio', { name: /^Text/ }).check()
    await filePath().fill(file)
    await go('Next: Options', 'Next: Review', 'Start export')
    expect((await jobEnded()).state).toBe('succeeded')
    expect(readFileSync(file, 'utf8')).toBe(fileText.Text)

    await goTo(page, `#/copy/import?path=${encodeURIComponent(file)}&database=course&schema=public&table=t`)
    await go('Next: Target', 'Next: Options')
    await page.getByRole('checkbox', { name: /Empty the table first/ }).check()
    await go('Next: Review')
    const start = next('Empty the table and import…').and(page.locator(':enabled'))
    await start.waitFor()
    // Enter must not empty a table.
    await page.keyboard.press('Enter')
    expect(page.url()).toContain('#/copy/import')
    await start.click()
    const confirm = next('Empty it and import')
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByRole('dialog').getByRole('textbox').fill('t')
    await confirm.click()
    expect((await jobEnded()).state).toBe('succeeded')
    expect(await sql('SELECT id, s FROM t ORDER BY id')).toEqual(courseRows)
  }, 90_000)

  test('a query, chosen columns and gzip; a file that is there is not replaced without being asked', async () => {
    const file = join(folder, 'taken.csv')
    writeFileSync(file, 'mine')
    await goTo(page, '#/copy/export?database=course&schema=public&table=t')
    await page.getByRole('checkbox', { name: /^id / }).uncheck()
    await go('Next: File')
    await filePath().fill(file)
    await go('Next: Options', 'Next: Review')
    await page.getByRole('status').filter({ hasText: '1 blocker: File' }).waitFor()
    expect(await next('Start export').isDisabled()).toBe(true)
    await page.screenshot({ path: join(pictures, 'export-blocked.png') })
    await page.getByRole('button', { name: 'Keep it under a dated name' }).click()
    await next('Start export').and(page.locator(':enabled')).click()
    expect((await jobEnded()).state).toBe('succeeded')
    expect(readFileSync(file, 'utf8')).toBe('s\nHello!\n""\n\n')

    await goTo(page, '#/copy/export?database=course')
    await page.getByRole('radio', { name: 'A query' }).click()
    await page.getByLabel('Query').fill('DELETE FROM t RETURNING id')
    await page.getByRole('alert').first().waitFor()
    await page.getByLabel('Query').fill('SELECT id, s FROM t WHERE s IS NULL')
    await go('Next: File')
    expect(await filePath().inputValue()).toBe(join(folder, 'query.csv'))
    await page.getByLabel('Compression').selectOption('gzip')
    expect(await filePath().inputValue()).toBe(join(folder, 'query.csv.gz'))
    await go('Next: Options', 'Next: Review', 'Start export')
    expect((await jobEnded()).state).toBe('succeeded')
    const head = readFileSync(join(folder, 'query.csv.gz')).subarray(0, 2).toString('hex')
    expect(head).toBe('1f8b')
    expect(await sql('SELECT count(*)::int FROM t')).toEqual([[3]])
  }, 120_000)
})

describe('bad rows', () => {
  const bad = 'id,s\n10,ten\nelf,eleven\n12,twelve\n'

  test('end the import with line, column and value, and leave the table as it was', async () => {
    const file = join(folder, 'bad.csv')
    writeFileSync(file, bad)
    await sql('DROP TABLE IF EXISTS bad; CREATE TABLE bad (id integer, s text)')
    await goTo(page, `#/copy/import?path=${encodeURIComponent(file)}&database=course&schema=public&table=bad`)
    await go('Next: Target', 'Next: Options', 'Next: Review', 'Start import')
    const job = await jobEnded()
    expect(job.state).toBe('failed')
    const said = page.getByRole('status', { name: 'Failed' })
    await said.waitFor()
    const words = (await said.textContent()) ?? ''
    expect(words).toMatch(/[Ll]ine 3/)
    expect(words).toContain('id')
    expect(words).toContain('elf')
    await page.screenshot({ path: join(pictures, 'import-failed.png') })
    expect(await sql('SELECT * FROM bad')).toEqual([])

    // Edit and run: the same draft, and now they are skipped and kept aside.
    await page.getByRole('button', { name: 'Edit and run…' }).first().click()
    await page.getByRole('heading', { name: /step 4 of 4: Review/ }).waitFor()
    await page.getByRole('button', { name: /^Options/ }).click()
    await page.getByRole('radio', { name: /Skip bad rows/ }).check()
    await go('Next: Review', 'Start import')
    const skipped = await jobEnded()
    expect(skipped.state).toBe('succeeded_with_warnings')
    expect(await sql('SELECT * FROM bad ORDER BY id')).toEqual([
      [10, 'ten'],
      [12, 'twelve'],
    ])
    const rejected = join(folder, 'bad.rejected.csv')
    expect(readFileSync(rejected, 'utf8')).toBe('id,s\nelf,eleven\n')
    await page.getByText(rejected).first().waitFor()
    await page.getByRole('region', { name: 'Warnings by object' }).getByText(/elf/).first().waitFor()
    await page.screenshot({ path: join(pictures, 'import-skipped.png') })
  }, 120_000)
})

describe('table to another server', () => {
  test('rows arrive by the columns’ names, though these stand in another order there', async () => {
    await sql('CREATE DATABASE copies', 'replica', 'postgres')
    await sql("CREATE TABLE arrived (s text, id numeric, note text DEFAULT 'new')", 'replica', 'copies')
    await goTo(page, '#/copy/table?database=course&schema=public&table=t')
    await go('Next: Destination')
    expect(await page.getByText('Choose the server to copy to').isVisible()).toBe(true)
    await page.getByLabel('Server to copy to').selectOption({ label: 'practice replica' })
    await page.getByLabel('Database there').selectOption('copies')
    await page.getByRole('radio', { name: 'public.arrived' }).check()
    await page.getByText('which gets its default').waitFor()
    await page.screenshot({ path: join(pictures, 'table-destination.png') })
    await go('Next: Review', 'Start copy')
    expect((await jobEnded()).state).toBe('succeeded')
    expect(await sql('SELECT id, s, note FROM arrived ORDER BY id', 'replica', 'copies')).toEqual(
      courseRows.map((row) => [...row, 'new']),
    )
  }, 90_000)
})

describe('the keyboard alone', () => {
  test('exports a table', async () => {
    const file = join(folder, 'keys.csv')
    const press = (key: string) => page.keyboard.press(key)
    const focusIs = (name: RegExp) =>
      expect
        .poll(() =>
          page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''),
        )
        .toMatch(name)
    await goTo(page, '#/copy')
    await tabTo('Export')
    await press('Enter')
    await focusIs(/step 1 of 4: What/)
    await page.getByRole('combobox', { name: 'Database' }).locator('option', { hasText: 'course' }).waitFor({ state: 'attached' })
    await tabTo('Database')
    await page.keyboard.type('course')
    await page.getByRole('radio', { name: 'public.t', exact: true }).waitFor()
    await tabTo('', 'public.')
    await press('Space')
    while (!(await page.getByRole('radio', { name: 'public.t', exact: true }).isChecked())) await press('ArrowDown')
    await next('Next: File').and(page.locator(':enabled')).waitFor()
    await press('Enter')
    await focusIs(/step 2 of 4: File/)
    await filePath().waitFor()
    await tabTo('File on the machine that runs Walkback')
    await press('Control+a')
    await page.keyboard.type(file)
    await press('Enter')
    await focusIs(/step 3 of 4: Options/)
    await press('Enter')
    await focusIs(/step 4 of 4: Review/)
    await press('Escape')
    await focusIs(/step 3 of 4: Options/)
    await press('Enter')
    // The review looks again when it is come back to; Enter waits with the button.
    await expect
      .poll(
        async () => {
          if (page.url().includes('#/jobs/')) return page.url()
          await next('Start export').and(page.locator(':enabled')).waitFor()
          await press('Enter')
          await page.waitForTimeout(700)
          return page.url()
        },
        { timeout: 30_000 },
      )
      .toContain('#/jobs/')
    expect((await jobEnded()).state).toBe('succeeded')
    expect(readFileSync(file, 'utf8')).toBe(fileText.CSV)
  }, 90_000)

  /** Presses Tab until the focus is on what has this name, or one that begins so. */
  async function tabTo(name: string, start = name): Promise<void> {
    for (let pressed = 0; pressed < 80; pressed += 1) {
      await page.keyboard.press('Tab')
      const at = await page.evaluate(() => {
        const element = document.activeElement
        const labelled = element instanceof HTMLInputElement || element instanceof HTMLSelectElement
        const label = labelled ? (element.labels?.[0]?.textContent ?? '') : ''
        return element?.getAttribute('aria-label') ?? (label || element?.textContent || '')
      })
      if (name === '' ? at.startsWith(start) : at === name) return
    }
    throw new Error(`Tab never reached ${start}`)
  }
})

test('a look into a database leads to the export of the table that is looked at', async () => {
  await goTo(page, '#/overview')
  await page.getByRole('button', { name: 'Look inside course' }).click()
  await page
    .getByRole('button', { name: /public\.t\b/ })
    .first()
    .click()
  await page.getByRole('link', { name: 'Export this table…' }).click()
  await page.getByRole('radio', { name: 'public.t', exact: true }).and(page.locator(':checked')).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('combobox').fill('import from a file')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /Import from a file, step 1 of 4/ }).waitFor()
})

describe('drafts', () => {
  test('survive a reload, hold no secret, and a damaged one starts over alone', async () => {
    await goTo(page, '#/copy/export?database=course&schema=public&table=t')
    await go('Next: File')
    await filePath().fill(join(folder, 'kept.csv'))
    await page.reload()
    await page.getByRole('heading', { name: /step 2 of 4: File/ }).waitFor()
    expect(await filePath().inputValue()).toBe(join(folder, 'kept.csv'))
    const kept = await page.evaluate(() => localStorage.getItem('walkback-copy-drafts') ?? '')
    expect(kept).not.toMatch(/password/i)
    await page.evaluate(() =>
      localStorage.setItem('walkback-copy-drafts', '{"state":{"exports":{"x":7},"imports":3},"version":1}'),
    )
    await page.reload()
    await page.getByRole('heading', { name: /step 1 of 4: What/ }).waitFor()
  })
  test('a file that is not there is said by name, with what to do', async () => {
    await goTo(page, `#/copy/import?path=${encodeURIComponent(join(folder, 'nothing.csv'))}`)
    const said = page.getByRole('alert').filter({ hasText: 'nothing.csv' })
    await said.first().waitFor()
    expect(await next('Next: Target').isDisabled()).toBe(true)
    rmSync(join(folder, 'kept.csv'), { force: true })
  })
})

test('every step: axe finds nothing serious, nothing is too small or too wide', async () => {
  const file = join(folder, 'looks.csv')
  writeFileSync(file, 'id,s,extra\n1,Hello!,x\n2,"",y\n3,,z\n')
  const check = (name: string) => lookAt(page, pictures, name)
  await goTo(page, '#/copy')
  await check('copy')
  await goTo(page, '#/copy/export?database=course&schema=public&table=t')
  await check('export-1-what')
  await go('Next: File')
  await check('export-2-file')
  await go('Next: Options')
  await page.getByRole('button', { name: /^All options/ }).click()
  await check('export-3-options')
  await go('Next: Review')
  await page.getByRole('button', { name: 'Start export' }).and(page.locator(':enabled')).waitFor()
  await check('export-4-review')
  await goTo(page, `#/copy/import?path=${encodeURIComponent(file)}&database=course&schema=public&table=t`)
  await check('import-1-file')
  await go('Next: Target')
  await check('import-2-target')
  await page.getByRole('radio', { name: /A new table/ }).check()
  await check('import-2-new')
  await page.getByRole('radio', { name: /A table that is there/ }).check()
  await go('Next: Options')
  await page.getByRole('radio', { name: /Skip bad rows/ }).check()
  await check('import-3-options')
  await go('Next: Review')
  await page.getByRole('table').first().waitFor()
  await check('import-4-review')
  await goTo(page, '#/copy/table?database=course&schema=public&table=t')
  await check('table-1-source')
  await goTo(page, '#/practice')
  await page.getByRole('button', { name: /COPY out and in/ }).click()
  await check('practice-copy')
}, 300_000)
