// A whole cluster by mouse: a set of its databases, and that set into another, empty cluster; axe looks at every step.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { artifacts, goTo, launchBrowser, lookAt, newLink, openPage } from '../support/browser'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { hashTables } from '../support/tableHashes'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'wizards')

let browser: Browser
let serve: ServeProcess
let core: RemoteCore
const clusters: TestCluster[] = []

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  for (const prefix of ['source', 'target']) clusters.push(await startCluster({ major: newestMajor(), prefix }))
  serve = await startServe({ dataFolder: tempFolder('cluster-wizard') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: clusters.slice(0, 1).map(({ bin }) => bin) })
  for (const [at, { port, password }] of clusters.entries()) {
    await core.api.connections.save({
      id: null,
      label: at === 0 ? 'old main' : 'new main',
      colour: at === 0 ? 'slate' : 'teal',
      readOnly: false,
      settings: {
        host: '127.0.0.1',
        port,
        database: 'postgres',
        user: 'postgres',
        sslmode: 'disable',
        sslrootcert: '',
        sslcert: '',
        sslkey: '',
        service: '',
        passfile: '',
      },
      password: { kind: 'set', password, remember: false },
    })
  }
  await source().sql(`CREATE ROLE keeper LOGIN PASSWORD 'kept'`)
  for (const name of ['orders', 'people', 'left behind']) {
    await source().sql(`CREATE DATABASE "${name}" OWNER keeper`)
    await source().sql(`CREATE TABLE things AS SELECT i AS id, md5(i::text) AS name FROM generate_series(1, 300) i`, name)
  }
}, 120_000)

afterAll(async () => {
  core?.close()
  await serve?.stop()
  await browser?.close()
  for (const cluster of clusters) await cluster.remove()
})

function source(): TestCluster {
  const [first] = clusters
  if (!first) throw new Error('no cluster')
  return first
}

async function rows(cluster: TestCluster | undefined, database: string) {
  const client = await cluster?.client(database)
  if (!client) throw new Error('no cluster')
  try {
    return await hashTables(client)
  } finally {
    await client.end()
  }
}

async function picture(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(400)
  await page.screenshot({ path: join(pictures, `${name}.png`) })
}

const look = (page: Page, name: string) => lookAt(page, pictures, name)

async function ended(page: Page): Promise<void> {
  await page.waitForURL(/#\/jobs\//)
  const job = await jobEnd(core.api, decodeURIComponent(new URL(page.url()).hash.slice('#/jobs/'.length)))
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
}

test('by mouse: a set of two databases goes into an empty cluster', async () => {
  const { page, context, errors } = await openPage(browser, await newLink(serve))
  page.setDefaultTimeout(30_000)
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  try {
    await goTo(page, '#/overview')
    await page
      .getByRole('button', { name: /Server:|main/ })
      .first()
      .click()
    await page
      .getByRole('option', { name: /old main/ })
      .or(page.getByRole('menuitem', { name: /old main/ }))
      .first()
      .click()
    await goTo(page, '#/backup')
    await page.getByRole('link', { name: 'Dump a cluster' }).click()
    await page.getByRole('radio', { name: 'Parallel set' }).waitFor()
    await page.getByRole('checkbox', { name: 'left behind' }).uncheck()
    await page.getByRole('checkbox', { name: 'postgres', exact: true }).uncheck()
    await look(page, 'cluster-what')
    await button('Next: Options').click()
    await page.getByLabel('Databases at the same time').fill('2')
    await look(page, 'cluster-options')
    await button('Next: Review').click()
    await page.getByText('orders, people: every table can be read.').waitFor()
    await look(page, 'cluster-review')
    await button('Start dump').click()
    await ended(page)
    await page.getByText('Dumped 2 databases as one set').waitFor()
    await picture(page, 'cluster-job')

    await page.getByRole('link', { name: 'Restore it…' }).click()
    await page
      .getByRole('button', { name: /Server:|main/ })
      .first()
      .click()
    await page
      .getByRole('option', { name: /new main/ })
      .or(page.getByRole('menuitem', { name: /new main/ }))
      .first()
      .click()
    await page.getByText('2 of 2 chosen').waitFor()
    await look(page, 'set-source')
    await button('Next: Roles, tablespaces').click()
    await page.getByText('is created').waitFor()
    await look(page, 'set-globals')
    await button('Next: Options').click()
    await picture(page, 'set-options')
    await button('Next: Review').click()
    await page.getByText('keeper: created with their passwords.').waitFor()
    await look(page, 'set-review')
    await button('Start restore').click()
    await ended(page)
    await page.getByText('Restored 2 databases: each is whole.').waitFor()
    await picture(page, 'set-job')
    for (const database of ['orders', 'people']) expect(await rows(clusters[1], database)).toEqual(await rows(source(), database))
    expect(await clusters[1]?.sql(`SELECT datname FROM pg_database WHERE datname = 'left behind'`)).toEqual([])

    await goTo(page, '#/backups')
    await page.getByRole('button', { name: /^2 databases/ }).click()
    await page.getByRole('dialog').getByText('orders, people', { exact: true }).waitFor()
    await look(page, 'set-details')
    expect(errors).toEqual([])
  } catch (error) {
    await page.screenshot({ path: join(pictures, 'failed-cluster.png') })
    throw error
  } finally {
    await context.close()
  }
}, 240_000)
