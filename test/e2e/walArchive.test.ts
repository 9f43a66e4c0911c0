// The WAL archive screen, empty and on a practice cluster that archives: what it says is what is there, in every look.
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { artifacts, faultsOf, goTo, launchBrowser, lookName, looksFor, newLink, openPage } from '../support/browser'
import { binFolder, newestMajor } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const pictures = join(artifacts, 'walArchive')
const dataFolder = tempFolder('wal-screen')
const folders = tempFolder('wal-folders')
const archive = join(folders, 'archive')
const broken = join(folders, 'broken')

let browser: Browser
let serve: ServeProcess
let core: RemoteCore

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await launchBrowser()
  await begin()
  const bin = binFolder(newestMajor())
  await core.api.host.saveSettings({ ...(await core.api.host.settings({})), installationFolders: [bin] })
  const made = await jobEnd(core.api, (await core.api.practice.make({ name: 'main', folder: bin, fill: true })).jobId)
  expect(made.error).toBeNull()
}, 180_000)

afterAll(async () => {
  if (core) {
    await jobEnd(core.api, (await core.api.practice.remove({ name: 'main', confirm: 'main' })).jobId)
    core.close()
  }
  await serve?.stop()
  await browser?.close()
})

async function begin(): Promise<void> {
  serve = await startServe({ dataFolder })
  core = await connectServe(serve)
}

async function sql(text: string): Promise<Record<string, unknown>[]> {
  const found = (await core.api.connections.list({})).connections.find(({ practice }) => practice === 'main')
  if (!found) throw new Error('there is no practice cluster')
  const { host, port, user, passfile } = found.settings
  const password = readFileSync(passfile, 'utf8').trim().split(':').at(-1) ?? ''
  const client = new pg.Client({ host, port: port ?? 5432, user, password, database: 'postgres' })
  await client.connect()
  try {
    const result: pg.QueryResult<Record<string, unknown>> | pg.QueryResult<Record<string, unknown>>[] = await client.query(text)
    return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? []
  } finally {
    await client.end()
  }
}

async function restart(between: () => void = () => undefined): Promise<void> {
  expect((await jobEnd(core.api, (await core.api.practice.stop({ name: 'main' })).jobId)).error).toBeNull()
  between()
  expect((await jobEnd(core.api, (await core.api.practice.start({ name: 'main' })).jobId)).error).toBeNull()
}

async function switchWal(times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await sql(`CREATE TABLE IF NOT EXISTS wal_work (id bigserial, filler text)`)
    for (let commit = 0; commit < 1 + n * 3; commit += 1) await sql(`INSERT INTO wal_work (filler) VALUES ('x')`)
    const [row] = await sql('SELECT pg_walfile_name(pg_switch_wal()) AS name')
    await waitFor(() => readdirSync(archive).includes(String(row?.name)), `${String(row?.name)} in ${archive}`)
  }
}

async function waitFor(there: () => boolean, what: string): Promise<void> {
  const until = Date.now() + 30_000
  while (!there()) {
    if (Date.now() > until) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Every look: nothing serious for axe, nothing too small or too wide, nothing in the console; the picture stays. */
async function checkLooks(name: string, route: string, ready: (page: Page) => Promise<unknown>): Promise<void> {
  const faults: string[] = []
  for (const look of looksFor(name)) {
    const { page, context, errors } = await openPage(browser, await newLink(serve), look)
    await goTo(page, route)
    await ready(page)
    faults.push(...(await faultsOf(page, join(pictures, `${name}-${lookName(look)}.png`))), ...errors)
    await context.close()
  }
  expect(faults, name).toEqual([])
}

describe('the WAL archive screen', () => {
  test('says what an archive is for before there is one', async () => {
    await checkLooks('empty', '#/wal', (page) => page.getByRole('heading', { name: 'Streaming archive' }).waitFor())
    const { page, context } = await openPage(browser, await newLink(serve))
    await goTo(page, '#/wal')
    await page.getByRole('button', { name: 'Add a folder…' }).click()
    await page.getByLabel('Folder', { exact: true }).fill(folders)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText(`${folders} holds no WAL segment`).waitFor()
    await page.screenshot({ path: join(pictures, 'add-refused.png') })
    await context.close()
  }, 120_000)

  test('shows a server’s archive, a broken copy of it, and what the server says when archiving fails', async () => {
    const account = testAccount()
    mkdirSync(archive)
    chownSync(archive, account.uid, account.gid)
    chmodSync(folders, 0o755)
    await sql(`ALTER SYSTEM SET archive_mode = 'on'`)
    await sql(`ALTER SYSTEM SET archive_command = 'test ! -f ${archive}/%f && cp %p ${archive}/%f'`)
    await sql(`ALTER SYSTEM SET restore_command = 'false'`)
    await restart()
    await switchWal(5)
    await sql(`SELECT pg_create_restore_point('before the fork')`)
    // A recovery that ends at once: the same cluster goes on as timeline 2.
    const [directory] = await sql('SHOW data_directory')
    await restart(() => {
      const signal = join(String(directory?.data_directory), 'recovery.signal')
      writeFileSync(signal, '')
      chownSync(signal, account.uid, account.gid)
    })
    await expect.poll(async () => (await sql('SELECT pg_is_in_recovery() AS on'))[0]?.on, { timeout: 30_000 }).toBe(false)
    await switchWal(4)
    cpSync(archive, broken, { recursive: true, preserveTimestamps: true })
    const names = readdirSync(broken)
      .filter((name) => /^00000001[0-9A-F]{16}$/.test(name))
      .toSorted()
    rmSync(join(broken, names[1] ?? ''))
    truncateSync(join(broken, names[3] ?? ''), 1_000_000)
    writeFileSync(join(broken, 'notes.txt'), 'x')

    const connection = (await core.api.connections.list({})).connections.find(({ practice }) => practice === 'main')
    const [identity] = await sql('SELECT system_identifier::text AS id FROM pg_control_system()')
    core.close()
    await serve.stop()
    const own = { id: 'own', kind: 'file', label: 'practice main', connectionId: connection?.id, folder: archive }
    writeFileSync(
      join(dataFolder, 'archives.json'),
      JSON.stringify({
        version: 1,
        archives: [{ ...own, systemIdentifier: identity?.id, createdAt: new Date().toISOString(), stream: null }],
      }),
    )
    await begin()
    const added = await core.api.walArchive.register({ folder: broken, label: 'a broken copy', connectionId: null })
    expect(added).toMatchObject({ kind: 'folder', systemIdentifier: identity?.id })

    await checkLooks('screen', '#/wal', (page) => page.getByText('has 1,000,000 of 16,777,216 bytes').waitFor())
    const { page, context } = await openPage(browser, await newLink(serve), { width: 1600, height: 1000, dark: false })
    await goTo(page, '#/wal')
    const whole = page.getByRole('region', { name: 'WAL archive of practice main' })
    await whole.getByText('Archiving', { exact: true }).waitFor()
    await whole.getByText(/segments, 2 timelines, no gap/).waitFor()
    const copy = page.getByRole('region', { name: 'WAL archive of a broken copy' })
    await copy.getByText('Only read').waitFor()
    await copy.getByText(/segments, 2 timelines, 2 gaps/).waitFor()
    expect(await copy.getByRole('row').filter({ hasText: 'missing: nothing after it can be reached' }).count()).toBe(2)
    await copy.scrollIntoViewIfNeeded()
    await copy.screenshot({ path: join(pictures, 'broken.png') })

    // Archiving fails: a file of that name is there already.
    await sql(`ALTER SYSTEM SET archive_command = 'echo the archive is full today >&2; exit 1'`)
    await sql('SELECT pg_reload_conf()')
    // The archiver may take a segment by the old command yet, before it has read the new one.
    await expect
      .poll(
        async () => {
          await sql('SELECT txid_current(); SELECT pg_switch_wal()')
          return (await sql(`SELECT last_failed_time > last_archived_time AS failing FROM pg_stat_archiver`))[0]?.failing
        },
        { timeout: 30_000, interval: 500 },
      )
      .toBe(true)
    await whole.getByRole('button', { name: 'Look again' }).click()
    await whole.getByText('Failing', { exact: true }).waitFor()
    await whole.getByText('the archive is full today').waitFor()
    await page.evaluate(() => window.scrollTo(0, 0))
    await page.screenshot({ path: join(pictures, 'failing.png') })
    await goTo(page, '#/overview')
    await page.getByRole('region', { name: 'WAL archive' }).getByText('Failing').waitFor()
    await page.screenshot({ path: join(pictures, 'overview.png') })

    await goTo(page, '#/wal')
    await copy.getByRole('button', { name: 'Forget…' }).click()
    await page.getByRole('button', { name: 'Forget', exact: true }).click()
    await copy.waitFor({ state: 'detached' })
    expect(statSync(broken).isDirectory()).toBe(true)
    expect(readdirSync(broken)).toContain('notes.txt')
    await context.close()
  }, 300_000)
})
