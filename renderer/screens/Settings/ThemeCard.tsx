// Light, dark, or as the system says.
import type { Settings } from '../../../shared/contracts/host'
import { Card } from '../../components/Card'
import { Segmented } from '../../components/Segmented'
import type { SaveSettings } from './Settings'

export function ThemeCard({ settings, save }: { settings: Settings; save: SaveSettings }) {
  return (
    <Card title="Theme" padded>
      <Segmented
        label="Theme"
        value={settings.theme}
        onChange={(theme) => void save({ theme })}
        options={[
          { value: 'system', label: 'As the system' },
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ]}
      />
    </Card>
  )
}
