// The settings kept by the core, and facts of the machine it runs on.

import type { z } from 'zod'
import { create } from 'zustand'
import type { contracts } from '../../shared/contracts'
import type { Settings } from '../../shared/contracts/host'
import { type ShownError, shownError } from '../format/errors'
import { api } from '../rpc/api'

export type HostInfo = z.infer<typeof contracts.host.methods.info.output>

export interface SettingsState {
  settings: Settings | null
  host: HostInfo | null
  error: ShownError | null
}

export const useSettings = create<SettingsState>(() => ({ settings: null, host: null, error: null }))

export async function loadSettings(): Promise<void> {
  try {
    const [settings, host] = await Promise.all([api.host.settings({}), api.host.info({})])
    useSettings.setState({ settings, host, error: null })
  } catch (error) {
    useSettings.setState({ error: shownError(error) })
  }
}

/**
 * Changes these fields and leaves the others as they are by now: another window may have changed them meanwhile.
 * Throws what the core says; then the settings stay as they were.
 */
export async function saveSettings(change: Partial<Settings>): Promise<void> {
  useSettings.setState({ settings: await api.host.saveSettings({ ...(await api.host.settings({})), ...change }) })
}
