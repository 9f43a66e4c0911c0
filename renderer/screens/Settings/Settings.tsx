// Settings: PostgreSQL installations, libraries, theme, time zone, safety.
import { useEffect, useState } from 'react'
import type { Settings as SettingsValues } from '../../../shared/contracts/host'
import { PageHead } from '../../components/Card'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { loadSettings, saveSettings, useSettings } from '../../stores/settings'
import { AboutCard } from './AboutCard'
import { InstallationsCard } from './InstallationsCard'
import { LibrariesCard } from './LibrariesCard'
import { SafetyCard } from './SafetyCard'
import { ThemeCard } from './ThemeCard'
import { ZoneCard } from './ZoneCard'
import './settings.css'

/** Saves at once and says whether it was taken; the core checks folders, so the error is shown where it was asked. */
export type SaveSettings = (change: Partial<SettingsValues>) => Promise<ShownError | null>

export default function Settings() {
  const { settings, host, error } = useSettings()
  const [failed, setFailed] = useState<ShownError | null>(null)
  // What another window changed since this one was opened: its lists are added to here.
  useEffect(() => void loadSettings(), [])
  const save: SaveSettings = async (change) => {
    try {
      await saveSettings(change)
      setFailed(null)
      return null
    } catch (cause) {
      const shown = shownError(cause)
      setFailed(shown)
      return shown
    }
  }
  return (
    <div className="page">
      <PageHead title="Settings">
        <span className="t3">Kept on the machine that runs Walkback, saved as you change them</span>
      </PageHead>
      {failed && <ErrorNote error={failed} />}
      {!settings && error && <ErrorNote error={error} onRetry={() => void loadSettings()} />}
      {!settings && !error && <Loading />}
      {settings && (
        <div className="settings">
          <div className="col g12">
            <InstallationsCard settings={settings} save={save} />
            <LibrariesCard settings={settings} save={save} />
          </div>
          <div className="col g12">
            <ThemeCard settings={settings} save={save} />
            <ZoneCard />
            <SafetyCard settings={settings} save={save} />
            {host && <AboutCard host={host} />}
          </div>
        </div>
      )}
    </div>
  )
}
