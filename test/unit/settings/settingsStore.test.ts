// The settings file: defaults, restarts, older files, damaged ones.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defaultSettings, openSettings } from '../../../electron/settings/settingsStore'
import { tempFolder } from '../../support/tempFolder'

function place() {
  const data = tempFolder('settings')
  return { data, defaultLibrary: join(data, 'library') }
}

describe('settings', () => {
  it('begin with the defaults, without a file', () => {
    const paths = place()
    const { store, problem } = openSettings(paths)
    expect(problem).toBeNull()
    expect(store.get()).toEqual({
      theme: 'system',
      libraries: [paths.defaultLibrary],
      installationFolders: [],
      concurrentJobs: 2,
      notifyAfterSeconds: 30,
    })
    expect(readdirSync(paths.data)).toEqual([])
  })

  it('are the same after a restart, in a private file, with doubles dropped', () => {
    const paths = place()
    const saved = openSettings(paths).store.save({ ...defaultSettings(paths), theme: 'dark', libraries: ['/a', '/b', '/a'] })
    expect(saved.libraries).toEqual(['/a', '/b'])
    expect(openSettings(paths).store.get()).toEqual(saved)
    expect(statSync(join(paths.data, 'settings.json')).mode & 0o777).toBe(0o600)
    expect(readdirSync(paths.data)).toEqual(['settings.json'])
  })

  it('fill what an older file lacks with the defaults', () => {
    const paths = place()
    writeFileSync(join(paths.data, 'settings.json'), '{"theme":"light"}')
    expect(openSettings(paths)).toMatchObject({ problem: null })
    expect(openSettings(paths).store.get()).toEqual({ ...defaultSettings(paths), theme: 'light' })
  })

  it.each(['{"theme":', '[]', '{"concurrentJobs":0}', '{"theme":"pink"}', ''])(
    'set a broken file aside and name it: %s',
    (text) => {
      const paths = place()
      writeFileSync(join(paths.data, 'settings.json'), text)
      const { store, problem } = openSettings(paths)
      expect(store.get()).toEqual(defaultSettings(paths))
      const [aside = ''] = readdirSync(paths.data)
      expect(aside).toMatch(/^settings\.json\.broken-\d{8}T\d+Z$/)
      expect(readFileSync(join(paths.data, aside), 'utf8')).toBe(text)
      expect(problem).toBe(
        `The settings in ${join(paths.data, 'settings.json')} could not be read. They are kept as ${join(paths.data, aside)}, and the defaults are used.`,
      )
    },
  )

  it('refuse values out of range and keep the old ones', () => {
    const paths = place()
    const { store } = openSettings(paths)
    expect(() => store.save({ ...defaultSettings(paths), concurrentJobs: 17 })).toThrow()
    expect(store.get().concurrentJobs).toBe(2)
    expect(readdirSync(paths.data)).toEqual([])
  })

  it('can only be changed through save', () => {
    const { store } = openSettings(place())
    store.get().libraries.push('/elsewhere')
    expect(store.get().libraries).toHaveLength(1)
  })
})
