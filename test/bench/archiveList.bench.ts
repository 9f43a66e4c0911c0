// How soon the table of contents of a very large archive is there, as custom file, folder and tar: read, sent, made a tree of
// ticks; and in the real page: from the click to rows, the keys of a search, ticks, and how long the window stands still.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { inSlices } from '../../renderer/wizard/inSlices'
import { choiceOfTicks, ticksOfChoice } from '../../renderer/wizards/restore/contentsChoice'
import { contentsTree } from '../../renderer/wizards/restore/contentsTree'
import { readColumns } from '../../shared/model/archiveColumns'
import { marksOfText, missingIn } from '../../shared/model/archiveGraph'
import { setTick } from '../../shared/model/tickTree'
import { goTo, newLink, openPage } from '../support/browser'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { measure, median, residentMb, writeMeasures } from './measures'

const quick = process.env.WALKBACK_QUICK === '1'
/** Each makes 8 entries: table, rows, sequence, its owner, its position, default, key, index. */
const tables = quick ? 2_500 : 25_000
const entries = (tables * 8).toLocaleString('en-US')
const bound = quick ? 500 : 2000
const formats = ['custom', 'directory', 'tar'] as const

let cluster: TestCluster
let serve: ServeProcess
let core: RemoteCore
let folder: string

beforeAll(async () => {
  cluster = await startCluster({
    major: newestMajor(),
    conf: { fsync: 'off', max_locks_per_transaction: '2048', shared_buffers: '256MB', autovacuum: 'off' },
  })
  await cluster.sql('CREATE DATABASE many')
  for (let from = 1; from <= tables; from += 500) {
    await cluster.sql(
      `DO $$ BEGIN FOR i IN ${from}..${Math.min(tables, from + 499)} LOOP
         EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, v int); CREATE INDEX ON t%s (v)', i, i); END LOOP; END $$`,
      'many',
    )
  }
  folder = tempFolder('bench-list')
  for (const format of formats) {
    const args = ['--dbname=many', `--format=${format}`, `--file=${join(folder, format)}`]
    execFileSync(join(cluster.bin, 'pg_dump'), format === 'tar' ? args : [...args, '--compress=0'], {
      env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv() },
    })
  }
  serve = await startServe({ dataFolder: tempFolder('bench-list-data') })
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

/** From asked to ticked tree, as the page does it but for the drawing. */
async function open(format: string) {
  const from = performance.now()
  const contents = await core.api.restore.contents({ path: join(folder, format) })
  const tree = await inSlices(contentsTree(await inSlices(readColumns(contents))))
  const ticks = ticksOfChoice(tree, null)
  return { took: performance.now() - from, contents, tree, ticks }
}

describe('the table of contents', () => {
  test('is there', async () => {
    for (const format of formats) {
      const opens: number[] = []
      const clicks: number[] = []
      for (let round = 0; round < 4; round += 1) {
        const { took, contents, tree, ticks } = await open(format)
        opens.push(took)
        const from = performance.now()
        const choice = choiceOfTicks(tree, setTick(tree.shape, ticks, round + 5, 0, false))
        ticksOfChoice(tree, choice)
        missingIn(tree.graph, marksOfText(tree.graph, choice?.ids ?? ''))
        clicks.push(performance.now() - from)
        if (round > 0 || format !== 'custom') continue
        measure('archive list: entries', tree.entries.length, '', { min: tables * 8 })
        measure('archive list: on the wire', JSON.stringify(contents).length / 1024 / 1024, 'MB', { max: quick ? 2 : 16 })
      }
      const [first = Number.NaN, ...again] = opens
      measure(`archive list: ${format} of ${entries} entries, first opening`, first, 'ms', { max: bound })
      measure(`archive list: ${format} of ${entries} entries, opened again, median`, median(again), 'ms', { max: bound })
      measure(`archive list: ${format}, a tick with its dependencies, median`, median(clicks), 'ms', { max: 100 })
    }
    measure('archive list: memory of the core', residentMb(serve.pid), 'MB', { max: 600 })
  }, 300_000)
})

/** Milliseconds that the window stood still in a row, as the browser tells them. */
async function watchTasks(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const seen: number[] = []
    Object.assign(window, { blocked: seen })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.push(entry.duration)
    }).observe({ entryTypes: ['longtask'] })
  })
  return () =>
    page.evaluate(() => {
      const seen: unknown = Reflect.get(window, 'blocked')
      return Array.isArray(seen) ? Math.max(0, ...seen.map(Number)) : Number.NaN
    })
}

test('the table of contents in the page', async () => {
  const browser = await chromium.launch({
    executablePath: process.env.WALKBACK_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  try {
    const { page } = await openPage(browser, await newLink(serve))
    page.setDefaultTimeout(60_000)
    // A small screen first, so that the wizard's own code is loaded; the archive is one the core has not read last.
    await goTo(page, '#/restore/dump')
    await page.getByRole('heading', { name: /step 1 of 5/ }).waitFor()
    const blocked = await watchTasks(page)
    const asked = performance.now()
    await goTo(page, `#/restore/dump?path=${encodeURIComponent(join(folder, 'custom'))}`)
    await page.getByRole('button', { name: 'Next: Objects' }).and(page.locator(':enabled')).click()
    await page.getByRole('row').nth(1).waitFor()
    measure(`archive list: ${entries} entries in the page, from the file to rows`, performance.now() - asked, 'ms', {
      max: 2000,
    })
    await page.waitForTimeout(quick ? 500 : 2500)
    await page.getByRole('searchbox', { name: /^Find in/ }).focus()
    for (const key of 't99 pkey') {
      await page.keyboard.press(key === ' ' ? 'Space' : key)
      await page.waitForTimeout(30)
    }
    await page.getByRole('checkbox', { name: 'Restore of constraint t99_pkey of public.t99', exact: true }).click()
    await page.getByText(`${(tables * 8 - 1).toLocaleString('en-US')} of ${entries}`).waitFor()
    await page.getByRole('searchbox', { name: /^Find in/ }).fill('')
    await page.waitForTimeout(500)
    for (const name of ['Untick everything', 'Tick everything', 'Untick everything']) {
      await page.getByRole('button', { name, exact: true }).click()
      await page.waitForTimeout(500)
    }
    const from = performance.now()
    await page.getByRole('button', { name: 'Back', exact: true }).click()
    await page.getByRole('button', { name: 'Next: Objects' }).click()
    await page.getByRole('row').nth(1).waitFor()
    measure('archive list: back and to the tree again in the page', performance.now() - from, 'ms', { max: 1000 })
    measure('archive list: longest the window stood still', await blocked(), 'ms', { max: 100 })
  } finally {
    await browser.close()
  }
}, 300_000)
