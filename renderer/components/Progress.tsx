// Progress bars and the small line of past rates.
import './controls.css'

export interface ProgressBarProps {
  /** 0 to 100; undefined while the total is unknown. */
  percent: number | undefined
  label: string
  height?: number
  className?: string
}

export function ProgressBar({ percent, label, height = 6, className = '' }: ProgressBarProps) {
  return (
    <div
      className={`pb${percent === undefined ? ' unknown' : ''} ${className}`}
      style={{ height, borderRadius: height / 2 }}
      role="progressbar"
      aria-label={label}
      {...(percent === undefined ? {} : { 'aria-valuenow': percent, 'aria-valuemin': 0, 'aria-valuemax': 100 })}
    >
      <i style={percent === undefined ? undefined : { width: `${percent}%` }} />
    </div>
  )
}

/** Decoration: the figure stands beside it. Scaled from 0 to the largest value. */
export function Sparkline({ values, width = 188, height = 40 }: { values: readonly number[]; width?: number; height?: number }) {
  const top = Math.max(...values, 1e-9)
  const step = values.length > 1 ? width / (values.length - 1) : width
  const points = values.map(
    (value, index) => `${(index * step).toFixed(1)} ${(height - 2 - (value / top) * (height - 6)).toFixed(1)}`,
  )
  if (values.length < 2) return <svg width={width} height={height} aria-hidden="true" />
  return (
    <svg width={width} height={height} aria-hidden="true">
      <path d={`M0 ${height} L${points.join(' L')} L${width} ${height}Z`} fill="var(--band)" />
      <path d={`M${points.join(' L')}`} fill="none" stroke="var(--accent)" strokeWidth={1.5} strokeLinejoin="round" />
    </svg>
  )
}
