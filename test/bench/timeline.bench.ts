// The recovery timeline over 10,000 segments and 5 million commits: opened from the index, and how much script each step of a pan
// or zoom takes in the real page.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIndexFile } from '../../electron/archive/indexFile'
import { barMinutes, barsOf, densityOf } from '../../renderer/timeline/density'
import { backupRecord } from '../../shared/model/backupRecord'
import { formatLsn } from '../../shared/model/lsn'
import { microIso } from '../../shared/model/removal'
import { packMinutes } from '../../shared/model/walMinutes'
import { goTo, newLink, openPage } from '../support/browser'
import { connectServe, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { measure, median, writeMeasures } from './measures'
import { sparseMinute, sparseSegment, sparseSystem } from './sparseArchive'

const MB = 1024 * 1024
const size = 16 * MB
const segments = 10_000
const archive = tempFolder('bench-timeline')
const dataFolder = tempFolder('bench-timeline-data')
const library = tempFolder('bench-timeline-library')

let serve: ServeProcess
let core: RemoteCore
let archiveId: string

/** A record alone: nothing reads the files of a backup to draw it. */
function recordBackup(number: number): void {
  const at = microIso(sparseMinute(number) * 60_000_000)
  const stop = { timeline: 1, lsn: formatLsn(BigInt(number) * BigInt(size) + 0x500n) }
  const record = backupRecord.parse({
    recordVersion: 1,
    id: `backup-${number}`,
    kind: 'base-backup',
    label: `of segment ${number}`,
    startedAt: new Date(at).toISOString(),
    endedAt: new Date(at).toISOString(),
    source: {
      ...{ label: 'busy', host: 'db1', port: 5432, database: null, systemIdentifier: sparseSystem, serverVersion: 180_000 },
      ...{ encoding: null, collate: null, ctype: null, localeProvider: null, locale: null, owner: null, databaseSize: null },
      ...{ collationVersion: null, dataChecksums: null },
    },
    artifact: 'data',
    ...{ tools: [], commands: [], globals: null, files: [], warnings: [], verifications: [] },
    ...{ major: 18, segmentSize: size, start: stop, stop, startTime: at, stopTime: at, size: String(6 * 1024 * MB) },
    ...{ tablespaces: [], configuration: [], format: 'plain', walMethod: 'none', compression: '', backupLabel: '' },
    ...{ fromStandby: false, manifest: null, incremental: null, combinedFrom: null },
  })
  const folder = join(library, 'busy', `b${number}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'walkback.json'), JSON.stringify(record))
}

beforeAll(async () => {
  const entries = Array.from({ length: segments }, (_, n) => sparseSegment(archive, n + 1, size))
  const file = await openIndexFile(dataFolder, archive)
  file.put(entries)
  for (let number = 100; number < segments; number += 1000) recordBackup(number)
  serve = await startServe({ dataFolder })
  core = await connectServe(serve)
  await core.api.host.saveSettings({ ...(await core.api.host.settings({})), libraries: [library] })
  archiveId = (await core.api.walArchive.register({ folder: archive, label: 'busy', connectionId: null })).id
}, 300_000)

afterAll(async () => {
  writeMeasures()
  core?.close()
  await serve?.stop()
})

/** Milliseconds of processor time that a process has taken, in steps of ten. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

test('one step alone: bars of a year of minutes', () => {
  const year = new Map(Array.from({ length: 525_600 }, (_, n) => [29_000_000 + n, 1 + (n % 19)]))
  const packed = packMinutes(year)
  const from = performance.now()
  const density = densityOf(packed)
  const made = performance.now() - from
  const times: number[] = []
  for (let n = 0; n < 200; n += 1) {
    const span = 525_600 / 1.03 ** n
    const view = { from: 29_000_000 * 60_000_000, to: (29_000_000 + span) * 60_000_000 }
    const start = process.cpuUsage()
    const bars = barsOf(density, view.from, view.to, barMinutes((view.to - view.from) / 1070, 4.6))
    const { user, system } = process.cpuUsage(start)
    times.push((user + system) / 1000)
    expect(bars.length).toBeLessThan(300)
  }
  measure('timeline: a year of minutes made ready', made, 'ms', null)
  measure('timeline: bars of one step, a year of minutes, slowest', Math.max(...times), 'ms', { max: 16 })
})

/** Milliseconds of script that Chromium ran for each step, and all work of the main thread. */
async function work(page: Page, steps: (() => Promise<void>)[]): Promise<{ script: number[]; task: number[] }> {
  const session = await page.context().newCDPSession(page)
  // By the thread's own clock: what other programs do meanwhile does not count.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    const of = (name: string) => (metrics.find((metric) => metric.name === name)?.value ?? 0) * 1000
    return { script: of('ScriptDuration'), task: of('TaskDuration') }
  }
  const painted = () =>
    page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)))))
  // What asking itself costs.
  const idle: number[] = []
  for (let n = 0; n < 10; n += 1) {
    const before = await read()
    await painted()
    idle.push((await read()).script - before.script)
  }
  const [script, task]: [number[], number[]] = [[], []]
  for (const step of steps) {
    const before = await read()
    await step()
    await painted()
    const after = await read()
    script.push(Math.max(0, after.script - before.script - median(idle)))
    task.push(after.task - before.task)
  }
  await session.detach()
  return { script, task }
}

test('in the page: opening, panning, zooming', async () => {
  const browser = await chromium.launch({
    executablePath: process.env.WALKBACK_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  try {
    const { page } = await openPage(browser, await newLink(serve))
    page.setDefaultTimeout(60_000)
    const opened = async () => {
      await goTo(page, '#/restore')
      return page.evaluate(async (hash) => {
        const from = performance.now()
        window.location.hash = hash
        while (document.querySelector('.tl-lanes path[d*="v"]') === null) await new Promise((resolve) => setTimeout(resolve, 5))
        return performance.now() - from
      }, `#/restore/point?archive=${archiveId}`)
    }
    const before = cpuOf(serve.pid)
    const times = [await opened(), await opened(), await opened()]
    measure(
      'timeline of 10,000 segments: processor time of the core for one opening',
      (cpuOf(serve.pid) - before) / 3,
      'ms',
      null,
    )
    measure('timeline of 10,000 segments: click to drawn, the first time', times[0] ?? 0, 'ms', { max: 1000 })
    measure('timeline of 10,000 segments: click to drawn, again', median(times.slice(1)), 'ms', { max: 1000 })
    await page.getByRole('slider').waitFor()
    await page.waitForTimeout(1500)

    await page.getByRole('button', { name: 'All in view' }).click()
    const plot = await page.locator('.tl-plot').boundingBox()
    if (!plot) throw new Error('there is no timeline')
    await page.mouse.move(plot.x + 640, plot.y + 150)
    await page.waitForTimeout(800)
    const zoom = (by: number) => () => page.mouse.wheel(0, by)
    const zooms = await work(page, [
      ...Array.from({ length: 30 }, () => zoom(-120)),
      ...Array.from({ length: 30 }, () => zoom(120)),
    ])
    await page.getByRole('button', { name: '1 d, 1 day in view' }).click()
    await page.mouse.move(plot.x + 640, plot.y + 150)
    await page.waitForTimeout(800)
    const words = await page.locator('.tl-lanes').textContent()
    const pans = await work(
      page,
      Array.from({ length: 40 }, () => () => page.mouse.wheel(-80, 0)),
    )
    expect(await page.locator('.tl-lanes').textContent()).not.toBe(words)
    for (const [name, { script, task }] of Object.entries({ zoom: zooms, pan: pans })) {
      measure(`timeline: script of one step of a ${name}, median`, median(script), 'ms', { max: 16 })
      measure(`timeline: script of one step of a ${name}, slowest`, Math.max(...script), 'ms', { max: 16 })
      measure(`timeline: all work of one step of a ${name}, median`, median(task), 'ms', null)
    }
  } finally {
    await browser.close()
  }
}, 180_000)
