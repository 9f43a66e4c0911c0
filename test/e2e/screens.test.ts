// Every screen, dialog and menu, empty and with real content: axe finds nothing serious, nothing is too
// small or too wide, nothing is complained of in the console. The pictures stay in test/artifacts/screens.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { artifacts, faultsInLooks, goTo, launchBrowser, newLink, openPage } from '../support/browser'
import { binFolder, newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'screens')

let browser: Browser

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser?.close()
})

const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click()
const fromServers = (item: RegExp) => async (page: Page) => {
  await press(page, /practice main/)
  await page.getByRole('menuitem', { name: item }).click()
}

const dialogs: readonly (readonly [name: string, route: string, open: (page: Page) => Promise<void>])[] = [
  ['shortcuts', '#/jobs', (page) => page.keyboard.press('?')],
  ['palette', '#/jobs', (page) => page.keyboard.press('Control+k')],
  ['servers-menu', '#/overview', (page) => press(page, /practice main/)],
  ['server-add', '#/overview', fromServers(/^Add a server/)],
  ['server-edit', '#/overview', fromServers(/^Edit practice main/)],
  ['servers', '#/overview', fromServers(/^Manage servers/)],
  ['look-inside', '#/overview', (page) => press(page, 'Look inside shop')],
  ['database-menu', '#/overview', (page) => press(page, 'More for shop')],
  [
    'drop',
    '#/overview',
    async (page) => {
      await press(page, 'More for shop')
      await page.getByRole('menuitem', { name: /^Drop/ }).click()
    },
  ],
  ['practice-remove', '#/practice', (page) => press(page, /^Remove/)],
  ['folder', '#/settings', (page) => press(page, /^Browse for/)],
]

async function checkRoutes(serve: ServeProcess, routes: readonly (readonly [name: string, route: string])[]): Promise<string[]> {
  const faults: string[] = []
  const { page, context, errors } = await openPage(browser, await newLink(serve))
  for (const [name, route] of routes) {
    await goTo(page, route)
    faults.push(...(await faultsInLooks(page, pictures, name)))
  }
  await context.close()
  return [...faults, ...errors.map((error) => `console: ${error}`)]
}

describe('before anything is there', () => {
  test('every screen has a calm empty state', async () => {
    const serve = await startServe({ dataFolder: tempFolder('screens-empty') })
    try {
      const faults = await checkRoutes(serve, [
        ['empty-overview', '#/overview'],
        ['empty-backup', '#/backup'],
        ['empty-restore', '#/restore'],
        ['empty-copy', '#/copy'],
        ['empty-export', '#/copy/export'],
        ['empty-backups', '#/backups'],
        ['empty-jobs', '#/jobs'],
        ['empty-practice', '#/practice'],
        ['empty-settings', '#/settings'],
      ])
      expect(faults).toEqual([])
    } finally {
      await serve.stop()
    }
  }, 300_000)
})

describe('with a server, backups and jobs', () => {
  let serve: ServeProcess
  let core: RemoteCore
  const routes: (readonly [string, string])[] = []

  beforeAll(async () => {
    serve = await startServe({ dataFolder: tempFolder('screens') })
    core = await connectServe(serve)
    const { api } = core
    const bin = binFolder(newestMajor())
    await api.host.saveSettings({ ...(await api.host.settings({})), installationFolders: [bin] })
    const made = await jobEnd(api, (await api.practice.make({ name: 'main', folder: bin, fill: true })).jobId)
    const connectionId = (await api.connections.list({})).connections[0]?.id ?? ''
    const prepared = await api.dump.prepare({ connectionId, database: 'shop' })
    const request = {
      connectionId,
      database: 'shop',
      format: prepared.defaults.format,
      options: prepared.defaults.options,
      globals: true,
      library: prepared.libraries[0]?.path ?? '',
      label: '',
    }
    const dumped = await jobEnd(api, (await api.dump.start(request)).jobId)
    const path = dumped.result?.backupPath ?? ''
    // DROP without IF EXISTS, where nothing of it exists: each drop fails, which is what the errors page is for.
    const collided = await jobEnd(
      api,
      (
        await api.restore.start({
          connectionId,
          source: { path },
          target: { kind: 'existing', database: 'course' },
          options: { clean: true },
          analyze: false,
          continueOnError: false,
          singleTransaction: false,
          confirm: {
            name: 'course',
            systemIdentifier: (await api.connections.server({ connectionId })).facts.systemIdentifier ?? '',
          },
        })
      ).jobId,
    )
    expect(collided.state).toBe('succeeded_with_warnings')
    routes.push(
      ['overview', '#/overview'],
      ['backup', '#/backup'],
      ['dump', '#/backup/dump?database=shop'],
      ['cluster', '#/backup/cluster'],
      ['restore', '#/restore'],
      ['restore-set', '#/restore/cluster'],
      ['restore-dump', `#/restore/dump?path=${encodeURIComponent(path)}`],
      ['restore-server', '#/restore/server'],
      ['copy', '#/copy'],
      ['export', '#/copy/export?database=shop&schema=sales&table=orders'],
      ['import', '#/copy/import?database=course&schema=public&table=t'],
      ['table', '#/copy/table?database=course&schema=public&table=t'],
      ['backups', '#/backups'],
      ['jobs', '#/jobs'],
      ['job-make', `#/jobs/${made.id}`],
      ['job-dump', `#/jobs/${dumped.id}`],
      ['job-errors', `#/jobs/${collided.id}`],
      ['practice', '#/practice'],
      ['settings', '#/settings'],
    )
  }, 240_000)

  afterAll(async () => {
    if (core) {
      await jobEnd(core.api, (await core.api.practice.remove({ name: 'main', confirm: 'main' })).jobId)
      core.close()
    }
    await serve?.stop()
  })

  test('every screen', async () => {
    expect(await checkRoutes(serve, routes)).toEqual([])
  }, 600_000)

  test('every dialog and menu; Escape closes each', async () => {
    const faults: string[] = []
    const { page, context, errors } = await openPage(browser, await newLink(serve))
    for (const [name, route, open] of dialogs) {
      await goTo(page, route)
      await open(page)
      const opened = page.getByRole('dialog').or(page.getByRole('menu')).last()
      await opened.waitFor()
      faults.push(...(await faultsInLooks(page, pictures, `dialog-${name}`)))
      await page.keyboard.press('Escape')
      await opened.waitFor({ state: 'hidden' })
    }
    faults.push(...errors.map((error) => `console: ${error}`))
    await context.close()
    expect(faults).toEqual([])
  }, 600_000)
})
