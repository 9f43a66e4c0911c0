// A search field with its magnifying glass and, inside at the right, how many were found.
import type { KeyboardEvent, ReactNode, Ref } from 'react'
import { Icon } from './Icon'
import './controls.css'

export interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  placeholder?: string
  /** "1 of 38" */
  note?: ReactNode
  width?: number | string
  inputRef?: Ref<HTMLInputElement>
  onKeyDown?: (event: KeyboardEvent<HTMLInputElement>) => void
}

export function SearchField({ label, value, onChange, placeholder, note, width, inputRef, onKeyDown }: SearchFieldProps) {
  return (
    <div className="in" style={{ width }}>
      <Icon name="search" />
      <input
        type="text"
        role="searchbox"
        ref={inputRef}
        aria-label={label}
        placeholder={placeholder ?? label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value !== '') {
            event.stopPropagation()
            onChange('')
          }
          onKeyDown?.(event)
        }}
        spellCheck={false}
        autoComplete="off"
      />
      {note !== undefined && <span className="t3 sm nw">{note}</span>}
    </div>
  )
}
