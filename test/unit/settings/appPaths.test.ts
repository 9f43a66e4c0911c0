// Where the data is kept, and who may read it.
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appPaths, dataFolderOf, emptyScratch } from '../../../electron/appPaths'
import { claimInstance } from '../../../electron/instance'
import { tempFolder } from '../../support/tempFolder'

const linux = { platform: 'linux' as const, env: {}, root: false, home: '/home/ada' }

describe('dataFolderOf', () => {
  it.each([
    ['WALKBACK_DATA before all else', { ...linux, root: true, env: { WALKBACK_DATA: '/srv/wb/' } }, '/srv/wb'],
    ['root', { ...linux, root: true, env: { XDG_DATA_HOME: '/x' } }, '/var/lib/walkback'],
    ['XDG_DATA_HOME', { ...linux, env: { XDG_DATA_HOME: '/x' } }, '/x/walkback'],
    [
      'a relative XDG_DATA_HOME, which counts as unset',
      { ...linux, env: { XDG_DATA_HOME: 'x' } },
      '/home/ada/.local/share/walkback',
    ],
    [
      'an empty WALKBACK_DATA, which counts as unset',
      { ...linux, env: { WALKBACK_DATA: '' } },
      '/home/ada/.local/share/walkback',
    ],
    ['macOS', { ...linux, platform: 'darwin' as const, home: '/Users/ada' }, '/Users/ada/Library/Application Support/Walkback'],
  ])('%s', (_what, sources, folder) => {
    expect(dataFolderOf(sources)).toBe(folder)
  })

  it('refuses a relative WALKBACK_DATA', () => {
    expect(() => dataFolderOf({ ...linux, env: { WALKBACK_DATA: 'data' } })).toThrow(
      'WALKBACK_DATA is "data", which is not an absolute path.',
    )
  })
})

describe('appPaths', () => {
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

  it('lets another account pass to practice as root, and keeps the rest private', () => {
    const data = join(tempFolder('paths'), 'walkback')
    const paths = appPaths(data, { ...linux, root: true })
    expect([mode(paths.data), mode(paths.practice)]).toEqual(['711', '711'])
    expect([mode(paths.jobs), mode(paths.defaultLibrary), mode(paths.scratch)]).toEqual(['700', '700', '700'])
  })

  it('keeps everything private for a person', () => {
    const paths = appPaths(join(tempFolder('paths'), 'walkback'), linux)
    expect(Object.values(paths).map(mode)).toEqual(['700', '700', '700', '700', '700'])
  })

  it('leaves a folder that has a life of its own as it is: modes stay, and its scratch is never emptied', () => {
    const data = tempFolder('paths')
    for (const name of ['scratch', 'library', 'projects']) mkdirSync(join(data, name), { mode: 0o755 })
    for (const name of ['', 'scratch', 'library']) chmodSync(join(data, name), 0o755)
    writeFileSync(join(data, 'scratch', 'thesis.txt'), 'years of work')
    expect(() => appPaths(data, linux)).toThrow(
      `${join(data, 'scratch')} holds files that are not Walkback’s, and Walkback empties that folder at each start.`,
    )
    expect(readdirSync(join(data, 'scratch'))).toEqual(['thesis.txt'])
    rmSync(join(data, 'scratch', 'thesis.txt'))
    const paths = appPaths(data, linux)
    expect([mode(data), mode(paths.defaultLibrary), mode(paths.jobs)]).toEqual(['755', '755', '700'])
  })

  it('takes its own folder back with what a kill left in scratch', async () => {
    const data = join(tempFolder('paths'), 'walkback')
    const paths = appPaths(data, linux)
    const instance = await claimInstance(data)
    instance.release()
    writeFileSync(join(paths.scratch, 'pgpass-left'), 'x')
    chmodSync(data, 0o755)
    emptyScratch(appPaths(data, linux))
    expect([readdirSync(paths.scratch), mode(data)]).toEqual([[], '700'])
  })

  it('says what to do when the folder is a file', () => {
    const file = join(tempFolder('paths'), 'file')
    writeFileSync(file, '')
    expect(() => appPaths(file, linux)).toThrow(`Can't use the data folder ${file}: it exists already.`)
  })

  it('empties scratch and nothing else', () => {
    const paths = appPaths(join(tempFolder('paths'), 'walkback'), linux)
    mkdirSync(join(paths.scratch, 'folder'))
    writeFileSync(join(paths.scratch, 'folder', 'passfile'), 'x')
    writeFileSync(join(paths.defaultLibrary, 'kept'), 'x')
    emptyScratch(paths)
    expect(readdirSync(paths.scratch)).toEqual([])
    expect(readdirSync(paths.defaultLibrary)).toEqual(['kept'])
  })
})
