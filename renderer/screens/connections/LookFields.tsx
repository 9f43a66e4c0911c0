// A server's name and colour, and the switch that keeps everything from writing to it.
import { type KeyboardEvent, useRef } from 'react'
import { connectionColours } from '../../../shared/model/connection'
import { Switch, TextField } from '../../components/fields'
import { connectionColour } from '../../theme/connectionColours'
import type { ConnectionForm } from './form'

interface LookFieldsProps {
  form: ConnectionForm
  onChange: (form: ConnectionForm) => void
  suggested: string
}

export function LookFields({ form, onChange, suggested }: LookFieldsProps) {
  const group = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const at = connectionColours.indexOf(form.colour)
    const colour = connectionColours[(at + step + connectionColours.length) % connectionColours.length]
    if (!colour) return
    onChange({ ...form, colour })
    group.current?.querySelector<HTMLElement>(`[data-colour="${colour}"]`)?.focus()
  }
  return (
    <fieldset className="form-group">
      <legend>In Walkback</legend>
      <div className="form-grid">
        <TextField
          className="span3"
          label="Name"
          value={form.label}
          onChange={(label) => onChange({ ...form, label })}
          placeholder={suggested}
          maxLength={200}
        />
        <div className="span3">
          <span className="lab">
            Colour: <span className="b">{connectionColour[form.colour].name}</span>
          </span>
          <div className="colours" role="radiogroup" aria-label="Colour" ref={group} onKeyDown={onKeyDown}>
            {connectionColours.map((colour) => (
              <button
                key={colour}
                type="button"
                role="radio"
                data-colour={colour}
                aria-checked={colour === form.colour}
                aria-label={connectionColour[colour].name}
                title={connectionColour[colour].name}
                tabIndex={colour === form.colour ? 0 : -1}
                className="colour"
                onClick={() => onChange({ ...form, colour })}
              >
                <span style={{ background: connectionColour[colour].value }} />
              </button>
            ))}
          </div>
        </div>
        <div className="span6 col">
          <Switch checked={form.readOnly} onChange={(readOnly) => onChange({ ...form, readOnly })}>
            Read-only
          </Switch>
          <span className="t3 sm">
            Walkback restores, imports and drops nothing on this server; dumps and looks stay possible.
          </span>
        </div>
      </div>
    </fieldset>
  )
}
