// What a removal takes with it, and how far archived WAL leads on from a backup: with a real chain and a real archive.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chainOf, isBase } from '../../shared/model/backupChain'
import { microIso, removalOf } from '../../shared/model/removal'
import { newestMajor } from '../support/clusters'
import { type ArchivingCluster, archived, startArchiving } from '../support/walArchives'
import { type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'

const major = newestMajor()
let base: BaseCore
let archiving: ArchivingCluster
let connectionId: string
const folders: string[] = []
let lastTime = ''

async function take(parent: string | null): Promise<string> {
  const job = await base.run(base.request(connectionId, { parent }))
  expect(job.error).toBeNull()
  const folder = folderOf(job)
  folders.push(folder)
  return folder
}

async function work(): Promise<void> {
  await archiving.cluster.sql('CREATE TABLE IF NOT EXISTS work (at timestamptz)')
  await archiving.cluster.sql('INSERT INTO work SELECT now()')
  const [row] = await archiving.cluster.sql(
    'SELECT (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000000)::bigint::text AS at FROM work ORDER BY at DESC LIMIT 1',
  )
  lastTime = microIso(Number(row?.at))
  await archiving.cluster.sql('SELECT pg_switch_wal()')
  await archived(archiving.cluster)
}

beforeAll(async () => {
  base = await baseCore()
  archiving = await startArchiving({ major, prefix: 'removal', conf: major >= 17 ? { summarize_wal: 'on' } : {} })
  connectionId = await base.connect(archiving.cluster)
  const full = await take(null)
  await work()
  const first = major >= 17 ? await take(full) : ''
  await work()
  if (first !== '') await take(first)
  await work()
  await take(null)
  await work()
  await base.core.api.walArchive.register({ folder: archiving.archive, label: 'main archive', connectionId })
}, 180_000)

afterAll(async () => {
  await archiving.cluster.remove()
})

async function catalog() {
  const { backups } = await base.core.api.backups.list({})
  const { windows } = await base.core.api.backups.windows({})
  const entryOf = (folder: string) => {
    const entry = backups.find((one) => one.path === folder)
    if (!entry) throw new Error(`${folder} is not in the catalog`)
    return entry
  }
  return { backups, windows, entryOf }
}

test('each backup’s window goes from its stop to the last commit in the archive', async () => {
  const { windows } = await catalog()
  expect(windows.map((window) => window.path).toSorted()).toEqual(folders.toSorted())
  for (const window of windows) {
    expect(window).toMatchObject({ archive: 'main archive', gap: '', problem: '' })
    expect(window.lastCommit && microIso(window.lastCommit.time)).toBe(lastTime)
  }
}, 60_000)

test('the chain goes together, named before, and what only it could bring back is said', async () => {
  if (major < 17) return expect(folders).toHaveLength(2)
  const [full = '', first = '', second = '', last = ''] = folders
  const { backups, windows, entryOf } = await catalog()
  const removal = removalOf(entryOf(full), backups, windows)
  expect(removal.dependents.map((each) => each.path)).toEqual([first, second])
  expect(removal.lost).toEqual([
    {
      archive: 'main archive',
      from: { lsn: recordIn(full).stop.lsn, time: recordIn(full).stopTime },
      to: { lsn: recordIn(last).stop.lsn, time: recordIn(last).stopTime },
    },
  ])
  // The later full backup brings nothing that the first one does not reach through the archive.
  expect(removalOf(entryOf(last), backups, windows)).toEqual({ dependents: [], lost: [] })

  const confirm = path.basename(full)
  await expect(base.core.api.backups.remove({ path: full, confirm })).rejects.toMatchObject({
    code: 'conflict',
    message: `2 incremental backups build on this one and can't be restored without it: ${path.basename(first)}, ${path.basename(second)}.`,
    hint: 'Remove the whole chain, or combine it into a full backup first.',
  })
  expect(fs.existsSync(full)).toBe(true)
  await expect(base.core.api.backups.remove({ path: full, confirm: 'x', dependents: true })).rejects.toMatchObject({
    code: 'bad_input',
  })
  const moved = await base.core.api.backups.remove({ path: full, confirm, dependents: true })
  expect([moved.movedTo, ...moved.also].map((folder) => path.basename(folder)).toSorted()).toEqual(
    [full, first, second].map((folder) => path.basename(folder)).toSorted(),
  )
  for (const folder of [moved.movedTo, ...moved.also]) {
    expect(path.dirname(folder)).toBe(path.join(base.library, '.trash'))
    expect(fs.existsSync(path.join(folder, 'walkback.json'))).toBe(true)
  }
  expect((await catalog()).backups.map((entry) => entry.path)).toEqual([last])
  // Moved back by hand, the chain is whole again; without its middle it is said to be broken.
  for (const [from, to] of [
    [moved.movedTo, full],
    [moved.also.find((folder) => path.basename(folder) === path.basename(second)) ?? '', second],
  ] as const) {
    fs.renameSync(from, to)
  }
  const after = await catalog()
  const entry = after.entryOf(second)
  expect(isBase(entry) && chainOf(entry, after.backups).problem).toBe(
    `${path.basename(second)} builds on a backup from ${recordIn(second).incremental?.from.lsn} on timeline 1 that is in none of the libraries.`,
  )
}, 60_000)

test('a missing segment ends the window, and the file is named', async () => {
  const last = folders.at(-1) ?? ''
  const { windows } = await catalog()
  const before = windows.find((window) => window.path === last)
  const segments = fs
    .readdirSync(archiving.archive)
    .filter((name) => /^[0-9A-F]{24}$/.test(name))
    .toSorted()
  const missing = segments.at(-2) ?? ''
  fs.rmSync(path.join(archiving.archive, missing))
  const now = (await catalog()).windows.find((window) => window.path === last)
  expect(now?.gap).toContain(`${missing} is missing`)
  expect(BigInt(now?.lastCommit?.time ?? 0)).toBeLessThan(BigInt(before?.lastCommit?.time ?? 0))
}, 60_000)
