// A list of short texts: each a chip that can be removed, and a field that adds one.
import { type KeyboardEvent, useId, useState } from 'react'
import { IconButton } from './Button'
import { TextField, type TextFieldProps } from './fields'
import { Icon } from './Icon'

export interface ChipsFieldProps {
  label: TextFieldProps['label']
  help?: TextFieldProps['help']
  problem?: string | undefined
  /** Said to screen readers with the buttons: "Not these schemas". */
  name: string
  values: readonly string[]
  onChange: (values: string[]) => void
  /** Offered while typing. */
  suggestions?: readonly string[]
  placeholder?: string
  disabled?: boolean
  /** Makes an entry of what was typed; '' refuses it. */
  entryOf?: (text: string) => string
}

export function ChipsField(props: ChipsFieldProps) {
  const { label, help, problem, name, values, onChange, suggestions, placeholder, disabled = false, entryOf } = props
  const [typed, setTyped] = useState('')
  const listId = useId()
  const add = () => {
    const entry = entryOf === undefined ? typed.trim() : entryOf(typed)
    if (entry === '') return
    if (!values.includes(entry)) onChange([...values, entry])
    setTyped('')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && typed.trim() !== '') {
      event.preventDefault()
      add()
    }
    const last = values.at(-1)
    if (event.key === 'Backspace' && typed === '' && last !== undefined) {
      event.preventDefault()
      onChange(values.slice(0, -1))
      setTyped(last)
    }
  }
  return (
    <div>
      <TextField
        label={label}
        help={help}
        problem={problem}
        value={typed}
        onChange={setTyped}
        onKeyDown={onKeyDown}
        // What was typed and not added is meant all the same.
        onBlur={add}
        mono
        placeholder={placeholder ?? 'Add…'}
        disabled={disabled}
        {...(suggestions === undefined ? {} : { list: listId })}
        end={
          <IconButton icon="plus" size="s" label={`Add to ${name}`} onClick={add} disabled={disabled || typed.trim() === ''} />
        }
      />
      {suggestions !== undefined && (
        <datalist id={listId}>
          {suggestions.slice(0, 2000).map((entry) => (
            <option key={entry} value={entry}>
              {entry}
            </option>
          ))}
        </datalist>
      )}
      {values.length > 0 && (
        <ul className="chips" aria-label={name}>
          {values.map((entry) => (
            <li key={entry} className="entry">
              {entry}
              <button
                type="button"
                aria-label={`Remove ${entry}`}
                onClick={() => onChange(values.filter((other) => other !== entry))}
              >
                <Icon name="x" size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
