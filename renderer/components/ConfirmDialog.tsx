// Asks before something that can't be taken back: says where it would happen, and wants the name typed.
import { type ReactNode, useEffect, useState } from 'react'
import type { ShownError } from '../format/errors'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { ErrorNote } from './Feedback'
import { TextField } from './fields'
import { type KeyValue, KeyValues } from './KeyValues'

export interface ConfirmDialogProps {
  open: boolean
  title: string
  children: ReactNode
  /** Host, port, system identifier, path: see serverFactsRows. */
  facts?: readonly KeyValue[]
  /** The button stays grey until exactly this is typed. */
  typeToConfirm?: string
  /** What the name is: "the database's name". */
  typeLabel?: string
  action: string
  /** Red, for what destroys (default); plain for the rest, such as cancelling a job. */
  destructive?: boolean
  cancelLabel?: string
  busy?: boolean
  error?: ShownError | null
  onConfirm: () => void
  onClose: () => void
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { open, title, children, facts, typeToConfirm, typeLabel = 'the name', action, destructive = true } = props
  const { cancelLabel = 'Cancel', busy = false, error, onConfirm, onClose } = props
  const [typed, setTyped] = useState('')
  useEffect(() => {
    if (open) setTyped('')
  }, [open])
  const ready = typeToConfirm === undefined || typed === typeToConfirm
  return (
    <Dialog
      open={open}
      title={title}
      onClose={onClose}
      locked={busy}
      width={520}
      onSubmit={() => {
        if (ready && !busy) onConfirm()
      }}
      actions={
        <>
          <Button onClick={onClose} disabled={busy} autoFocus={typeToConfirm === undefined}>
            {cancelLabel}
          </Button>
          <Button kind={destructive ? 'destroy' : 'primary'} type="submit" disabled={!ready} busy={busy}>
            {action}
          </Button>
        </>
      }
    >
      <div className="t2">{children}</div>
      {facts !== undefined && facts.length > 0 && (
        <div className="where">
          <KeyValues rows={facts} labelWidth={112} />
        </div>
      )}
      {typeToConfirm !== undefined && (
        <TextField
          label={
            <>
              Type {typeLabel}, <span className="mono b">{typeToConfirm}</span>, to go on
            </>
          }
          value={typed}
          onChange={setTyped}
          mono
          autoFocus
          disabled={busy}
        />
      )}
      {error != null && (
        <div style={{ marginTop: 12 }}>
          <ErrorNote error={error} />
        </div>
      )}
    </Dialog>
  )
}
