// Chips and severities: colour, shape and word always together.
import type { ReactNode } from 'react'
import { Icon, type IconName } from './Icon'
import './surfaces.css'

export type Tone = 'pass' | 'warning' | 'blocker' | 'accent' | 'neutral' | 'outline'

export function Chip({ children, tone = 'neutral', icon }: { children: ReactNode; tone?: Tone; icon?: IconName }) {
  return (
    <span className={`chip ${tone}`}>
      {icon !== undefined && <Icon name={icon} size={14} />}
      {children}
    </span>
  )
}

export type SeverityLevel = 'pass' | 'warning' | 'blocker' | 'info' | 'unknown'

const severityIcon = { pass: 'pass', warning: 'warn', blocker: 'block', info: 'info', unknown: 'help' } as const
const severityWord = { pass: 'Pass', warning: 'Warning', blocker: 'Blocker', info: 'Note', unknown: 'Unknown' } as const

/** Circle with tick, triangle, octagon with cross; the word can be another one ("Ready", "Check"). */
export function Severity({ level, children }: { level: SeverityLevel; children?: ReactNode }) {
  return (
    <span className={`severity ${level}`}>
      <Icon name={severityIcon[level]} />
      {children ?? severityWord[level]}
    </span>
  )
}
