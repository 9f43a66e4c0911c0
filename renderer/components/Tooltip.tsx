// A few words on hover and focus; never the only place something is said, except the name of an icon button.
import MuiTooltip from '@mui/material/Tooltip'
import type { ReactElement, ReactNode } from 'react'

export interface TooltipProps {
  title: ReactNode
  children: ReactElement
  placement?: 'top' | 'bottom' | 'right' | 'left'
  /** The child has a name of its own, which this adds to; else it is the name. */
  describes?: boolean
}

export function Tooltip({ title, children, placement = 'bottom', describes = false }: TooltipProps) {
  return (
    <MuiTooltip title={title} placement={placement} describeChild={describes}>
      {children}
    </MuiTooltip>
  )
}
