// Rows of a label and its value: facts, results, what is written where.

import { Fragment, type ReactNode } from 'react'
import { said } from '../format/said'
import './surfaces.css'

export interface KeyValue {
  label: string
  value: ReactNode
  mono?: boolean
}

const shown = (value: ReactNode) => (typeof value === 'string' ? said(value) : value)

export interface KeyValuesProps {
  rows: readonly KeyValue[]
  /** Values at the right end (cards of facts); otherwise in a column after the labels. */
  spread?: boolean
  /** Width of the label column in px. */
  labelWidth?: number
}

export function KeyValues({ rows, spread = false, labelWidth }: KeyValuesProps) {
  return (
    <dl
      className={`kv${spread ? ' spread' : ''}`}
      style={labelWidth === undefined ? undefined : ({ '--kv-label': `${labelWidth}px` } as Record<string, string>)}
    >
      {rows.map((row) => (
        <Fragment key={row.label}>
          <dt>{row.label}</dt>
          <dd>{row.mono === true ? <span className="mono">{shown(row.value)}</span> : shown(row.value)}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
