// Presets of options: what each is for and sets, on or off by one click.
import type { PgVersion } from '../../../../shared/model/pgVersion'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import type { DumpBase, DumpDraft } from '../draft'
import { isPresetOn, presetFlags, presetsFor, switchPreset } from '../presets'
import '../dump.css'

export interface PresetsCardProps {
  draft: DumpDraft
  setDraft: (draft: DumpDraft) => void
  base: DumpBase
  tool: PgVersion
}

export function PresetsCard({ draft, setDraft, base, tool }: PresetsCardProps) {
  const presets = presetsFor(base, tool)
  return (
    <Card title="Presets" note="each sets the options beside it; all stay yours to change">
      <ul className="presets">
        {presets.map((preset) => {
          const on = isPresetOn(preset, draft, base)
          return (
            <li key={preset.id} className={on ? 'on' : ''}>
              <div>
                <div className="m">{preset.label}</div>
                <div className="t2 sm">{preset.help}</div>
                <div className="flags">
                  {presetFlags(preset, tool).map((flag) => (
                    <Chip key={flag} tone={on ? 'accent' : 'outline'}>
                      <span className="mono">{flag}</span>
                    </Chip>
                  ))}
                </div>
              </div>
              <Button
                size="s"
                aria-pressed={on}
                aria-label={`${on ? 'Undo' : 'Use'} the preset ${preset.label}`}
                onClick={() => setDraft(switchPreset(preset, !on, draft, base, presets))}
              >
                {on ? 'Undo' : 'Use'}
              </Button>
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
