// One icon by name. Decoration unless it is given a label.
import { type IconName, iconPaths } from './iconPaths'

export type { IconName } from './iconPaths'

export interface IconProps {
  name: IconName
  /** 14, 16 (default), 20 or 28 px. */
  size?: number
  label?: string
  className?: string
  strokeWidth?: number
}

export function Icon({ name, size = 16, label, className, strokeWidth = 1.6 }: IconProps) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={strokeWidth}
      strokeLinecap="round"
      strokeLinejoin="round"
      className={className}
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
    >
      {iconPaths[name]}
    </svg>
  )
}
