// What a page says when it waits, has nothing, or something went wrong.

import type { ReactNode } from 'react'
import type { ShownError } from '../format/errors'
import { said } from '../format/said'
import { Button } from './Button'
import { Icon, type IconName } from './Icon'
import './surfaces.css'
import './controls.css'

export function Loading({ children = 'Loading…' }: { children?: ReactNode }) {
  return (
    <div className="row t3" role="status" style={{ padding: 16 }}>
      <span className="spinner" aria-hidden="true" />
      {children}
    </div>
  )
}

export type NoteTone = 'pass' | 'warning' | 'blocker' | 'neutral'

const noteIcon = { pass: 'pass', warning: 'warn', blocker: 'block', neutral: 'info' } as const
const noteColour = { pass: 'ok', warning: 'warn', blocker: 'err', neutral: 'acc' } as const

/** A few sentences in a tinted box, with the sign of their severity. */
export function Note({ tone = 'neutral', children }: { tone?: NoteTone; children: ReactNode }) {
  return (
    <div className={`note ${tone}`} {...(tone === 'blocker' ? { role: 'alert' } : {})}>
      <Icon name={noteIcon[tone]} className={noteColour[tone]} />
      <div className="sp wrap">{children}</div>
    </div>
  )
}

/** An error of a call: what happened, what to do next, and a way to try again. */
export function ErrorNote({ error, onRetry }: { error: ShownError; onRetry?: () => void }) {
  return (
    <Note tone="blocker">
      <div className="row top">
        <div className="sp">
          <div className="m">{said(error.message)}</div>
          {error.hint !== '' && <div className="t2">{said(error.hint)}</div>}
        </div>
        {onRetry !== undefined && (
          <Button size="xs" icon="refresh" onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </Note>
  )
}

export interface EmptyStateProps {
  icon: IconName
  title: string
  children?: ReactNode
  actions?: ReactNode
}

export function EmptyState({ icon, title, children, actions }: EmptyStateProps) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={20} />
      </span>
      <div className="b">{title}</div>
      {children !== undefined && <div className="t2 empty-text">{children}</div>}
      {actions !== undefined && <div className="row wr empty-actions">{actions}</div>}
    </div>
  )
}

export interface BannerProps {
  tone: NoteTone
  icon: IconName
  title: string
  children?: ReactNode
  actions?: ReactNode
}

/** The result across the top of a page: clean, completed with errors, failed. */
export function Banner({ tone, icon, title, children, actions }: BannerProps) {
  return (
    <section className={`card banner ${tone}`} role="status" aria-label={title}>
      <span className="banner-icon">
        <Icon name={icon} size={20} />
      </span>
      <div className="sp">
        <div className="banner-title">{title}</div>
        {children !== undefined && <div className="t2 wrap">{children}</div>}
      </div>
      {actions}
    </section>
  )
}
