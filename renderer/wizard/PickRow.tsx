// A table row to choose one of: a radio for the keyboard and for screen readers, the whole row for the mouse.
import type { ReactNode } from 'react'

export interface PickRowProps {
  /** Of the radio group. */
  name: string
  label: string
  checked: boolean
  disabled?: boolean
  onPick: () => void
  /** The cells after the radio. */
  children: ReactNode
}

export function PickRow({ name, label, checked, disabled = false, onPick, children }: PickRowProps) {
  return (
    <tr className={disabled ? 'off' : checked ? 'on' : undefined} onClick={disabled ? undefined : onPick}>
      <td>
        <span className="tick">
          <input
            type="radio"
            name={name}
            aria-label={label}
            checked={checked}
            disabled={disabled}
            onChange={onPick}
            onClick={(event) => event.stopPropagation()}
          />
        </span>
      </td>
      {children}
    </tr>
  )
}
