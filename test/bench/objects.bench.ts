// The tree of a database with 100,000 tables in the real page: opening it, each key of a search, ticking all, and how long
// the window stands still.
import { chromium } from 'playwright'
import { afterAll, beforeAll, test } from 'vitest'
import { goTo, newLink, openPage } from '../support/browser'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { measure, median, writeMeasures } from './measures'

const quick = process.env.WALKBACK_QUICK === '1'
const tables = quick ? 10_000 : 100_000
const schemas = 20

let cluster: TestCluster
let serve: ServeProcess
let core: RemoteCore

beforeAll(async () => {
  cluster = await startCluster({
    major: newestMajor(),
    conf: {
      max_locks_per_transaction: '4096',
      shared_buffers: '512MB',
      full_page_writes: 'off',
      synchronous_commit: 'off',
      max_wal_size: '8GB',
      autovacuum: 'off',
    },
  })
  await cluster.sql('CREATE DATABASE many')
  for (let schema = 0; schema < schemas; schema += 1) {
    await cluster.sql(
      `CREATE SCHEMA s${schema};
       DO $$ BEGIN FOR i IN 1..${tables / schemas} LOOP
         EXECUTE format('CREATE TABLE s${schema}.orders_%s (id int, what int)', i);
       END LOOP; END $$`,
      'many',
    )
  }
  await cluster.sql('VACUUM ANALYZE pg_catalog.pg_class; ', 'many')
  serve = await startServe({ dataFolder: tempFolder('bench-tree') })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin] })
  await core.api.connections.save({
    id: null,
    label: 'many',
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
}, 900_000)

afterAll(async () => {
  writeMeasures()
  core?.close()
  await serve?.stop()
  await cluster?.remove()
})

test('a tree of many tables in the page', async () => {
  const browser = await chromium.launch({
    executablePath: process.env.WALKBACK_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  try {
    const { page } = await openPage(browser, await newLink(serve))
    page.setDefaultTimeout(60_000)
    await goTo(page, '#/backup/dump?database=many')
    await page.getByRole('treegrid').waitFor()
    // Once more, with the server's caches warm and nothing else loading: from the click to rows that can be ticked.
    await page.getByRole('button', { name: 'Back', exact: true }).click()
    await page.getByRole('heading', { name: /step 1 of 4/ }).waitFor()
    await page.evaluate(() => {
      const seen: number[] = []
      Object.assign(window, { blocked: seen })
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) seen.push(entry.duration)
      }).observe({ entryTypes: ['longtask'] })
    })
    const from = performance.now()
    await page.getByRole('button', { name: 'Next: Objects' }).click()
    await page.getByRole('row').nth(3).waitFor()
    measure(`objects: tree of ${tables} tables, click to rows`, performance.now() - from, 'ms', { max: 2000 })
    await page.waitForTimeout(2500)

    const painted = async (press: () => Promise<void>) => {
      await page.evaluate(() => {
        // From the event until its frame was drawn.
        const kinds = ['input', 'click']
        const once = (event: Event) => {
          const start = event.timeStamp
          for (const kind of kinds) window.removeEventListener(kind, once, true)
          requestAnimationFrame(() => {
            const channel = new MessageChannel()
            channel.port1.onmessage = () => Object.assign(window, { took: performance.now() - start })
            channel.port2.postMessage(0)
          })
        }
        Object.assign(window, { took: -1 })
        for (const kind of kinds) window.addEventListener(kind, once, true)
      })
      await press()
      const handle = await page.waitForFunction(() => {
        const took: unknown = Reflect.get(window, 'took')
        return typeof took === 'number' && took >= 0 ? took : false
      })
      return Number(await handle.jsonValue())
    }
    const keys: number[] = []
    await page.getByRole('searchbox').focus()
    for (const key of 'orders_99 s1') keys.push(await painted(() => page.keyboard.press(key === ' ' ? 'Space' : key)))
    measure('objects: a key of the search, median', median(keys), 'ms', { max: 50 })
    measure('objects: a key of the search, slowest', Math.max(...keys), 'ms', null)
    await page.getByRole('searchbox').fill('')
    await page.waitForTimeout(500)
    const all: number[] = []
    for (const name of ['Untick all', 'Tick all', 'Untick all', 'Tick all']) {
      all.push(await painted(() => page.getByRole('button', { name, exact: true }).click()))
      await page.waitForTimeout(600)
    }
    measure('objects: tick or untick all, slowest of 4', Math.max(...all), 'ms', { max: 100 })
    const blocked = await page.evaluate(() => {
      const seen: unknown = Reflect.get(window, 'blocked')
      return Array.isArray(seen) ? seen.map(Number) : []
    })
    measure('objects: longest the window stood still', Math.max(0, ...blocked), 'ms', { max: 100 })
  } finally {
    await browser.close()
  }
}, 300_000)
