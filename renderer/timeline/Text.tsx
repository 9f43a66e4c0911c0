// One line of words in the drawing.
import type { Words } from './layoutWords'

export function Text({ words: { x, y, anchor, text, tone, mono } }: { words: Words }) {
  return (
    <text x={x} y={y} textAnchor={anchor} className={`tl-ax ${tone}`}>
      {text}
      {mono !== undefined && <tspan className="mo">{mono}</tspan>}
    </text>
  )
}
