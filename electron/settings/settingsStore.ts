// The application's settings: one JSON file, with defaults for what is absent.
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type Settings, settings as settingsSchema } from '../../shared/contracts/host'
import { writeDurably } from '../durableFile'
import { fromSystemError } from '../process/systemError'
import type { AppPaths, SettingsStore } from '../services'

export function defaultSettings(paths: Pick<AppPaths, 'defaultLibrary'>): Settings {
  return {
    theme: 'system',
    libraries: [paths.defaultLibrary],
    installationFolders: [],
    concurrentJobs: 2,
    notifyAfterSeconds: 30,
  }
}

export interface OpenSettings {
  store: SettingsStore
  /** A sentence when the file could not be read and was set aside; null otherwise. */
  problem: string | null
}

export function openSettings(paths: Pick<AppPaths, 'data' | 'defaultLibrary'>): OpenSettings {
  const file = join(paths.data, 'settings.json')
  const defaults = defaultSettings(paths)
  let current = defaults
  let problem: string | null = null
  if (existsSync(file)) {
    try {
      // A setting that came with a later version is absent in an older file: that is no fault.
      current = settingsSchema.parse({ ...defaults, ...settingsSchema.partial().parse(JSON.parse(readFileSync(file, 'utf8'))) })
    } catch {
      const aside = `${file}.broken-${new Date().toISOString().replace(/[-:.]/g, '')}`
      renameSync(file, aside)
      problem = `The settings in ${file} could not be read. They are kept as ${aside}, and the defaults are used.`
    }
  }
  const store: SettingsStore = {
    get: () => structuredClone(current),
    save: (wanted) => {
      const checked = settingsSchema.parse({
        ...wanted,
        libraries: [...new Set(wanted.libraries)],
        installationFolders: [...new Set(wanted.installationFolders)],
      })
      try {
        writeDurably(file, `${JSON.stringify(checked, null, 2)}\n`)
      } catch (error) {
        throw fromSystemError(error, `save the settings in ${file}`) ?? error
      }
      current = checked
      return structuredClone(current)
    },
  }
  return { store, problem }
}
