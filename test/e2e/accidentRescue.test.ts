// The accident from end to end, by keyboard alone, while others go on writing: a wrong DELETE and a DROP are found on the timeline,
// the moment before them is looked at, and the live database gets back what it lost beside everything written since.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Locator, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { stopServer } from '../integration/recoverySetup'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { freePort, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'

const pictures = join(artifacts, 'accident-rescue')

let archiving: ArchivingCluster
let writers: ChildProcess | undefined
let browser: Browser
let serve: ServeProcess
let core: RemoteCore
let page: Page
let context: BrowserContext
let errors: string[]
let archiveId = ''
let recovered = ''

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  archiving = await startArchiving({ major: newestMajor(), segmentSize: 1, prefix: 'accident-rescue' })
  const { cluster, archive } = archiving
  browser = await launchBrowser()
  serve = await startServe({ dataFolder: tempFolder('accident-rescue') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  const library = join(tempFolder('accident-rescue-library'), 'library')
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin], libraries: [library] })
  const { id } = await core.api.connections.save({
    ...{ id: null, label: 'shop server', colour: 'slate', readOnly: false },
    settings: {
      ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres' },
      ...{ sslmode: 'disable', sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  await cluster.sql('CREATE DATABASE shop')
  await cluster.sql(
    `CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 30000) i;
     CREATE TABLE price_list (id int PRIMARY KEY, price numeric DEFAULT 1); INSERT INTO price_list SELECT generate_series(1, 50)`,
    'shop',
  )
  const pgbench = (...argv: string[]) => [join(cluster.bin, 'pgbench'), [...argv, 'shop']] as const
  const env = { ...cluster.toolEnv(), PATH: '/usr/bin:/bin' }
  execFileSync(...pgbench('-i', '-q', '-s', '1'), { env, stdio: 'ignore' })
  const { jobId } = await core.api.baseBackup.start({
    ...{ connectionId: id, format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent: null },
    ...{ configuration: true, verify: false, keepSlot: false, library, label: '' },
  })
  expect((await jobEnd(core.api, jobId)).error).toBeNull()
  writers = spawn(...pgbench('-n', '-c', '2', '-R', '60', '-T', '3600'), { env, stdio: 'ignore' })
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await cluster.sql('DELETE FROM orders WHERE id <= 10000', 'shop')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await cluster.sql('DROP TABLE price_list', 'shop')
  await cluster.sql("INSERT INTO orders VALUES (40001, 'since then')", 'shop')
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await switchWal(cluster)
  archiveId = (await core.api.walArchive.register({ folder: archive, label: 'shop archive', connectionId: id })).id
  ;({ page, context, errors } = await openPage(browser, await newLink(serve)))
  page.setDefaultTimeout(30_000)
}, 180_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await page.screenshot({ path: join(pictures, 'failed.png') })
})

afterAll(async () => {
  writers?.kill('SIGKILL')
  if (recovered !== '') stopServer(archiving.cluster, recovered)
  await context?.close()
  core?.close()
  await serve?.stop()
  await browser?.close()
  await archiving?.cluster.remove()
}, 120_000)

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })

/** By keyboard: waits until it can be used, goes there, and presses the key. */
async function press(target: Locator, key = 'Enter'): Promise<void> {
  await target.and(page.locator(':enabled, a')).waitFor()
  await target.focus()
  await page.keyboard.press(key)
}

async function type(target: Locator, text: string): Promise<void> {
  await target.focus()
  await page.keyboard.press('Control+A')
  await page.keyboard.type(text)
}

const shoot = (name: string) => lookAt(page, pictures, name)

async function endOfJob() {
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
}

test('both accidents stand on the timeline, and the cursor goes before the first', async () => {
  await goTo(page, `#/restore/point?archive=${archiveId}`)
  await page.getByRole('slider', { name: 'Moment to recover to' }).waitFor()
  await press(button('The accident…'))
  await page.getByLabel('Database', { exact: true }).selectOption('shop')
  await press(page.getByRole('button', { name: /Any table that was dropped or truncated/ }))
  await page.getByRole('button', { name: /Dropped in shop/ }).waitFor()
  await press(button('Another table'))
  await press(page.getByRole('button', { name: /^public\.orders/ }))
  const finding = page.getByRole('button', { name: /Deleted 10,000 rows/ })
  await press(finding)
  await expect.poll(() => finding.getAttribute('aria-pressed')).toBe('true')
  await page.getByText('Reachable', { exact: true }).waitFor()
  await shoot('found')
})

test('recovered to just before, beside the live server', async () => {
  await press(button('Next: Destination'))
  const folder = join(tempFolder('accident-recovered'), 'shop before')
  await type(page.getByRole('textbox', { name: 'New data directory' }), folder)
  await type(page.getByLabel('Port', { exact: true }), String(await freePort()))
  await press(button('Next: Options'))
  await press(button('Next: Review'))
  await press(button('Start recovery'))
  await endOfJob()
  recovered = folder
  await press(page.getByRole('link', { name: 'Look', exact: true }))
  await page.getByText('2 tables have lost rows').waitFor()
  await shoot('look')
})

test('rescued: what was lost is there beside everything written since', async () => {
  await press(page.getByRole('link', { name: 'Rescue…' }))
  await page.getByText('2 chosen').waitFor()
  await press(button('Next: How'))
  await page.getByRole('heading', { name: /step 2 of 3/ }).waitFor()
  await press(button('Next: Review'))
  await press(button('Start rescue'))
  await endOfJob()
  await shoot('rescued')
  const [counts] = await archiving.cluster.sql(
    `SELECT (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM orders WHERE id <= 10000) AS lost,
            (SELECT note FROM orders WHERE id = 40001) AS since, (SELECT count(*)::int FROM price_list) AS prices,
            (SELECT count(*)::int FROM orders WHERE id <= 30000 AND note <> md5(id::text)) AS wrong`,
    'shop',
  )
  expect(counts).toEqual({ orders: 30001, lost: 10000, since: 'since then', prices: 50, wrong: 0 })
  // pgbench wrote before, between and after: its history has every transaction, and its sums agree.
  const [sums] = await archiving.cluster.sql(
    `SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history) AS accounts,
            (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT sum(delta) FROM pgbench_history) AS branches`,
    'shop',
  )
  expect(sums).toEqual({ accounts: true, branches: true })
  expect(errors).toEqual([])
})
