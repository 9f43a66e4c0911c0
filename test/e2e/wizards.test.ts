// The application's main flow as a person walks it, by mouse and again by keyboard alone, against a real cluster; what
// drafts survive; and that a blocker keeps Start grey with its reason until it is put right.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { binFolder, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { type DatabaseHashes, hashTables } from '../support/tableHashes'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'wizards')

let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  serve = await startServe({ dataFolder: tempFolder('wizards') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [binFolder(newestMajor())] })
}, 120_000)

afterAll(async () => {
  if (core) {
    const { clusters } = await core.api.practice.list({})
    if (clusters.some(({ name, state }) => name === 'main' && state !== 'absent')) {
      await jobEnd(core.api, (await core.api.practice.remove({ name: 'main', confirm: 'main' })).jobId)
    }
    core.close()
  }
  await serve?.stop()
  await browser?.close()
})

beforeEach(async () => {
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(30_000)
})

afterEach(async (test) => {
  if (test.task.result?.state === 'fail')
    await page.screenshot({ path: join(pictures, `failed-${test.task.name.slice(0, 40)}.png`) })
  await context.close()
  expect(errors).toEqual([])
})

/** As a superuser, over the password that Walkback made for the practice cluster. */
async function sql<T>(database: string, work: (connected: pg.Client) => Promise<T>): Promise<T> {
  const { connections } = await core.api.connections.list({})
  const main = connections.find(({ practice }) => practice === 'main')
  if (!main) throw new Error('there is no practice cluster')
  const password = readFileSync(main.settings.passfile, 'utf8').trim().split(':').at(-1) ?? ''
  const { host, port, user } = main.settings
  const connected = new pg.Client({ host, port: port ?? 5432, user, password, database })
  await connected.connect()
  try {
    return await work(connected)
  } finally {
    await connected.end()
  }
}

const rowsOfShop = (): Promise<DatabaseHashes> => sql('shop', hashTables)

const databases = () =>
  sql('postgres', async (connected) => {
    const found = await connected.query<{ datname: string }>('SELECT datname FROM pg_database')
    return found.rows.map(({ datname }) => datname)
  })

const next = (label: string) => page.getByRole('button', { name: label, exact: true })

/** The job's page says how it ended; the core's own snapshot says it too. */
async function jobEnded(): Promise<void> {
  await page.waitForURL(/#\/jobs\//)
  const jobId = decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length))
  const job = await jobEnd(core.api, jobId)
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
}

describe('the first lab', () => {
  let before: DatabaseHashes

  test('by keyboard alone: the practice cluster is made', async () => {
    await page.keyboard.press('Alt+8')
    await page.getByRole('heading', { level: 1, name: 'Practice' }).waitFor()
    await page.getByRole('button', { name: 'Make main' }).and(page.locator(':enabled')).first().waitFor()
    await tabTo('Make main')
    await page.keyboard.press('Enter')
    await page.getByText('Found: main runs on port').waitFor({ timeout: 120_000 })
    await page.screenshot({ path: join(pictures, 'practice-made.png') })
  }, 240_000)

  // The cluster is made by mouse on every major, in a file of its own.
  test('by mouse: dump, drop, restore, the same rows', async () => {
    await goTo(page, '#/practice')
    before = await rowsOfShop()
    expect(Object.keys(before.tables).length).toBeGreaterThan(5)
    await page.getByRole('button', { name: 'Count the rows' }).click()

    await page.getByRole('button', { name: 'Open the dump wizard' }).click()
    await next('Next: Options').click()
    await page.getByRole('radio', { name: 'Directory' }).waitFor()
    expect(await page.getByRole('radio', { name: 'Directory' }).isChecked()).toBe(true)
    await next('Next: Review').click()
    await page.screenshot({ path: join(pictures, 'dump-review.png') })
    await next('Start dump').click()
    await jobEnded()

    await goTo(page, '#/practice')
    await page.getByRole('button', { name: 'Drop shop…' }).click()
    const confirm = page.getByRole('button', { name: 'Drop shop', exact: true })
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByRole('dialog').getByRole('textbox').fill('shop')
    await confirm.click()
    await page.getByRole('button', { name: 'Open the restore wizard' }).waitFor()
    expect(await databases()).not.toContain('shop')

    await page.getByRole('button', { name: 'Open the restore wizard' }).click()
    await next('Next: Objects').click()
    await next('Next: Destination').click()
    await page.getByLabel('Name of the new database').fill('shop')
    await next('Next: Options').click()
    await next('Next: Review').click()
    await page.screenshot({ path: join(pictures, 'restore-review.png') })
    await next('Start restore').click()
    await jobEnded()

    expect(await rowsOfShop()).toEqual(before)
    await goTo(page, '#/practice')
    await page.getByText('6 of 6').waitFor()
    await page.screenshot({ path: join(pictures, 'practice-done.png'), fullPage: true })
  }, 240_000)

  test('by keyboard alone: dump, drop, restore, the same rows', async () => {
    const press = (key: string) => page.keyboard.press(key)
    const focusIs = (name: RegExp) =>
      expect
        .poll(() =>
          page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''),
        )
        .toMatch(name)
    await goTo(page, '#/backup')
    await tabTo('Dump a database')
    await press('Enter')
    await focusIs(/step 1 of 4: Database/)
    await page.getByRole('radio', { name: 'shop', exact: true }).waitFor()
    await tabTo('', 'radio')
    while (!(await page.getByRole('radio', { name: 'shop', exact: true }).isChecked())) await press('ArrowDown')
    await press('Enter')
    await focusIs(/step 2 of 4: Objects/)
    await next('Next: Options').and(page.locator(':enabled')).waitFor()
    await press('Enter')
    await focusIs(/step 3 of 4: Options/)
    await press('Escape')
    await focusIs(/step 2 of 4: Objects/)
    await press('Enter')
    await focusIs(/step 3 of 4: Options/)
    await press('Enter')
    await focusIs(/step 4 of 4: Review/)
    await next('Start dump').and(page.locator(':enabled')).waitFor()
    await press('Enter')
    await jobEnded()

    await press('Alt+1')
    await page.getByRole('button', { name: 'More for shop' }).waitFor()
    await tabTo('More for shop')
    await press('Enter')
    await page.getByRole('menuitem', { name: 'Drop…' }).waitFor()
    await press('ArrowDown')
    await focusIs(/^Drop…$/)
    await press('Enter')
    await page.getByRole('dialog').getByRole('textbox').waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT')
    await press('Enter') // with the name not typed yet, nothing happens
    await page.keyboard.type('shop')
    await press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(await databases()).not.toContain('shop')

    await press('Alt+3')
    await page.getByRole('heading', { level: 1, name: 'Restore' }).waitFor()
    await tabTo('Restore from a dump')
    await press('Enter')
    await focusIs(/step 1 of 5: Source/)
    await page.getByRole('radio').first().waitFor()
    await tabTo('', 'radio')
    await press('Space')
    await next('Next: Objects').and(page.locator(':enabled')).waitFor()
    await press('Enter')
    await focusIs(/step 2 of 5: Objects/)
    await next('Next: Destination').and(page.locator(':enabled')).waitFor()
    await press('Enter')
    await focusIs(/step 3 of 5: Destination/)
    await page.getByLabel('Name of the new database').waitFor()
    await tabTo('Name of the new database')
    await press('Control+a')
    await page.keyboard.type('shop')
    await press('Enter')
    await focusIs(/step 4 of 5: Options/)
    await press('Enter')
    await focusIs(/step 5 of 5: Review/)
    await next('Start restore').and(page.locator(':enabled')).waitFor()
    await press('Enter')
    await jobEnded()
    expect(await rowsOfShop()).toEqual(before)
  }, 240_000)

  /** Presses Tab until the focus is on what has this name (or, without one, this role). */
  async function tabTo(name: string, role = ''): Promise<void> {
    for (let pressed = 0; pressed < 80; pressed += 1) {
      await page.keyboard.press('Tab')
      const at = await page.evaluate(() => {
        const element = document.activeElement
        const label = element instanceof HTMLInputElement ? (element.labels?.[0]?.textContent ?? '') : ''
        return {
          name: element?.getAttribute('aria-label') ?? (label || element?.textContent || ''),
          role: element?.getAttribute('type') ?? '',
        }
      })
      if (role === '' ? at.name === name : at.role === role) return
    }
    throw new Error(`Tab never reached ${name || role}`)
  }
})

describe('drafts', () => {
  test('survive leaving the page and a reload, and start over when asked', async () => {
    await goTo(page, '#/backup/dump?database=shop')
    await next('Next: Options').click()
    await page.getByRole('radio', { name: 'Custom' }).check()
    await page.getByLabel('Label').fill('before the migration')
    await goTo(page, '#/jobs')
    await goTo(page, '#/backup/dump')
    expect(await page.getByLabel('Label').inputValue()).toBe('before the migration')
    await page.reload()
    await page.getByRole('heading', { name: /step 3 of 4/ }).waitFor()
    expect(await page.getByLabel('Label').inputValue()).toBe('before the migration')
    expect(await page.getByRole('radio', { name: 'Custom' }).isChecked()).toBe(true)
    const kept = await page.evaluate(() => window.localStorage.getItem('walkback-drafts') ?? '')
    expect(kept).toContain('before the migration')
    expect(kept).not.toMatch(/password/i)

    await page.getByRole('button', { name: 'Start over' }).click()
    await page.getByRole('heading', { name: /step 1 of 4/ }).waitFor()
    expect(await page.getByRole('radio', { checked: true }).count()).toBe(0)
    expect(await next('Next: Objects').isDisabled()).toBe(true)
    expect(await page.getByText('Choose a database first').isVisible()).toBe(true)
  })

  test('a damaged draft does not keep the window from opening', async () => {
    await page.evaluate(() =>
      window.localStorage.setItem('walkback-drafts', '{"state":{"dump":{"x":{"step":"nowhere"}},"restore":7},"version":1}'),
    )
    await page.reload()
    await goTo(page, '#/restore/dump')
    await page.getByRole('heading', { name: /step 1 of 5: Source/ }).waitFor()
    await page.evaluate(() => window.localStorage.setItem('walkback-drafts', 'not JSON at all'))
    await page.reload()
    await page.getByRole('heading', { name: /step 1 of 5: Source/ }).waitFor()
  })
})

describe('options', () => {
  test('what this pg_dump or this format has no use for is greyed out with the reason', async () => {
    await goTo(page, '#/backup/dump?database=shop')
    await next('Next: Options').click()
    await page.getByRole('radio', { name: 'Plain SQL' }).check()
    await page.getByText('Only the directory format can be written by several jobs.').waitFor()
    expect(await page.getByLabel(/^Parallel jobs/).isDisabled()).toBe(true)
    await page.getByRole('button', { name: /^All options/ }).click()
    await page.getByRole('searchbox', { name: /Find an option/ }).fill('--if-exists')
    expect(await page.getByRole('checkbox', { name: /Drop only what exists/ }).isDisabled()).toBe(true)
    expect(await page.getByText('Only together with --clean.').isVisible()).toBe(true)
  })

  test('an exclusion is shown in the command, in what is left out, and can be taken back', async () => {
    await goTo(page, '#/backup/dump?database=shop')
    await page.getByRole('searchbox').fill('sales.orders')
    await page.getByRole('checkbox', { name: 'Rows of sales.orders', exact: true }).uncheck()
    await page.getByText(`--exclude-table-data=`).first().waitFor()
    await page.getByText('Rows of sales.orders').last().waitFor()
    await next('Next: Options').click()
    await page.getByRole('button', { name: /^All options/ }).click()
    await page.getByRole('button', { name: 'Remove "sales"."orders"' }).click()
    await expect.poll(() => page.getByText('--exclude-table-data=').count()).toBe(0)
  })
})

describe('blockers', () => {
  test('a missing role keeps Start grey with its reason; creating it from the saved globals lifts that', async () => {
    const { backups } = await core.api.backups.list({})
    const path = backups[0]?.path ?? ''
    await sql('postgres', async (connected) => {
      const taken = await connected.query<{ name: string }>(
        "SELECT datname AS name FROM pg_database WHERE datdba = 'shop_owner'::regrole",
      )
      for (const { name } of taken.rows) await connected.query(`DROP DATABASE "${name}"`)
      await connected.query('DROP ROLE shop_owner')
    })
    await goTo(page, `#/restore/dump?backup=${encodeURIComponent(path)}`)
    await next('Next: Objects').click()
    await next('Next: Destination').click()
    await next('Next: Options').click()
    await next('Next: Review').click()
    await page.getByRole('status').filter({ hasText: 'shop_owner' }).waitFor()
    await page.screenshot({ path: join(pictures, 'restore-blocked.png') })
    const start = next('Start restore')
    expect(await start.isDisabled()).toBe(true)
    const reason = await start.getAttribute('aria-describedby')
    expect(await page.locator(`[id="${reason}"]`).textContent()).toContain('shop_owner')
    await page.keyboard.press('Enter')
    expect(page.url()).toContain('#/restore/dump')

    await page
      .getByRole('button', { name: /Create.*globals/ })
      .first()
      .click()
    await page.getByText('Created from the saved globals').waitFor()
    await start.and(page.locator(':enabled')).waitFor()
    const roles = await sql(
      'postgres',
      async (connected) => (await connected.query("SELECT 1 FROM pg_roles WHERE rolname = 'shop_owner'")).rowCount,
    )
    expect(roles).toBe(1)
  })

  test('a name that is taken keeps Start grey, and the fix leads back to the destination', async () => {
    const { backups } = await core.api.backups.list({})
    await goTo(page, `#/restore/dump?backup=${encodeURIComponent(backups[0]?.path ?? '')}`)
    await next('Next: Objects').click()
    await next('Next: Destination').click()
    await page.getByLabel('Name of the new database').fill('course')
    await page.getByText('A database of this name exists.').waitFor()
    await next('Next: Options').click()
    await next('Next: Review').click()
    await page.getByRole('status').filter({ hasText: '1 blocker: Database name is taken' }).waitFor()
    expect(await next('Start restore').isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Change the destination' }).click()
    await page.getByRole('heading', { name: /step 3 of 5: Destination/ }).waitFor()
    await page.getByLabel('Name of the new database').fill('course_again')
    await next('Next: Options').click()
    await next('Next: Review').click()
    await next('Start restore').and(page.locator(':enabled')).waitFor()
    expect(await databases()).toContain('course')
  })

  test('a database that holds something keeps Start grey, and the first fix turns to a new one', async () => {
    const { backups } = await core.api.backups.list({})
    await goTo(page, `#/restore/dump?backup=${encodeURIComponent(backups[0]?.path ?? '')}`)
    await next('Next: Objects').click()
    await next('Next: Destination').click()
    await page.getByRole('radio', { name: /A database that exists/ }).check()
    await page.getByRole('combobox', { name: 'Database', exact: true }).selectOption('course')
    await page.getByText(/course holds .* The restore adds to them/).waitFor()
    await next('Next: Options').click()
    await next('Next: Review').click()
    await page.getByRole('status').filter({ hasText: '1 blocker: Database is not empty' }).waitFor()
    expect(await next('Start restore').isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Restore into a new database' }).click()
    expect(await page.getByRole('radio', { name: /A new database/ }).isChecked()).toBe(true)
  })
})

describe('edit and run', () => {
  test('a past dump opens as a draft with exactly its choices', async () => {
    const connectionId = (await core.api.connections.list({})).connections.find(({ practice }) => practice === 'main')?.id ?? ''
    const prepared = await core.api.dump.prepare({ connectionId, database: 'course' })
    const request = {
      connectionId,
      database: 'course',
      format: 'custom' as const,
      options: { noOwner: true },
      globals: false,
      library: prepared.libraries[0]?.path ?? '',
      label: 'to edit',
    }
    const job = await jobEnd(core.api, (await core.api.dump.start(request)).jobId)
    expect(job.state).toBe('succeeded')
    await goTo(page, `#/backup/dump?job=${job.id}`)
    await page.getByRole('heading', { name: /step 4 of 4: Review/ }).waitFor()
    await next('Start dump').and(page.locator(':enabled')).waitFor()
    const command = (await page.getByRole('region', { name: /^Commands?$/ }).textContent()) ?? ''
    expect(command).toContain('--format=custom')
    expect(command).toContain('--no-owner')
    expect(command).not.toContain('--compress')
    expect(command).not.toContain('pg_dumpall')
    await next('Start dump').click()
    await page.waitForURL(/#\/jobs\//)
    const again = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
    expect(again.input).toEqual(request)
  })

  test('a job of another kind says why it can not be edited', async () => {
    const { jobId } = await core.api.practice.stop({ name: 'main' })
    await jobEnd(core.api, jobId)
    await jobEnd(core.api, (await core.api.practice.start({ name: 'main' })).jobId)
    await goTo(page, '#/backup')
    await page.evaluate((hash) => {
      window.location.hash = hash
    }, `#/backup/dump?job=${jobId}`)
    await page.getByText('This job is not a dump, so it can not be edited here.').waitFor()
  })
})

describe('backups', () => {
  test('verify is a job, and its result joins the list', async () => {
    const { backups } = await core.api.backups.list({})
    const backup = backups.find(({ record }) => record.label === 'to edit')
    const checks = backup?.record.verifications.length ?? 0
    await page.evaluate(
      (hash) => {
        window.location.hash = hash
      },
      `#/backups?path=${encodeURIComponent(backup?.path ?? '')}`,
    )
    await page.getByRole('dialog').getByRole('button', { name: 'Verify…' }).click()
    await page.getByRole('dialog', { name: 'Verify this backup' }).getByRole('button', { name: 'Verify', exact: true }).click()
    await jobEnded()
    const after = (await core.api.backups.list({})).backups.find(({ path }) => path === backup?.path)
    // Checksums and read: each has a result of its own.
    expect(after?.record.verifications).toHaveLength(checks + 2)
    expect(after?.record.verifications.at(-1)?.ok).toBe(true)
  })

  test('remove wants the name typed, and moves the folder to the trash of its library', async () => {
    const { backups } = await core.api.backups.list({})
    const backup = backups.find(({ record }) => record.label === 'to edit')
    if (!backup) throw new Error('the backup to remove is not there')
    const name = backup.path.split('/').at(-1) ?? ''
    await page.evaluate(
      (hash) => {
        window.location.hash = hash
      },
      `#/backups?path=${encodeURIComponent(backup.path)}`,
    )
    await page.getByRole('dialog').getByRole('button', { name: 'Remove…' }).click()
    const confirm = page.getByRole('button', { name: 'Remove', exact: true })
    await page.getByRole('dialog').getByRole('textbox').fill(name.slice(0, -1))
    expect(await confirm.isDisabled()).toBe(true)
    await page.getByRole('dialog').getByRole('textbox').fill(name)
    await confirm.click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    const left = await core.api.backups.list({})
    expect(left.backups.map(({ path }) => path)).not.toContain(backup.path)
    expect(existsSync(backup.path)).toBe(false)
    expect(existsSync(join(backup.library, '.trash'))).toBe(true)
  })

  test('an unfinished folder is named, not offered for restoring, and goes to the trash when its name is typed', async () => {
    const library = (await core.api.backups.list({})).libraries[0]?.path ?? ''
    mkdirSync(join(library, 'practice-main', '2026-01-01T000000Z-dump-left.partial'), { recursive: true })
    await goTo(page, '#/backups')
    await page.getByRole('region', { name: 'To look at' }).getByText('2026-01-01T000000Z-dump-left.partial').waitFor()
    expect(await page.getByRole('table').first().getByText('dump-left').count()).toBe(0)
    await page.getByRole('button', { name: 'Remove 2026-01-01T000000Z-dump-left.partial' }).click()
    const dialog = page.getByRole('dialog', { name: 'Remove this unfinished backup' })
    expect(await dialog.getByRole('button', { name: 'Remove', exact: true }).isDisabled()).toBe(true)
    await dialog.getByRole('textbox').fill('2026-01-01T000000Z-dump-left.partial')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('region', { name: 'To look at' }).waitFor({ state: 'hidden' })
    expect(existsSync(join(library, 'practice-main', '2026-01-01T000000Z-dump-left.partial'))).toBe(false)
    expect(existsSync(join(library, '.trash', '2026-01-01T000000Z-dump-left.partial'))).toBe(true)
  })
})

describe('a script', () => {
  test('restores through psql from its path, with the draft saying so', async () => {
    const connectionId = (await core.api.connections.list({})).connections.find(({ practice }) => practice === 'main')?.id ?? ''
    const prepared = await core.api.dump.prepare({ connectionId, database: 'course' })
    const library = prepared.libraries[0]?.path ?? ''
    const request = {
      connectionId,
      database: 'course',
      format: 'plain' as const,
      options: {},
      globals: false,
      library,
      label: '',
    }
    const dumped = await jobEnd(core.api, (await core.api.dump.start(request)).jobId)
    const entry = (await core.api.backups.list({})).backups.find(({ path }) => path === dumped.result?.backupPath)
    const file = join(entry?.path ?? '', entry?.record.artifact ?? '')
    await goTo(page, '#/restore/dump')
    await page.getByRole('textbox', { name: 'Path on the machine that runs Walkback' }).fill(file)
    await page.getByText('SQL script', { exact: true }).first().waitFor()
    await next('Next: Objects').click()
    await next('Next: Destination').click()
    await page.getByLabel('Name of the new database').fill('course_again')
    await next('Next: Options').click()
    await page.getByRole('switch', { name: /One transaction/ }).check()
    expect(await page.getByRole('switch', { name: /Go on after an error/ }).isDisabled()).toBe(true)
    await page.screenshot({ path: join(pictures, 'restore-script-options.png') })
    await next('Next: Review').click()
    await next('Start restore').click()
    await jobEnded()
    expect(await sql('course_again', hashTables)).toEqual(await sql('course', hashTables))
  })
})

test('every step: axe finds nothing serious, nothing is too small or too wide', async () => {
  const { backups } = await core.api.backups.list({})
  const path = encodeURIComponent(backups[0]?.path ?? '')
  const connectionId = (await core.api.connections.list({})).connections[0]?.id ?? ''
  // An earlier test may have taken the database away.
  if (!(await databases()).includes('shop')) await jobEnd(core.api, (await core.api.practice.fill({ name: 'main' })).jobId)
  expect(connectionId).not.toBe('')
  const check = (name: string) => lookAt(page, pictures, name)
  const go = (label: string) => next(label).and(page.locator(':enabled')).click()
  await goTo(page, '#/backup/dump')
  await page.getByRole('radio', { name: 'shop', exact: true }).check()
  await check('dump-1-database')
  await go('Next: Objects')
  await page.getByRole('searchbox').fill('sales.orders')
  await page.getByRole('checkbox', { name: 'Rows of sales.orders', exact: true }).uncheck()
  await page.getByRole('searchbox').fill('')
  await check('dump-2-objects')
  await go('Next: Options')
  await check('dump-3-options')
  await page.getByRole('button', { name: /^All options/ }).click()
  await page.getByRole('searchbox', { name: /Find an option/ }).fill('table')
  await page.getByRole('region', { name: 'Objects' }).scrollIntoViewIfNeeded()
  await check('dump-3-all-options')
  await go('Next: Review')
  await page.getByRole('button', { name: 'Start dump' }).and(page.locator(':enabled')).waitFor()
  await check('dump-4-review')
  await goTo(page, `#/restore/dump?backup=${path}`)
  await check('restore-1-source')
  await go('Next: Objects')
  await check('restore-2-objects')
  await go('Next: Destination')
  await check('restore-3-new')
  await page.getByRole('radio', { name: /A database that exists/ }).check()
  await page.getByRole('combobox', { name: 'Database', exact: true }).selectOption('shop')
  await check('restore-3-existing')
  await go('Next: Options')
  await check('restore-4-options')
  await go('Next: Review')
  await page.getByRole('table').waitFor()
  await check('restore-5-review')
  // The dialog hides the page behind it from assistive technology: its own heading is what shows that it is there.
  await page.evaluate((hash) => {
    window.location.hash = hash
  }, `#/backups?path=${path}`)
  await page.getByRole('dialog').waitFor()
  await check('backups-details')
}, 400_000)
