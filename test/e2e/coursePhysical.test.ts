// The course's standalone backup and its Practice+, by clicks on its own version: two clusters, what stands between them and a base
// backup, the backup, the second cluster checked to be stopped and given the files, and both going their own ways; then a streaming
// archive with a slot, a backup without WAL, and the second cluster recovered with the archive's partial segment.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, openPage } from '../support/browser'
import { binFolder, endMajors } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'course-physical')
const major = endMajors()[0] ?? 13
const bin = binFolder(major)

let browser: Browser
let serve: ServeProcess
let page: Page
let context: BrowserContext
let errors: string[]
let dataFolder: string

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  dataFolder = tempFolder('course-phys')
  serve = await startServe({ dataFolder, env: { PATH: `${bin}:/usr/bin:/bin` } })
  ;({ page, context, errors } = await openPage(browser, serve.url, { width: 1280, height: 800, dark: false }))
  page.setDefaultTimeout(30_000)
}, 120_000)

afterAll(async () => {
  await context?.close()
  await browser?.close()
  await serve?.stop()
  expect(errors).toEqual([])
})

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await page.screenshot({ path: join(pictures, 'failed.png') })
})

let step = 0
async function picture(name: string): Promise<void> {
  step += 1
  await lookAt(page, pictures, `${String(step).padStart(2, '0')}-${name}`)
}

const press = async (...names: string[]) => {
  for (const name of names) await page.getByRole('button', { name, exact: true }).and(page.locator(':enabled')).click()
}
async function succeeded(headline: RegExp, word: string | RegExp = 'Succeeded'): Promise<void> {
  await page.waitForURL(/#\/jobs\//)
  await page.getByText(headline).first().waitFor({ timeout: 120_000 })
  expect(await page.getByText(word, { exact: true }).count()).toBeGreaterThan(0)
}
const data = (name: 'main' | 'replica') => join(dataFolder, 'practice', name, 'data')

/** As the course's student types it, on the cluster of that name. */
function psql(name: 'main' | 'replica', database: string, ...commands: string[]): string {
  const folder = join(dataFolder, 'practice', name)
  const port = /"port": (\d+)/.exec(readFileSync(join(folder, 'practice.json'), 'utf8'))?.[1] ?? ''
  const env = { PATH: '/usr/bin:/bin', PGPASSFILE: join(folder, 'pgpass'), PGCONNECT_TIMEOUT: '5' }
  const argv = [
    '--no-psqlrc',
    '--set=ON_ERROR_STOP=1',
    '--quiet',
    '--tuples-only',
    '--no-align',
    '--host=127.0.0.1',
    `--port=${port}`,
  ]
  return execFileSync(
    join(bin, 'psql'),
    [...argv, '--username=postgres', `--dbname=${database}`, ...commands.map((text) => `--command=${text}`)],
    {
      env,
      encoding: 'utf8',
    },
  ).trim()
}

/** Of the Practice page: the lab is opened, and what it found is waited for. */
async function lab(name: string, done: number, of: number): Promise<void> {
  await goTo(page, '#/practice')
  await page.getByRole('button', { name: new RegExp(name) }).click()
  await page.getByRole('button', { name: new RegExp(`${name}.*${done} of ${of}`) }).waitFor()
}

async function makeCluster(name: 'main' | 'replica'): Promise<void> {
  const card = page.getByRole('region', { name: `Cluster ${name}` })
  await card.getByRole('button', { name: `Make ${name}` }).waitFor()
  const choice = card.getByRole('combobox')
  if (await choice.count()) {
    const value = await choice.locator('option', { hasText: new RegExp(`\\b${major}\\.`) }).getAttribute('value')
    await choice.selectOption(value ?? '')
    await expect.poll(() => choice.inputValue()).toBe(value)
  }
  await card.getByRole('button', { name: `Make ${name}` }).click()
  await card.getByText('Running', { exact: true }).waitFor({ timeout: 120_000 })
}

describe(`PostgreSQL ${major}`, () => {
  test('two clusters, and the second one is stopped', async () => {
    await goTo(page, '#/practice')
    await makeCluster('main')
    await makeCluster('replica')
    const replica = page.getByRole('region', { name: 'Cluster replica' })
    await replica.getByRole('button', { name: 'Stop', exact: true }).click()
    await replica.getByText('Stopped', { exact: true }).waitFor({ timeout: 60_000 })
    psql('main', 'postgres', 'CREATE DATABASE backup_base')
    psql('main', 'backup_base', "CREATE TABLE t(s text); INSERT INTO t VALUES ('Hello, world!')")
    await lab('Standalone base backup', 0, 5)
    await press('Create lab.t1')
    await page.getByText(/Found: 3 rows in lab\.t1 of course/).waitFor()
  }, 240_000)

  test('what stands between main and a base backup is said', async () => {
    await page.getByRole('region', { name: 'Cluster main' }).getByRole('button', { name: 'Open overview' }).click()
    const ready = page.getByRole('region', { name: 'Ready for physical backup' })
    await ready.waitFor()
    const row = (name: string) => ready.getByRole('row', { name: new RegExp(name) })
    await expect.poll(() => row('wal_level').innerText()).toMatch(/replica/)
    // max_wal_senders, and what of it is free.
    await expect.poll(() => row('Free WAL senders').innerText()).toMatch(/of 10 used/)
    await expect.poll(() => row('Replication connection').innerText()).toMatch(/Opened just now/)
    await ready.getByText(/^let in by line \d+ of pg_hba\.conf: host replication all 127\.0\.0\.1/).waitFor()
    await ready.scrollIntoViewIfNeeded()
    await picture('readiness')
  }, 120_000)

  test('a base backup into the library', async () => {
    await goTo(page, '#/backup')
    await page.getByRole('link', { name: 'Take a base backup' }).click()
    await press('Next: Options', 'Next: Review', 'Start base backup')
    await succeeded(/Took a base backup of practice main/)
  }, 180_000)

  test('the source changes, and the backup does not know of it', async () => {
    await lab('Standalone base backup', 2, 5)
    await press('Change the rows')
    await page.getByText(/Found: 3 rows changed at .*, after the backup’s stop/).waitFor()
    await picture('lab-changed')
  }, 60_000)

  test('the place of the stopped replica is chosen; main runs, and can’t be', async () => {
    await press('Open the restore wizard')
    // Everything is at its default: it could be started from here.
    await expect.poll(() => page.getByRole('button', { name: 'Start recovery' }).isEnabled(), { timeout: 30_000 }).toBe(true)
    await page.getByRole('list', { name: 'Steps' }).getByRole('button', { name: 'Backup' }).click()
    await page.getByText('starts by itself').waitFor()
    await picture('source')
    await press('Next: Destination')
    await page.getByText('New data directory').waitFor()
    await picture('destination-new')
    await page.getByRole('radio', { name: /The place of a stopped cluster/ }).check()
    // main runs, and can't be chosen.
    expect(await page.getByRole('radio', { name: 'practice main' }).isDisabled()).toBe(true)
    await page.getByRole('radio', { name: 'practice replica' }).check()
    await picture('destination-cluster')
    await press('Next: Options')
    await page.getByText('Read the whole backup before anything is written').waitFor()
    await picture('options')
  }, 300_000)

  test('after its name was typed, and the old data directory is kept', async () => {
    await press('Next: Review')
    await page.getByText('archive_mode = off').first().waitFor()
    const start = page.getByRole('button', { name: 'Start recovery' })
    await page
      .getByText(/1 blocker: Confirmation/)
      .first()
      .waitFor()
    await picture('review-unconfirmed')
    expect(await start.isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: /Type the cluster’s name/ }).fill('practice replica')
    await expect.poll(() => start.isEnabled(), { timeout: 20_000 }).toBe(true)
    await picture('review')
    await press('Start recovery')
    await succeeded(/practice main runs in place of practice replica on port \d+ and was connected to: consistent at/)
    await picture('job')
  }, 300_000)

  test('with the right owner; both run, and later changes on main are not on the second', () => {
    const { uid } = testAccount()
    const found = statSync(data('replica'))
    expect([found.uid, found.mode & 0o777]).toEqual([uid, 0o700])
    expect(statSync(join(data('replica'), 'base')).uid).toBe(uid)
    const kept = readdirSync(join(dataFolder, 'practice', 'replica')).filter((name) => name.startsWith('data.before-'))
    expect(kept).toHaveLength(1)
    expect(readFileSync(join(dataFolder, 'practice', 'replica', kept[0] ?? '', 'PG_VERSION'), 'utf8').trim()).toBe(String(major))
    expect(psql('replica', 'backup_base', 'SELECT * FROM t')).toBe('Hello, world!')
    const identifier = 'SELECT system_identifier FROM pg_control_system()'
    expect(psql('replica', 'postgres', identifier)).toBe(psql('main', 'postgres', identifier))
    expect(psql('replica', 'postgres', 'SELECT pg_is_in_recovery()')).toBe('f')
    psql('main', 'backup_base', "INSERT INTO t VALUES ('After the backup')")
    expect(psql('replica', 'backup_base', 'SELECT count(*) FROM t')).toBe('1')
    psql('replica', 'backup_base', "INSERT INTO t VALUES ('On the second'), ('alone')")
    expect(psql('main', 'backup_base', 'SELECT count(*) FROM t')).toBe('2')
  })

  test('and the Practice page stops and starts it as before', async () => {
    await lab('Standalone base backup', 5, 5)
    await page.getByText('Found: red, blue, green there, crimson, navy, olive on main').waitFor()
    await picture('lab-standalone')
    const replica = page.getByRole('region', { name: 'Cluster replica' })
    await replica.getByRole('button', { name: 'Stop', exact: true }).click()
    await replica.getByText('Stopped', { exact: true }).waitFor({ timeout: 60_000 })
    await replica.getByRole('button', { name: 'Start', exact: true }).click()
    await replica.getByText('Running', { exact: true }).waitFor({ timeout: 60_000 })
    expect(psql('replica', 'backup_base', 'SELECT count(*) FROM t')).toBe('3')
  }, 120_000)

  test('a second copy in a new folder gets a connection of its own', async () => {
    await goTo(page, '#/restore')
    await page.getByRole('link', { name: 'Recover a cluster' }).click()
    await page.getByRole('radio', { name: /Backup of practice main/ }).check()
    await press('Next: Destination')
    await page.getByRole('radio', { name: /A new folder and port/ }).check()
    await press('Next: Options', 'Next: Review')
    await page.getByText('archive_mode = off').first().waitFor()
    await picture('review-new')
    await press('Start recovery')
    await succeeded(/practice main runs as a new cluster on port \d+ and was connected to: consistent at/)
    await picture('job-new')
    // In the list of servers at the top as well.
    await page
      .getByText(/practice main of 2\d{3}-\d\d-\d\d \d\d:\d\dZ/)
      .first()
      .waitFor()
  }, 300_000)

  describe('Practice+', () => {
    test('a streaming archive of main, with a slot', async () => {
      await goTo(page, '#/wal')
      await page.getByRole('link', { name: 'Stream WAL' }).click()
      await page.getByText('without a limit', { exact: true }).waitFor()
      await press('Next: Archive')
      await page.getByLabel('Replication slot', { exact: true }).fill('archive')
      await picture('stream-archive')
      await press('Next: Review', 'Keep without a limit')
      await picture('stream-review')
      await press('Start streaming')
      await page.waitForURL(/#\/jobs\//)
      await page.getByText('Goes on until it is stopped').waitFor()
      await picture('stream-job')
      expect(psql('main', 'postgres', 'SELECT slot_name, active FROM pg_replication_slots')).toBe('archive|t')
    }, 180_000)

    test('a base backup without WAL', async () => {
      await goTo(page, '#/backup/base')
      await press('Next: Options')
      await page.getByRole('radio', { name: /^Leave it to the archive/ }).check()
      await picture('bare-options')
      await press('Next: Review', 'Start base backup')
      // pg_basebackup’s own notice: WAL archiving is not enabled.
      await succeeded(/Took a base backup of practice main/, /^Completed with/)
      await picture('bare-job')
    }, 180_000)

    test('a database and a table in main, which only the partial segment holds', async () => {
      await lab('Streaming archive', 2, 6)
      await press('Create lab_later')
      await page.getByText(/Found: lab_later with 3 rows/).waitFor()
      psql('main', 'postgres', 'CREATE DATABASE backup_overview')
      psql('main', 'backup_overview', 'CREATE TABLE t(n integer)', 'INSERT INTO t VALUES (1), (2), (3)')
    })

    test('the second cluster is stopped, and recovered with the archive to its end', async () => {
      await goTo(page, '#/practice')
      const replica = page.getByRole('region', { name: 'Cluster replica' })
      await replica.getByRole('button', { name: /^(Stop|Start)$/ }).waitFor()
      const stop = replica.getByRole('button', { name: 'Stop', exact: true })
      if (await stop.isVisible()) await stop.click()
      await replica.getByText('Stopped', { exact: true }).waitFor({ timeout: 60_000 })

      await goTo(page, '#/restore/point')
      await page
        .getByRole('radio', { name: /practice main/ })
        .first()
        .check()
      await picture('point-source')
      await press('Next: Moment')
      await page.getByRole('radio', { name: 'End of WAL' }).click()
      await page.getByText('Reachable', { exact: true }).waitFor()
      await page
        .getByText(/The last segment on the way is [0-9A-F]{24}\.partial/)
        .first()
        .waitFor()
      await picture('point-moment')
      await press('Next: Destination')
      await page.getByRole('radio', { name: /The place of a stopped cluster/ }).check()
      await page.getByRole('radio', { name: 'practice replica' }).check()
      await press('Next: Options', 'Next: Review')
      await page.getByRole('textbox', { name: /Type the cluster’s name/ }).fill('practice replica')
      await expect.poll(() => page.getByRole('button', { name: 'Start recovery' }).isEnabled(), { timeout: 20_000 }).toBe(true)
      await picture('point-review')
      await press('Start recovery')
      await succeeded(/practice main was recovered to the end of the WAL, in place of practice replica/)
      await picture('point-job')
    }, 300_000)

    test('the database and the table are there', () => {
      expect(psql('replica', 'backup_overview', 'SELECT * FROM t').split('\n')).toEqual(['1', '2', '3'])
      expect(psql('replica', 'postgres', 'SELECT pg_is_in_recovery()')).toBe('f')
      const log = readFileSync(join(data('replica'), 'walkback', 'restore.log'), 'utf8')
      expect(log).toMatch(/restored: [0-9A-F]{24} from .*\/[0-9A-F]{24}\.partial, as far as it goes/)
      // main goes on archiving.
      expect(psql('main', 'postgres', 'SELECT active FROM pg_replication_slots')).toBe('t')
      expect(psql('replica', 'postgres', 'SELECT count(*) FROM pg_replication_slots')).toBe('0')
    })

    test('archiving is stopped and the slot removed', async () => {
      const strip = page.getByRole('contentinfo', { name: 'Running jobs' })
      await strip.getByRole('button', { name: 'Stop WAL streaming of practice main' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Stop', exact: true }).click()
      await goTo(page, '#/wal')
      await page.getByRole('link', { name: 'Start, stop…' }).first().click()
      await page.getByText('Nothing is received, and the slot makes the server keep its WAL').waitFor()
      await picture('stream-stopped')
      await press('Drop the slot…')
      await page.getByRole('dialog').getByRole('button', { name: 'Drop the slot', exact: true }).click()
      await page.getByText('The slot archive is dropped').waitFor()
      await picture('slot-dropped')
      expect(psql('main', 'postgres', 'SELECT count(*) FROM pg_replication_slots')).toBe('0')
      await lab('Streaming archive', 6, 6)
      await page.getByText('Found: no slot of main keeps WAL for it any more').waitFor()
      await page.getByText('Found: lab_later holds 1, 2, 3').waitFor()
      await picture('lab-stream')
    }, 120_000)
  })
})
