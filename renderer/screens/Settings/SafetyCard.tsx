// How many jobs run at once, and when a long one is announced at its end.
import { useState } from 'react'
import type { Settings } from '../../../shared/contracts/host'
import { Card } from '../../components/Card'
import { TextField } from '../../components/fields'
import type { SaveSettings } from './Settings'

interface NumberFieldProps {
  label: string
  help: string
  unit?: string
  value: number
  min: number
  max: number
  onSave: (value: number) => void
}

/** Saved on leaving the field or with Enter, so that no half-typed number counts. */
function NumberField({ label, help, unit, value, min, max, onSave }: NumberFieldProps) {
  const [text, setText] = useState<string | null>(null)
  const shown = text ?? String(value)
  const parsed = /^\d+$/.test(shown.trim()) ? Number(shown) : Number.NaN
  const problem = parsed >= min && parsed <= max ? undefined : `A whole number from ${min} to ${max}.`
  const finish = () => {
    if (text !== null && problem === undefined && parsed !== value) onSave(parsed)
    if (problem === undefined) setText(null)
  }
  return (
    <TextField
      label={label}
      help={help}
      problem={problem}
      unit={unit}
      value={shown}
      inputMode="numeric"
      onChange={setText}
      onBlur={finish}
      onKeyDown={(event) => event.key === 'Enter' && finish()}
    />
  )
}

export function SafetyCard({ settings, save }: { settings: Settings; save: SaveSettings }) {
  return (
    <Card title="Jobs and safety" padded>
      <div className="col g12">
        <NumberField
          label="Jobs running at the same time"
          help="The rest wait in line. Two jobs never write to the same folder or database at once."
          value={settings.concurrentJobs}
          min={1}
          max={16}
          onSave={(concurrentJobs) => void save({ concurrentJobs })}
        />
        <NumberField
          label="Announce the end of jobs longer than"
          help="By a notification of the desktop. 0 announces every job."
          unit="seconds"
          value={settings.notifyAfterSeconds}
          min={0}
          max={86_400}
          onSave={(notifyAfterSeconds) => void save({ notifyAfterSeconds })}
        />
        <p className="t3 sm">
          Always on, and not to be switched off: what destroys asks for the name to be typed; deleted backups go to the library’s
          trash; servers marked read-only take no restore and no drop.
        </p>
      </div>
    </Card>
  )
}
