// Restore to a point in time by keyboard: a cluster with a file archive and a base backup, rows of one commit each; the person
// walks the timeline commit by commit, runs, and sees exactly the rows before the moment. axe looks at the Moment step. Then a
// practice cluster dies with WAL that was never archived, and is recovered in its own place with all of its rows.
import { chownSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Mark, mark, marksOn, prepareMarks } from '../integration/recoveryPointSetup'
import { stopServer } from '../integration/recoverySetup'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { freePort, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { readPostmasterPid, tempFolder, waitUntilNoProcessIn } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'

const pictures = join(artifacts, 'recovery-point')

let archiving: ArchivingCluster
let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]
let marks: Mark[]
let dataFolder: string
let connectionId: string
let library: string
let full: string
const recovered: string[] = []

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  archiving = await startArchiving({ major: newestMajor(), segmentSize: 1, prefix: 'point', conf: { summarize_wal: 'on' } })
  const { cluster, archive } = archiving
  browser = await launchBrowser()
  dataFolder = tempFolder('point-wizard')
  serve = await startServe({ dataFolder })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  library = join(tempFolder('point-library'), 'library')
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin], libraries: [library] })
  const { id } = await core.api.connections.save({
    id: null,
    label: 'shop server',
    colour: 'slate',
    readOnly: false,
    settings: {
      ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres' },
      ...{ sslmode: 'disable', sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  await prepareMarks(cluster)
  connectionId = id
  const { jobId } = await core.api.baseBackup.start({
    ...{ connectionId: id, format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent: null },
    ...{ configuration: true, verify: false, keepSlot: false, library, label: '' },
  })
  const taken = await jobEnd(core.api, jobId)
  expect(taken.error).toBeNull()
  full = taken.result?.backupPath ?? ''
  marks = []
  for (const id of [1, 2, 3, 4, 5, 6]) {
    if (id === 5) await cluster.sql(`SELECT pg_create_restore_point('before the accident')`)
    marks.push(await mark(cluster, id))
  }
  await switchWal(cluster)
  await core.api.walArchive.register({ folder: archive, label: 'shop archive', connectionId: id })
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(30_000)
}, 180_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await page.screenshot({ path: join(pictures, 'failed.png') })
})

afterAll(async () => {
  for (const folder of recovered) stopServer(archiving.cluster, folder)
  await context?.close()
  core?.close()
  await serve?.stop()
  await browser?.close()
  await archiving?.cluster.remove()
}, 120_000)

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
const slider = () => page.getByRole('slider', { name: 'Moment to recover to' })
const heard = async () => (await slider().getAttribute('aria-valuetext')) ?? ''

const look = (name: string) => lookAt(page, pictures, name)

test('the source: the cluster, its archive, and how far they reach', async () => {
  await goTo(page, '#/restore')
  await page.getByRole('link', { name: 'Restore to a point in time' }).click()
  await page.getByRole('heading', { name: /step 1 of 5/ }).waitFor()
  await page.getByRole('radio', { name: /shop/ }).first().check()
  await page.getByText('shop archive').first().waitFor()
  await page.getByText('every moment').waitFor()
  await look('source')
  await button('Next: Moment').click()
})

test('by keyboard: from the first reachable moment, commit by commit, to the third row', async () => {
  await slider().waitFor()
  await slider().focus()
  await page.keyboard.press('Home')
  const third = marks[2]
  if (!third) throw new Error('no marks')
  // Each step goes on only once the commits around the one before are known.
  for (let n = 0; n < 40; n += 1) {
    await expect.poll(heard).toMatch(/transaction|no commit/)
    if ((await heard()).includes(`keeps transaction ${third.xid}, at it`)) break
    const before = await slider().getAttribute('aria-valuenow')
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => slider().getAttribute('aria-valuenow')).not.toBe(before)
  }
  expect(await heard()).toContain(`keeps transaction ${third.xid}, at it; leaves out transaction ${marks[3]?.xid}`)
  expect(Number(await slider().getAttribute('aria-valuenow'))).toBe(third.time)
  expect(await page.getByLabel('Transaction', { exact: true }).inputValue()).toBe(String(third.xid))
  await page.getByText('Reachable', { exact: true }).waitFor()
  await page.getByText('recovery_target_time', { exact: true }).waitFor()
  await look('moment')
  // One back and forth again leads to the same commit.
  await slider().focus()
  await page.keyboard.press('ArrowLeft')
  await expect.poll(heard).toContain(`keeps transaction ${marks[1]?.xid}, at it`)
  await page.keyboard.press('ArrowRight')
  await expect.poll(heard).toContain(`keeps transaction ${third.xid}, at it`)
})

test('what can’t be reached says why, and offers the nearest moment', async () => {
  const time = page.getByLabel('Time, to the microsecond')
  const kept = await time.inputValue()
  const date = await page.getByLabel('Date').inputValue()
  await page.getByLabel('Date').fill('2099-01-01')
  await page.getByText('Not reachable', { exact: true }).waitFor()
  await page
    .getByText(/is after the last commit in reach, transaction/)
    .first()
    .waitFor()
  expect(await button('Next: Destination').isDisabled()).toBe(true)
  await look('not-reachable')
  await page.getByRole('button', { name: /^Take the nearest/ }).click()
  await page.getByText('Reachable', { exact: true }).waitFor()
  expect(await page.getByRole('radio', { name: 'LSN', exact: true }).getAttribute('aria-checked')).toBe('true')
  await page.getByRole('radio', { name: 'Time', exact: true }).click()
  await page.getByLabel('Date').fill(date)
  await time.fill('no time')
  await page
    .getByText(/A time looks like 09:14:32\.500000/)
    .first()
    .waitFor()
  await time.fill(kept)
  await expect.poll(heard).toContain(`keeps transaction ${marks[2]?.xid}, at it`)
})

test('run: exactly the rows before the moment are there, and the server waits to be looked at', async () => {
  await button('Next: Destination').and(page.locator(':enabled')).click()
  const folder = join(tempFolder('point'), 'recovered')
  const port = await freePort()
  await page.getByRole('textbox', { name: 'New data directory' }).fill(folder)
  await page.getByLabel('Port', { exact: true }).fill(String(port))
  await button('Next: Options').and(page.locator(':enabled')).click()
  await button('Next: Review').and(page.locator(':enabled')).click()
  await page.getByText('recovery_target_time').first().waitFor()
  await button('Start recovery').and(page.locator(':enabled')).waitFor()
  await look('review')
  await button('Start recovery').click()
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  recovered.push(folder)
  expect(job.state).toBe('succeeded')
  await page
    .getByText(/It waits there, read-only: connect and look, then promote it or stop it/)
    .first()
    .waitFor()
  await look('result')
  expect(await marksOn(archiving.cluster, port)).toEqual({ ids: [1, 2, 3], recovering: true })
  expect(errors).toEqual([])
})

test('a dead cluster in its own place, with the WAL that was never archived', async () => {
  const made = await jobEnd(
    core.api,
    (await core.api.practice.make({ name: 'main', folder: archiving.cluster.bin, fill: false })).jobId,
  )
  expect(made.error).toBeNull()
  const data = realpathSync(join(dataFolder, 'practice', 'main', 'data'))
  const archive = join(tempFolder('point-dead'), 'archive')
  mkdirSync(archive)
  chownSync(archive, statSync(data).uid, statSync(data).gid)
  const sql = async (...texts: string[]): Promise<Record<string, unknown>[]> => {
    const [host, , , user, password] = readFileSync(join(dataFolder, 'practice', 'main', 'pgpass'), 'utf8')
      .trim()
      .split(':')
    const port = (await core.api.practice.list({})).clusters.find(({ name }) => name === 'main')?.port ?? 0
    const client = new Client({ host, port, user, password, database: 'postgres' })
    await client.connect()
    try {
      let rows: Record<string, unknown>[] = []
      for (const text of texts) rows = (await client.query(text)).rows
      return rows
    } finally {
      await client.end()
    }
  }
  await sql(
    'ALTER SYSTEM SET archive_mode = on',
    `ALTER SYSTEM SET archive_command = 'cp %p "${archive}/%f.tmp" && mv "${archive}/%f.tmp" "${archive}/%f"'`,
  )
  await jobEnd(core.api, (await core.api.practice.stop({ name: 'main' })).jobId)
  await jobEnd(core.api, (await core.api.practice.start({ name: 'main' })).jobId)
  const { jobId } = await core.api.baseBackup.start({
    ...{ connectionId: 'practice-main', format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent: null },
    ...{ configuration: true, verify: false, keepSlot: false, library, label: '' },
  })
  expect((await jobEnd(core.api, jobId)).error).toBeNull()
  await sql('CREATE TABLE marks (id int)', 'INSERT INTO marks VALUES (1)', 'SELECT pg_switch_wal()')
  const status = join(data, 'pg_wal', 'archive_status')
  await expect.poll(() => readdirSync(status).some((name) => name.endsWith('.ready')), { timeout: 30_000 }).toBe(false)
  await sql(`ALTER SYSTEM SET archive_command = 'false'`, 'SELECT pg_reload_conf()')
  await sql('INSERT INTO marks VALUES (2)', 'SELECT pg_switch_wal()', 'INSERT INTO marks VALUES (3)')
  await core.api.walArchive.register({ folder: archive, label: 'archive of main', connectionId: 'practice-main' })
  process.kill(readPostmasterPid(data) ?? 0, 'SIGKILL')
  await waitUntilNoProcessIn(data, 20_000)

  await goTo(page, '#/restore/point')
  await page.getByRole('heading', { name: /step 1 of 5/ }).waitFor()
  await page
    .getByRole('radio', { name: /practice main/ })
    .first()
    .check()
  const tick = page.getByRole('checkbox', { name: /^Salvage the WAL of practice main/ })
  await tick.check()
  await page.getByText(/With it recovery reaches to/).waitFor()
  if (process.env.WALKBACK_LONG === '1') await look('salvage-source')
  await button('Next: Moment').and(page.locator(':enabled')).click()
  await slider().waitFor()
  await page.getByRole('radio', { name: 'End of WAL', exact: true }).click()
  await page
    .getByText(/Replays all WAL up to/)
    .first()
    .waitFor()
  expect(await page.locator('.tl-salvaged').count()).toBe(1)
  await look('salvage-moment')
  // The search reads what would be salvaged, too.
  await button('The accident…').click()
  await page.getByRole('button', { name: /Any table that was dropped or truncated/ }).click()
  await page.getByText('last day, salvaged WAL too').waitFor()
  await page
    .getByText(/Searched \d+ segments|No commit deleted, truncated or dropped/)
    .first()
    .waitFor()
  await look('salvage-accident')
  await button('The accident…').click()
  await button('Next: Destination').and(page.locator(':enabled')).click()
  await page.getByRole('radio', { name: /The place of a stopped cluster/ }).check()
  await page.getByRole('radio', { name: 'practice main', exact: true }).check()
  await tick.uncheck()
  await page.getByText(/^Without it what was committed after [0-9A-F/]+ will not be in the recovered cluster\.$/).waitFor()
  await tick.check()
  await look('salvage-destination')
  await button('Next: Options').and(page.locator(':enabled')).click()
  await button('Next: Review').and(page.locator(':enabled')).click()
  await page.getByRole('table', { name: 'Files that are salvaged' }).waitFor()
  expect(await page.getByRole('table', { name: 'Files that are salvaged' }).getByRole('row').count()).toBe(3)
  const name = page.getByRole('textbox', { name: /Type the cluster’s name, practice main/ })
  await name.fill('practice')
  expect(await button('Start recovery').isDisabled()).toBe(true)
  await name.fill('practice main')
  await button('Start recovery').and(page.locator(':enabled')).waitFor()
  await look('salvage-review')
  await button('Start recovery').click()
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  await page
    .getByText(/from the salvaged WAL/)
    .first()
    .waitFor()
  if (process.env.WALKBACK_LONG === '1') await look('salvage-result')
  expect((await sql('SELECT id FROM marks ORDER BY id')).map(({ id }) => id)).toEqual([1, 2, 3])
  await jobEnd(core.api, (await core.api.practice.stop({ name: 'main' })).jobId)
  expect(errors).toEqual([])
}, 240_000)

/** From the list of backups: one click on Restore…, one on the start. Returns the rows that are there. */
async function inTwoClicks(index: number): Promise<{ ids: number[]; recovering: boolean; steps: string[] }> {
  await goTo(page, '#/backups')
  await page
    .getByRole('link', { name: /^Restore / })
    .nth(index)
    .click()
  const start = button('Start recovery')
  await expect.poll(() => start.isEnabled(), { timeout: 30_000 }).toBe(true)
  await look(`two-clicks-${index}`)
  await start.click()
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  const fact = (label: string) => job.result?.facts.find((one) => one.label === label)?.value ?? ''
  recovered.push(fact('Data directory'))
  const found = await marksOn(archiving.cluster, Number(fact('Port')))
  if (process.env.WALKBACK_LONG === '1') await look(`two-clicks-${index}-job`)
  return { ...found, steps: job.steps.map(({ id }) => id) }
}

test('in two clicks from the backups: one that holds its WAL by itself, one without as soon as it is consistent', async () => {
  // An incremental one, whose WAL is in the archive alone: its chain is combined on the way.
  const { jobId } = await core.api.baseBackup.start({
    ...{ connectionId, format: 'plain', options: { walMethod: 'none', checkpoint: 'fast' }, parent: full },
    ...{ configuration: true, verify: false, keepSlot: false, library, label: 'incremental' },
  })
  expect((await jobEnd(core.api, jobId)).error).toBeNull()
  await mark(archiving.cluster, 7)
  await switchWal(archiving.cluster)
  expect(await inTwoClicks(0)).toMatchObject({ ids: [], recovering: false })
  const immediate = await inTwoClicks(1)
  expect(immediate).toMatchObject({ ids: [1, 2, 3, 4, 5, 6], recovering: true })
  expect(immediate.steps).toContain('combine')
  expect(errors).toEqual([])
}, 240_000)

test('a cluster that died in a folder of its own: its WAL is named, and its place taken', async () => {
  const { cluster, archive } = archiving
  await cluster.sql(`ALTER SYSTEM SET archive_command = 'false'`)
  await cluster.sql('SELECT pg_reload_conf()')
  await mark(cluster, 8)
  await cluster.stop('kill')
  await goTo(page, '#/restore/point')
  await page.getByRole('heading', { name: /step 1 of 5/ }).waitFor()
  await page.getByRole('radio', { name: /shop/ }).first().check()
  await button('Salvage the WAL of a dead cluster…').click()
  const deadFolder = page.getByRole('textbox', { name: 'Data directory of the dead cluster' })
  await deadFolder.fill(archive)
  await button('Look there').click()
  await page.getByText(/^Nothing can be salvaged from archive: .* it has no PG_VERSION/).waitFor()
  await deadFolder.fill(cluster.dataDir)
  await button('Look there').click()
  await page.getByRole('checkbox', { name: /^Salvage the WAL of data/ }).check()
  await page.getByText(/With it recovery reaches to/).waitFor()
  await look('dead-named')
  await button('Next: Moment').and(page.locator(':enabled')).click()
  await slider().waitFor()
  await page.getByRole('radio', { name: 'End of WAL', exact: true }).click()
  await button('Next: Destination').and(page.locator(':enabled')).click()
  await page.getByRole('radio', { name: /The place of a stopped cluster/ }).check()
  await page.getByRole('radio', { name: 'Another data directory', exact: true }).check()
  const place = page.getByRole('textbox', { name: 'Data directory of the stopped cluster' })
  await place.fill(archive)
  await page.getByText(`${archive} is no data directory of PostgreSQL: it has no PG_VERSION.`).first().waitFor()
  expect(await button('Next: Options').isDisabled()).toBe(true)
  if (process.env.WALKBACK_LONG === '1') await look('place-refused')
  await place.fill(cluster.dataDir)
  const port = page.getByLabel('Port', { exact: true })
  await expect.poll(() => port.inputValue()).toBe(String(cluster.port))
  await page.getByText(/No server runs, and it was not shut down: “in production”/).waitFor()
  await look('place-other')
  await button('Next: Options').and(page.locator(':enabled')).click()
  await button('Next: Review').and(page.locator(':enabled')).click()
  await page.getByRole('table', { name: 'Files that are salvaged' }).waitFor()
  await page.getByRole('textbox', { name: /Type the cluster’s name, data/ }).fill('data')
  await button('Start recovery').and(page.locator(':enabled')).waitFor()
  await look('place-review')
  await button('Start recovery').click()
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  recovered.push(cluster.dataDir)
  await page.getByText(/does not know this server/).waitFor()
  if (process.env.WALKBACK_LONG === '1') await look('place-result')
  expect(await marksOn(cluster, cluster.port)).toEqual({ ids: [1, 2, 3, 4, 5, 6, 7, 8], recovering: false })
  expect(errors).toEqual([])
}, 240_000)
