// Two windows on one core: each changes its own fields, and none takes back what the other one set.
import { expect, test, vi } from 'vitest'
import { loadSettings, saveSettings, useSettings } from '../../../renderer/stores/settings'
import type { Settings } from '../../../shared/contracts/host'

const core = vi.hoisted(() => ({
  settings: {
    theme: 'system',
    libraries: ['/srv/one'],
    installationFolders: [],
    concurrentJobs: 2,
    notifyAfterSeconds: 30,
  } as Settings,
}))

vi.mock('../../../renderer/rpc/api', () => ({
  api: {
    host: {
      info: async () => ({}),
      settings: async () => core.settings,
      saveSettings: async (wanted: Settings) => (core.settings = wanted),
    },
  },
}))

test('what another window has added stays', async () => {
  await loadSettings()
  core.settings = { ...core.settings, libraries: ['/srv/one', '/srv/two'], installationFolders: ['/opt/pg'] }
  await saveSettings({ theme: 'dark' })
  expect(core.settings).toMatchObject({ theme: 'dark', libraries: ['/srv/one', '/srv/two'], installationFolders: ['/opt/pg'] })
  expect(useSettings.getState().settings).toEqual(core.settings)
})
