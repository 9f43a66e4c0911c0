// A few choices as cards, each with its consequence in words: a radio group.
import { type ReactNode, useId } from 'react'

export interface ChoiceCardsProps<V extends string> {
  legend: string
  value: V
  onChange: (value: V) => void
  options: readonly { value: V; label: ReactNode; help: ReactNode; disabled?: boolean }[]
}

export function ChoiceCards<V extends string>({ legend, value, onChange, options }: ChoiceCardsProps<V>) {
  const name = useId()
  return (
    <div className="wz-choices" role="radiogroup" aria-label={legend}>
      {options.map((option) => (
        <label
          key={option.value}
          className={`wz-choice tick${option.value === value ? ' on' : ''}${option.disabled === true ? ' off' : ''}`}
        >
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            disabled={option.disabled}
            onChange={() => onChange(option.value)}
          />
          <span className="m">{option.label}</span>
          <span className="sm t2">{option.help}</span>
        </label>
      ))}
    </div>
  )
}
