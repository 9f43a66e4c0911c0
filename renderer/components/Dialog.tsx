// Dialogs: a title, what is to be done, and the buttons at the bottom right. Escape closes, focus returns.
import MuiDialog from '@mui/material/Dialog'
import { type FormEvent, type ReactNode, useId } from 'react'
import { IconButton } from './Button'
import './dialogs.css'

export interface DialogProps {
  open: boolean
  title: ReactNode
  onClose: () => void
  children: ReactNode
  /** Buttons, the one that goes on last. */
  actions?: ReactNode
  /** Left of the buttons: why one is grey, a link, a result. */
  footNote?: ReactNode
  width?: number
  /** Makes the content a form: Enter does this. */
  onSubmit?: () => void
  /** No close button, Escape and the backdrop do nothing: while something runs that can't be left. */
  locked?: boolean
}

export function Dialog({
  open,
  title,
  onClose,
  children,
  actions,
  footNote,
  width = 560,
  onSubmit,
  locked = false,
}: DialogProps) {
  const id = useId()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    event.stopPropagation()
    onSubmit?.()
  }
  const content = (
    <>
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <span className="sp" />
        {!locked && <IconButton icon="x" label="Close" onClick={onClose} />}
      </div>
      <div className="dialog-body">{children}</div>
      {(actions !== undefined || footNote !== undefined) && (
        <div className="dialog-foot">
          <div className="sp t2 sm wrap">{footNote}</div>
          {actions}
        </div>
      )}
    </>
  )
  return (
    <MuiDialog
      open={open}
      onClose={locked ? () => undefined : onClose}
      maxWidth={false}
      aria-labelledby={id}
      slotProps={{ paper: { sx: { width, maxWidth: 'calc(100% - 48px)' } } }}
    >
      {onSubmit === undefined ? (
        <div className="dialog-frame">{content}</div>
      ) : (
        <form className="dialog-frame" onSubmit={submit} noValidate>
          {content}
        </form>
      )}
    </MuiDialog>
  )
}
