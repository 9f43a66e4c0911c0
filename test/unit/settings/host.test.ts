// The host capability: the machine's facts, its folders, and what it refuses.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appPaths } from '../../../electron/appPaths'
import { describeTimeZone, hostHandlers } from '../../../electron/capabilities/host/handlers'
import { createSpawnTool } from '../../../electron/process/spawnTool'
import { createTools } from '../../../electron/process/tools'
import { openSettings } from '../../../electron/settings/settingsStore'
import { host as contract } from '../../../shared/contracts/host'
import { tempFolder } from '../../support/tempFolder'

const context = { signal: new AbortController().signal }

function handlers() {
  const paths = appPaths(join(tempFolder('host'), 'walkback'))
  const { store } = openSettings(paths)
  const spawn = createSpawnTool({ instanceId: 'host' })
  const tools = createTools({ spawn, installationFolders: () => store.get().installationFolders })
  return { paths, host: hostHandlers({ host: { kind: 'serve', version: '1.2.3' }, paths, settings: store, tools }) }
}

describe('host', () => {
  it('tells of the machine what the contract says', async () => {
    const { host, paths } = handlers()
    const info = contract.methods.info.output.parse(await host.info({}, context))
    expect(info).toMatchObject({ version: '1.2.3', host: 'serve', platform: process.platform, dataFolder: paths.data })
    expect(info.account).toBe(userInfo().username)
    expect(info.timeZone).toMatch(/^UTC[+-]\d\d:\d\d \(.+\)$/)
    expect(
      contract.methods.installations.output.parse(await host.installations({ refresh: true }, context)).installations.length,
    ).toBeGreaterThan(0)
  })

  it.each([
    ['Asia/Tehran', 'UTC+03:30 (Asia/Tehran)'],
    ['America/St_Johns', 'UTC-03:30 (America/St_Johns)'],
    ['UTC', 'UTC+00:00 (UTC)'],
  ])('names the zone %s', (zone, text) => {
    const before = process.env.TZ
    process.env.TZ = zone
    try {
      expect(describeTimeZone(new Date('2026-01-15T12:00:00Z'))).toBe(text)
    } finally {
      if (before === undefined) delete process.env.TZ
      else process.env.TZ = before
    }
  })

  it('refuses relative paths in the settings', async () => {
    const { host } = handlers()
    const settings = await host.settings({}, context)
    await expect(host.saveSettings({ ...settings, libraries: ['backups'] }, context)).rejects.toMatchObject({
      code: 'bad_input',
      message: '"backups" is not an absolute path.',
    })
    expect(await host.saveSettings({ ...settings, libraries: ['/srv/backups'] }, context)).toMatchObject({
      libraries: ['/srv/backups'],
    })
    expect(await host.settings({}, context)).toMatchObject({ libraries: ['/srv/backups'] })
  })
})

describe('listing a folder', () => {
  it('shows folders first, sizes as text, links by what they lead to, and the free space', async () => {
    const { host } = handlers()
    const path = tempFolder('list')
    mkdirSync(join(path, 'b2'))
    mkdirSync(join(path, 'b10'))
    writeFileSync(join(path, 'a.dump'), 'x'.repeat(1234))
    symlinkSync(join(path, 'b2'), join(path, 'link'))
    symlinkSync('/nowhere/at/all', join(path, 'dangling'))
    const listing = contract.methods.folder.output.parse(await host.folder({ path: `${path}/b2/..` }, context))
    expect(listing).toMatchObject({ path, parent: dirname(path), writable: true })
    expect(listing.entries.map(({ name, kind, size }) => [name, kind, size])).toEqual([
      ['b2', 'folder', null],
      ['b10', 'folder', null],
      ['link', 'folder', null],
      ['a.dump', 'file', '1234'],
      ['dangling', 'file', null],
    ])
    const free = Number(execFileSync('df', ['--output=avail', '-B1', path], { encoding: 'utf8' }).split('\n')[1])
    expect(Math.abs(Number(listing.freeBytes) - free)).toBeLessThan(200 * 1024 * 1024)
  })

  it('begins at home, and knows no parent of the root', async () => {
    const { host } = handlers()
    expect((await host.folder({ path: '' }, context)).path).toBe(homedir())
    expect((await host.folder({ path: '/' }, context)).parent).toBeNull()
    expect((await host.folder({ path: '/proc' }, context)).entries.length).toBeGreaterThan(0)
  })

  it('says in plain words why it can not', async () => {
    const { host } = handlers()
    const path = tempFolder('list')
    writeFileSync(join(path, 'file'), '')
    await expect(host.folder({ path: join(path, 'gone') }, context)).rejects.toMatchObject({
      code: 'not_found',
      message: `Can't open the folder ${join(path, 'gone')}: it does not exist.`,
    })
    await expect(host.folder({ path: join(path, 'file') }, context)).rejects.toMatchObject({
      message: `Can't open the folder ${join(path, 'file')}: a part of the path is a file, not a folder.`,
    })
    await expect(host.folder({ path: 'relative' }, context)).rejects.toMatchObject({ code: 'bad_input' })
    await expect(host.folder({ path: '/a\0b' }, context)).rejects.toMatchObject({ code: 'bad_input' })
  })

  it.runIf(process.getuid?.() === 0)('says that another account may not look, or write', async () => {
    const { host } = handlers()
    const path = tempFolder('list')
    mkdirSync(join(path, 'private'), { mode: 0o700 })
    chmodSync(path, 0o755)
    process.seteuid?.(65_534)
    try {
      await expect(host.folder({ path: join(path, 'private') }, context)).rejects.toMatchObject({
        code: 'permission',
        message: `Can't open the folder ${join(path, 'private')}: the account running Walkback is not allowed to.`,
      })
    } finally {
      process.seteuid?.(0)
    }
  })
})

describe('making a folder', () => {
  it('makes a private one', async () => {
    const { host } = handlers()
    const parent = tempFolder('make')
    expect(await host.makeFolder({ parent, name: 'Ünï $(x) "q"' }, context)).toEqual({ path: join(parent, 'Ünï $(x) "q"') })
    expect(statSync(join(parent, 'Ünï $(x) "q"')).mode & 0o777).toBe(0o700)
  })

  it.each(['a/b', '..', '.', 'a\\b', ' ', 'a\0'])('refuses %j', async (name) => {
    const { host } = handlers()
    await expect(host.makeFolder({ parent: tempFolder('make'), name }, context)).rejects.toMatchObject({
      code: 'bad_input',
      message: `"${name}" can't be the name of a folder.`,
    })
  })

  it('refuses a name that is taken, and a parent that is not there', async () => {
    const { host } = handlers()
    const parent = tempFolder('make')
    writeFileSync(join(parent, 'taken'), '')
    await expect(host.makeFolder({ parent, name: 'taken' }, context)).rejects.toMatchObject({
      code: 'conflict',
      message: `Can't make the folder ${join(parent, 'taken')}: it exists already.`,
    })
    await expect(host.makeFolder({ parent: join(parent, 'gone'), name: 'x' }, context)).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(host.makeFolder({ parent: 'relative', name: 'x' }, context)).rejects.toMatchObject({ code: 'bad_input' })
  })
})
