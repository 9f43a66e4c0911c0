// Copying a database to another server as a person does it, from the practice cluster main to replica: a missing role is put
// right on the way, each step passes axe, and the rows are the same.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { binFolder, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { hashTables } from '../support/tableHashes'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'dumpToServer')
const names = ['main', 'replica'] as const

let browser: Browser
let serve: ServeProcess
let core: RemoteCore

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  serve = await startServe({ dataFolder: tempFolder('toServer') })
  core = await connectServe(serve)
  const bin = binFolder(newestMajor())
  await core.api.host.saveSettings({ ...(await core.api.host.settings({})), installationFolders: [bin] })
  for (const name of names) {
    const job = await jobEnd(core.api, (await core.api.practice.make({ name, folder: bin, fill: false })).jobId)
    expect(job.error).toBeNull()
  }
  await on('main', 'postgres', (client) => client.query('CREATE DATABASE "my ""garden"""'))
  await on('main', 'postgres', (client) => client.query('CREATE ROLE gardener'))
  await on('main', 'my "garden"', (client) =>
    client.query(`CREATE TABLE beds (id serial PRIMARY KEY, plant text); ALTER TABLE beds OWNER TO gardener;
      INSERT INTO beds (plant) SELECT 'rose ' || n FROM generate_series(1, 1000) n`),
  )
}, 120_000)

afterAll(async () => {
  if (core) {
    for (const name of names) await jobEnd(core.api, (await core.api.practice.remove({ name, confirm: name })).jobId)
    core.close()
  }
  await serve?.stop()
  await browser?.close()
})

async function on<T>(cluster: (typeof names)[number], database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const { connections } = await core.api.connections.list({})
  const found = connections.find(({ practice }) => practice === cluster)
  if (!found) throw new Error(`there is no ${cluster}`)
  const { host, port, user, passfile } = found.settings
  const password = readFileSync(passfile, 'utf8').trim().split(':').at(-1) ?? ''
  const client = new pg.Client({ host, port: port ?? 5432, user, password, database })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

test('from main to replica', async () => {
  const labels = Object.fromEntries(
    (await core.api.connections.list({})).connections.map(({ practice, label }) => [practice ?? '', label]),
  )
  const faults: string[] = []
  const { page, context, errors } = await openPage(browser, await newLink(serve))
  page.setDefaultTimeout(20_000)
  const look = (name: string) => lookAt(page, pictures, name)
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  try {
    await goTo(page, '#/restore')
    await page.getByRole('link', { name: 'Copy a database to another server' }).click()
    await page.getByLabel('Server', { exact: true }).selectOption({ label: labels.main ?? '' })
    await page.getByRole('radio', { name: 'my "garden"' }).check()
    await look('source')
    await button('Next: Destination').click()
    await page.getByLabel('Server', { exact: true }).selectOption({ label: labels.replica ?? '' })
    const name = page.getByLabel('Name of the new database')
    await name.waitFor()
    expect(await name.inputValue()).toBe('my "garden"')
    await name.fill('garden copy')
    await look('destination')
    await button('Next: Options').click()
    await page.getByText('Gather statistics afterwards').waitFor()
    await look('options')
    await button('Next: Review').click()
    await page.getByText('Role gardener is missing').first().waitFor()
    expect(await button('Start copy').isDisabled()).toBe(true)
    await look('blocked')

    // A draft outlives its page.
    await page.reload()
    await page.getByText('Role gardener is missing').first().waitFor()
    await page.getByRole('button', { name: 'Create it as at the source' }).click()
    await page.getByText('Created as at the source, without a password:').first().waitFor()
    await button('Start copy').and(page.locator(':enabled')).waitFor()
    await look('review')
    await button('Start copy').click()
    await page.waitForURL(/#\/jobs\//)
    const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
    expect(job.error).toBeNull()
    expect(job.issues).toEqual([])
    expect(job.state).toBe('succeeded')
    await page.getByText('1,000 rows in 1 table, the same on both sides').first().waitFor()
    await look('job')
    expect(await on('replica', 'garden copy', hashTables)).toEqual(await on('main', 'my "garden"', hashTables))

    await button('Edit and run…').click()
    await page.getByText('Database name is taken').first().waitFor()
    expect(faults).toEqual([])
    expect(errors).toEqual([])
  } catch (error) {
    await page.screenshot({ path: join(pictures, 'failed.png') })
    throw error
  } finally {
    await context.close()
  }
}, 120_000)
