// Cards and page heads: the two frames that everything on a page sits in.
import { type ReactNode, useId } from 'react'
import './surfaces.css'

export interface CardProps {
  children: ReactNode
  /** Gives the card a head of 40 px with this title. */
  title?: ReactNode
  /** Beside the title, in the hint colour: "pg_dump 18.4, follows the ticks". */
  note?: ReactNode
  /** At the right end of the head. */
  actions?: ReactNode
  className?: string
  /** Name for screen readers where there is no title. */
  label?: string
  /** Pads the content 12/16; tables and lists go edge to edge without it. */
  padded?: boolean
}

export function Card({ children, title, note, actions, className = '', label, padded = false }: CardProps) {
  const id = useId()
  return (
    <section
      className={`card ${className}`}
      {...(title !== undefined ? { 'aria-labelledby': id } : label !== undefined ? { 'aria-label': label } : {})}
    >
      {title !== undefined && (
        <div className="card-head">
          <h2 id={id}>{title}</h2>
          {note !== undefined && <span className="t3 row el">{note}</span>}
          <span className="sp" />
          {actions}
        </div>
      )}
      {padded ? <div className="card-body">{children}</div> : children}
    </section>
  )
}

/** The page's one h1, which takes the focus after a navigation, with what stands beside it. */
export function PageHead({ title, children, actions }: { title: ReactNode; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="page-head">
      <h1 tabIndex={-1} data-page-heading className="wrap">
        {title}
      </h1>
      {children}
      <span className="sp" />
      {actions}
    </div>
  )
}
