// A path on the machine that runs Walkback: typed, pasted, or chosen from its folders.
import { useState } from 'react'
import { Button } from './Button'
import { FolderDialog } from './FolderDialog'
import { TextField } from './fields'

export interface PathFieldProps {
  label: string
  value: string
  onChange: (path: string) => void
  /** For a field with a button of its own beside it: Enter does what the button does. */
  onEnter?: () => void
  /** What may be chosen; 'any' for archives, which are files or folders. */
  want?: 'folder' | 'file' | 'any'
  help?: string
  problem?: string | undefined
  placeholder?: string
  disabled?: boolean
  autoFocus?: boolean
  className?: string
}

export function PathField({ want = 'folder', label, value, onChange, onEnter, disabled, ...rest }: PathFieldProps) {
  const [browsing, setBrowsing] = useState(false)
  return (
    <>
      <TextField
        label={label}
        value={value}
        onChange={onChange}
        mono
        icon={want === 'file' ? 'lob' : 'schema'}
        disabled={disabled ?? false}
        {...(onEnter && { onKeyDown: (event) => event.key === 'Enter' && onEnter() })}
        {...rest}
        end={
          <span style={{ marginRight: -6 }}>
            <Button size="xs" onClick={() => setBrowsing(true)} disabled={disabled ?? false} aria-label={`Browse for ${label}`}>
              Browse…
            </Button>
          </span>
        }
      />
      {browsing && (
        <FolderDialog
          title={label}
          want={want}
          start={value}
          onChoose={(path) => {
            onChange(path)
            setBrowsing(false)
          }}
          onClose={() => setBrowsing(false)}
        />
      )}
    </>
  )
}
