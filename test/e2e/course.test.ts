// The course's logical backups, each step by clicks and typing on the course's own version and the newest: rows out and in by
// COPY, a script with --create, one table into another database, drop and restore; psql on the server says what came of it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, openPage } from '../support/browser'
import { startCluster, type TestCluster, testMajors } from '../support/clusters'
import { type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'course')

let browser: Browser

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
})

afterAll(() => browser?.close())

/** As the course prints them, but for tabs that its pages hold in the place of spaces. */
const printed = {
  hello: ' id |   s    \n----+--------\n  1 | Hello!\n  2 | \n  3 | <null>\n(3 rows)\n\n',
  hi: ' id |     s     \n----+-----------\n  1 | Hi there!\n  2 | \n  3 | <null>\n(3 rows)\n\n',
  numbers: ' n \n---\n 1\n 2\n 3\n(3 rows)\n\n',
}

// The course's own version; with the full counts all, since the dump's text and the pages differ by version.
describe.each(process.env.WALKBACK_LONG === '1' ? testMajors() : testMajors().slice(0, 1))('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  let serve: ServeProcess
  let page: Page
  let context: BrowserContext
  let errors: string[]
  let files: string
  let step = 0

  beforeAll(async () => {
    cluster = await startCluster({ major, prefix: 'course' })
    await cluster.sql(`CREATE ROLE student LOGIN SUPERUSER PASSWORD 'learning'`)
    files = tempFolder('course-files')
    serve = await startServe({ dataFolder: tempFolder('course'), env: { PATH: `${cluster.bin}:/usr/bin:/bin` } })
    ;({ page, context, errors } = await openPage(browser, serve.url, { width: 1280, height: 800, dark: major === 13 }))
    page.setDefaultTimeout(20_000)
  }, 120_000)

  afterAll(async () => {
    await context?.close()
    await serve?.stop()
    await cluster?.remove()
    expect(errors).toEqual([])
  })

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await page.screenshot({ path: join(pictures, `failed-${major}.png`) })
  })

  /** As the course's student types it. */
  function psql(database: string, ...commands: string[]): string {
    const env = { ...cluster.toolEnv(), PATH: '/usr/bin:/bin', PGUSER: 'student', PGPASSWORD: 'learning' }
    const argv = ['--no-psqlrc', '--set=ON_ERROR_STOP=1', '--quiet', `--dbname=${database}`]
    return execFileSync(join(cluster.bin, 'psql'), [...argv, ...commands.map((command) => `--command=${command}`)], {
      env,
      encoding: 'utf8',
    })
  }
  const shown = (database: string, query = 'SELECT * FROM t') => psql(database, "\\pset null '<null>'", query)
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const press = async (...names: string[]) => {
    for (const name of names) await button(name).and(page.locator(':enabled')).click()
  }
  async function picture(name: string): Promise<void> {
    step += 1
    await lookAt(page, pictures, `${major}-${String(step).padStart(2, '0')}-${name}`)
  }
  /** The page itself must say it: the person has nothing else. */
  async function succeeded(headline: RegExp): Promise<void> {
    await page.waitForURL(/#\/jobs\//)
    await page.getByText(headline).first().waitFor({ timeout: 60_000 })
    expect(await page.getByText('Succeeded', { exact: true }).count()).toBeGreaterThan(0)
  }
  async function dropByOverview(database: string): Promise<void> {
    await goTo(page, '#/overview')
    await page
      .getByRole('row', { name: new RegExp(`^${database}\\b`) })
      .getByRole('button')
      .last()
      .click()
    await page.getByRole('menuitem', { name: /Drop/ }).click()
    await page.getByRole('dialog').getByRole('textbox').fill(database)
    await page.getByRole('dialog').getByRole('button', { name: /^Drop/ }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(psql('postgres', `SELECT 1 FROM pg_database WHERE datname = '${database}'`)).toContain('(0 rows)')
  }
  async function chooseDatabase(name: string): Promise<void> {
    await page.getByRole('radio', { name, exact: true }).check()
    await press('Next: Objects')
    await page.getByRole('treegrid').waitFor()
  }
  async function chooseCreate(): Promise<void> {
    await page.getByRole('button', { name: /^All options/ }).click()
    await page.getByRole('searchbox', { name: /Find an option/ }).fill('--create')
    await page.getByRole('checkbox', { name: /--create/ }).check()
  }
  /** Where the job's page says the dump is. */
  async function writtenScript(): Promise<string> {
    const folder = page.locator('dd, td').filter({ hasText: /^\/\S+-dump-backup_overview$/ })
    return join((await folder.first().innerText()).replaceAll(/\s/g, ''), 'data.sql')
  }

  test('the server is added by typing', async () => {
    await page.getByRole('button', { name: /^Connect to a server/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Host').fill('127.0.0.1')
    await dialog.getByLabel('Port').fill(String(cluster.port))
    await dialog.getByLabel('Database', { exact: true }).fill('postgres')
    await dialog.getByLabel('User').fill('student')
    await dialog.getByLabel('Password', { exact: true }).fill('learning')
    await picture('connect')
    await dialog.getByRole('button', { name: 'Add server' }).click()
    await page.getByRole('row', { name: /^postgres\b/ }).waitFor()
  })

  test('COPY: out as text, and in again into the emptied table; empty string and NULL stay two things', async () => {
    psql('postgres', 'CREATE DATABASE backup_overview')
    psql('backup_overview', 'CREATE TABLE t(id numeric, s text)', `INSERT INTO t VALUES (1, 'Hello!'), (2, ''), (3, NULL)`)
    expect(shown('backup_overview')).toBe(printed.hello)
    const file = join(files, 't.txt')
    await goTo(page, '#/copy')
    await page
      .getByRole('link', { name: /Export/ })
      .first()
      .click()
    await page.getByLabel('Database', { exact: true }).selectOption('backup_overview')
    await page.getByRole('radio', { name: 'public.t', exact: true }).check()
    const rows = page.getByRole('group', { name: 'First rows' })
    await rows.getByText('empty string', { exact: true }).waitFor()
    await rows.getByText('NULL', { exact: true }).waitFor()
    await picture('export-table')
    await press('Next: File')
    await page.getByRole('radio', { name: /^Text/ }).check()
    await page.getByRole('textbox', { name: 'File on the machine that runs Walkback' }).fill(file)
    await press('Next: Options', 'Next: Review')
    await picture('export-review')
    await press('Start export')
    await succeeded(/3 rows/)
    await picture('export-job')
    expect(readFileSync(file, 'utf8')).toBe('1\tHello!\n2\t\n3\t\\N\n')
    expect(readFileSync(file, 'utf8')).toBe(psql('backup_overview', 'COPY t TO STDOUT'))

    // Typed at the course's terminal, here in a file.
    writeFileSync(file, '1\tHi there!\n2\t\n3\t\\N\n')
    await goTo(page, '#/copy')
    await page
      .getByRole('link', { name: /Import/ })
      .first()
      .click()
    await page.getByRole('textbox', { name: 'File on the machine that runs Walkback' }).fill(file)
    await page.getByText('Hi there!').waitFor()
    await picture('import-file')
    await press('Next: Target')
    await page.getByLabel('Database', { exact: true }).selectOption('backup_overview')
    await page.getByRole('radio', { name: 'public.t', exact: true }).check()
    await press('Next: Options')
    await page.getByRole('checkbox', { name: /Empty the table first/ }).check()
    await press('Next: Review')
    await picture('import-review')
    await press('Empty the table and import…')
    await page.getByRole('dialog').getByRole('textbox').fill('t')
    await press('Empty it and import')
    await succeeded(/3 rows/)
    await picture('import-job')
    expect(shown('backup_overview')).toBe(printed.hi)
  }, 120_000)

  test('pg_dump with --create writes the course’s script, and it brings a dropped database back', async () => {
    await goTo(page, '#/backup')
    await page.getByRole('link', { name: 'Dump a database' }).click()
    await chooseDatabase('backup_overview')
    await press('Next: Options')
    await page.getByRole('radio', { name: 'Plain SQL' }).check()
    await chooseCreate()
    await picture('dump-options')
    await press('Next: Review')
    await picture('dump-review')
    await press('Start dump')
    await succeeded(/Dumped backup_overview/)
    await picture('dump-job')
    const script = readFileSync(await writtenScript(), 'utf8')
    const bare = execFileSync(join(cluster.bin, 'pg_dump'), ['--dbname=backup_overview', '--create'], {
      env: { ...cluster.toolEnv(), PATH: '/usr/bin:/bin', PGUSER: 'student', PGPASSWORD: 'learning' },
      encoding: 'utf8',
    })
    // The key of \restrict is new each time; --verbose, which the progress is read from, adds comments and nothing else.
    const plain = (text: string) =>
      text
        .replaceAll(/^(\\(?:un)?restrict) \w+$/gm, '$1')
        .replaceAll(/^-- (TOC entry|Dependencies:) .*\n/gm, '')
        .replaceAll(/^-- (Started|Completed) on .*\n\n/gm, '')
    expect(plain(script)).toBe(bare.replaceAll(/^(\\(?:un)?restrict) \w+$/gm, '$1'))
    expect(script).toContain('CREATE DATABASE backup_overview WITH TEMPLATE = template0')
    expect(script).toContain('COPY public.t (id, s) FROM stdin;\n1\tHi there!\n2\t\n3\t\\N\n\\.\n')

    await dropByOverview('backup_overview')
    await restoreNewest(/backup_overview/)
    expect(shown('backup_overview')).toBe(printed.hi)
  }, 120_000)

  /** A script with --create begins in a database that is there, and goes to its own. */
  async function restoreNewest(name: RegExp): Promise<void> {
    await goTo(page, '#/restore')
    await page.getByRole('link', { name: 'Restore from a dump' }).click()
    await page.getByRole('radio', { name }).first().check()
    await press('Next: Objects')
    await picture('restore-objects')
    await press('Next: Destination')
    await picture('restore-destination')
    await press('Next: Options')
    await picture('restore-options')
    await press('Next: Review')
    await picture('restore-review')
    await press('Start restore')
    await succeeded(/nothing failed/)
    await picture('restore-job')
  }

  test('one table into another database', async () => {
    psql('postgres', 'CREATE DATABASE backup_overview2')
    await goTo(page, '#/backup')
    await page.getByRole('link', { name: 'Dump a database' }).click()
    await press('Start over')
    await chooseDatabase('backup_overview')
    await press('Untick all')
    await page.getByRole('searchbox').fill('public.t')
    await press('Tick these')
    await expect.poll(async () => page.getByRole('region', { name: /Command/ }).innerText()).toContain(`--table='"public"."t"'`)
    await picture('one-table')
    await press('Next: Options', 'Next: Review', 'Start dump')
    await succeeded(/Dumped backup_overview/)
    await picture('one-table-job')
    await page.getByRole('link', { name: 'Restore it…' }).click()
    await press('Next: Objects', 'Next: Destination')
    await page.getByRole('radio', { name: /A database that exists/ }).check()
    await page.getByRole('combobox', { name: 'Database', exact: true }).selectOption('backup_overview2')
    await press('Next: Options', 'Next: Review')
    await picture('one-table-restore-review')
    await press('Start restore')
    await succeeded(/All \d+ entries are in backup_overview2/)
    await picture('one-table-restored')
    expect(shown('backup_overview2')).toBe(printed.hi)
    expect(shown('backup_overview')).toBe(printed.hi)
  }, 120_000)

  test('practice: a database, its dump, dropped, restored, the same rows', async () => {
    psql('postgres', 'DROP DATABASE backup_overview', 'CREATE DATABASE backup_overview')
    psql('backup_overview', 'CREATE TABLE t(n integer)', 'INSERT INTO t VALUES (1), (2), (3)')
    await goTo(page, '#/backup')
    await page.getByRole('link', { name: 'Dump a database' }).click()
    await press('Start over')
    await chooseDatabase('backup_overview')
    await press('Next: Options')
    await page.getByRole('radio', { name: 'Plain SQL' }).check()
    await chooseCreate()
    await press('Next: Review', 'Start dump')
    await succeeded(/Dumped backup_overview/)
    const script = await writtenScript()
    await dropByOverview('backup_overview')
    // By its path, as `psql -f ~/backup_overview.dump` has it: a copy without record, whatever its name.
    const copy = join(files, 'backup_overview.dump')
    writeFileSync(copy, readFileSync(script))
    await goTo(page, '#/restore/dump')
    await page.getByRole('textbox', { name: 'Path on the machine that runs Walkback' }).fill(copy)
    await page.getByText('SQL script', { exact: true }).first().waitFor()
    await picture('practice-source')
    await press('Next: Objects', 'Next: Destination', 'Next: Options', 'Next: Review', 'Start restore')
    await succeeded(/nothing failed/)
    await picture('practice-restored')
    expect(shown('backup_overview')).toBe(printed.numbers)
  }, 120_000)
})
