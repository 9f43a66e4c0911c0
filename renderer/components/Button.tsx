// Buttons: one filled (primary) a screen, plain for the rest, ghost for links that act, danger for what destroys.
import MuiButton from '@mui/material/Button'
import MuiIconButton from '@mui/material/IconButton'
import type { ComponentProps, MouseEvent, ReactNode, Ref } from 'react'
import { Icon, type IconName } from './Icon'
import { Tooltip } from './Tooltip'

const looks = {
  primary: { variant: 'contained', color: 'primary' },
  plain: { variant: 'outlined', color: 'inherit' },
  ghost: { variant: 'text', color: 'primary' },
  /** Opens something destructive. */
  danger: { variant: 'outlined', color: 'error' },
  /** Does it: the last button of a confirmation. */
  destroy: { variant: 'contained', color: 'error' },
} as const

const sizes = { l: 'large', m: 'medium', s: 'small', xs: 'xs' } as const

export interface ButtonProps {
  children: ReactNode
  kind?: keyof typeof looks
  /** 40, 32 (default), 28 or 24 px high. */
  size?: keyof typeof sizes
  icon?: IconName
  endIcon?: IconName
  /** A place, `#/jobs`: makes it a link. */
  href?: string
  onClick?: (event: MouseEvent<HTMLElement>) => void
  disabled?: boolean
  /** Works and can't be pressed again. */
  busy?: boolean
  type?: 'button' | 'submit'
  autoFocus?: boolean
  className?: string
  ref?: Ref<HTMLButtonElement>
  'aria-label'?: string
  'aria-describedby'?: string
  'aria-expanded'?: boolean
  'aria-haspopup'?: 'menu' | 'dialog'
  'aria-pressed'?: boolean
}

export function Button({ children, kind = 'plain', size = 'm', icon, endIcon, busy, disabled, href, ...rest }: ButtonProps) {
  const iconSize = size === 's' || size === 'xs' ? 14 : 16
  return (
    <MuiButton
      {...looks[kind]}
      size={sizes[size]}
      disabled={disabled === true || busy === true}
      aria-busy={busy === true ? true : undefined}
      {...(href === undefined ? {} : { href })}
      {...rest}
    >
      {busy === true ? (
        <span className="spinner" aria-hidden="true" />
      ) : (
        icon !== undefined && <Icon name={icon} size={iconSize} />
      )}
      {children}
      {endIcon !== undefined && <Icon name={endIcon} size={iconSize} />}
    </MuiButton>
  )
}

export interface IconButtonProps extends Omit<ComponentProps<typeof MuiIconButton>, 'size' | 'color' | 'children'> {
  icon: IconName
  /** Said by the tooltip and to screen readers. */
  label: string
  size?: 'm' | 's'
  iconSize?: number
  children?: ReactNode
}

export function IconButton({ icon, label, size = 'm', iconSize, children, disabled, ...rest }: IconButtonProps) {
  const button = (
    <MuiIconButton aria-label={label} size={size === 's' ? 'small' : 'medium'} disabled={disabled ?? false} {...rest}>
      <Icon name={icon} size={iconSize ?? (size === 's' ? 14 : 16)} />
      {children}
    </MuiIconButton>
  )
  return disabled === true ? button : <Tooltip title={label}>{button}</Tooltip>
}
