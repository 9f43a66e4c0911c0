// A tree of any size with columns of ticks: only the rows in view are drawn, and everything works by mouse and by keyboard.
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react'
import { hasChildren, type Ticks, type TreeShape, tickState, visibleNodes } from '../../../shared/model/tickTree'
import { Icon } from '../Icon'
import { moveTo } from './treeKeys'
import './tree.css'

export const rowHeight = 26
/** Rows drawn beyond the view, so that fast scrolling shows no gaps. */
const overscan = 8

export interface TickColumn {
  /** "Definition" */
  label: string
  width: number
}

export interface TreeColumn {
  label: string
  width: number
  cell: (node: number) => ReactNode
}

export interface TickTreeProps {
  label: string
  shape: TreeShape
  ticks: Ticks
  tickColumns: readonly TickColumn[]
  onTick: (node: number, column: number, on: boolean) => void
  /** Why a tick can't be changed, '' when it can. */
  tickProblem?: (node: number, column: number) => string
  /** Nodes that are shown although others are not; null shows all. Must be a new array when it changes. */
  match: Uint8Array | null
  /** In words, for screen readers and for typing ahead. */
  nameOf: (node: number) => string
  /** With what tells it from others of its name, for the labels of its boxes; nameOf where there is none. */
  fullNameOf?: (node: number) => string
  /** What stands in the first column, after the arrow. */
  head: (node: number) => ReactNode
  headLabel: string
  columns?: readonly TreeColumn[]
  /** Opened at first. */
  openAtFirst: (node: number) => boolean
  /** The nodes in view, after they stood still for a moment. */
  onView?: (nodes: readonly number[]) => void
  empty: ReactNode
}

export function TickTree(props: TickTreeProps) {
  const { label, shape, ticks, tickColumns, onTick, tickProblem, match, nameOf, head, headLabel, columns = [], empty } = props
  const { openAtFirst, onView, fullNameOf = nameOf } = props
  const [open, setOpen] = useState(() => openedNodes(shape, openAtFirst))
  const [active, setActive] = useState(0)
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(400)
  const scroller = useRef<HTMLDivElement>(null)
  const typed = useRef({ text: '', at: 0 })
  const id = useId()

  // One shape is one tree: another one begins anew.
  const [shown, setShown] = useState(shape)
  if (shown !== shape) {
    setShown(shape)
    setOpen(openedNodes(shape, openAtFirst))
    setActive(0)
  }
  const nodes = useMemo(() => visibleNodes(shape, open, match, new Int32Array(shape.size)), [shape, open, match])
  const position = Math.max(0, nodes.indexOf(active))
  const current = nodes[position]

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const watch = new ResizeObserver(() => setHeight(element.clientHeight))
    watch.observe(element)
    setHeight(element.clientHeight)
    return () => watch.disconnect()
  }, [])

  const first = Math.max(0, Math.floor(top / rowHeight) - overscan)
  const last = Math.min(nodes.length, Math.ceil((top + height) / rowHeight) + overscan)
  useEffect(() => {
    if (!onView) return
    const timer = setTimeout(() => onView([...nodes.subarray(first, last)]), 150)
    return () => clearTimeout(timer)
  }, [onView, nodes, first, last])

  const show = (at: number) => {
    const element = scroller.current
    if (!element) return
    const from = at * rowHeight
    if (from < element.scrollTop) element.scrollTop = from
    else if (from + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = from + rowHeight - element.clientHeight
  }
  const go = (at: number) => {
    const node = nodes[at]
    if (node === undefined) return
    setActive(node)
    show(at)
  }
  const toggle = (node: number, to: boolean) => {
    const next = open.slice()
    next[node] = to ? 1 : 0
    setOpen(next)
  }
  const tick = (node: number, column: number) => {
    const state = tickState(shape, ticks, node, column)
    if (state === 'none' || (tickProblem?.(node, column) ?? '') !== '') return
    onTick(node, column, state !== 'on')
  }
  const isOpen = (node: number) => match !== null || open[node] === 1

  const onKeyDown = (event: KeyboardEvent) => {
    if (current === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    if (event.key === ' ' && (typed.current.text === '' || Date.now() - typed.current.at > 700)) {
      event.preventDefault()
      tick(current, event.shiftKey ? 1 : 0)
      return
    }
    const page = Math.max(1, Math.floor(height / rowHeight) - 1)
    const move = moveTo(event.key, { shape, nodes, position, page, isOpen, canFold: match === null })
    if (move !== undefined) {
      event.preventDefault()
      if (move.kind === 'go') go(move.at)
      else toggle(current, move.kind === 'open')
      return
    }
    if (event.key.length !== 1) return
    event.preventDefault()
    const now = Date.now()
    typed.current = { text: (now - typed.current.at > 700 ? '' : typed.current.text) + event.key.toLowerCase(), at: now }
    const { text } = typed.current
    for (let step = text.length === 1 ? 1 : 0; step <= nodes.length; step += 1) {
      const at = (position + step) % nodes.length
      if (
        nameOf(nodes[at] ?? 0)
          .toLowerCase()
          .startsWith(text)
      )
        return go(at)
    }
  }

  const drawn = Array.from(nodes.subarray(first, last), (node, index) => ({ node, at: first + index }))
  // The active row is what a screen reader stands on: it must be there, also when it was scrolled away.
  if (current !== undefined && (position < first || position >= last)) drawn.push({ node: current, at: position })
  const template = [
    'minmax(0, 1fr)',
    ...columns.map(({ width }) => `${width}px`),
    ...tickColumns.map(({ width }) => `${width}px`),
  ]
  const rowStyle = { gridTemplateColumns: template.join(' ') }
  return (
    <div className="tt">
      <div className="tt-head" style={rowStyle} aria-hidden="true">
        <span>{headLabel}</span>
        {columns.map((column) => (
          <span key={column.label} className="num">
            {column.label}
          </span>
        ))}
        {tickColumns.map((column) => (
          <span key={column.label} className="tt-c">
            {column.label}
          </span>
        ))}
      </div>
      <div
        ref={scroller}
        hidden={nodes.length === 0}
        className="tt-rows"
        role="treegrid"
        aria-label={label}
        aria-rowcount={nodes.length}
        aria-colcount={1 + columns.length + tickColumns.length}
        aria-multiselectable="true"
        tabIndex={0}
        aria-activedescendant={current === undefined ? undefined : `${id}-${current}`}
        onKeyDown={onKeyDown}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <div style={{ height: nodes.length * rowHeight }} className="tt-space" role="presentation">
          {drawn.map(({ node, at }) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the grid keeps the focus and names the row
            <div
              key={node}
              id={`${id}-${node}`}
              role="row"
              className={`tt-row${node === current ? ' on' : ''}${tickState(shape, ticks, node, 0) === 'off' ? ' left' : ''}`}
              style={{ ...rowStyle, transform: `translateY(${at * rowHeight}px)` }}
              aria-rowindex={at + 1}
              aria-level={(shape.depth[node] ?? 0) + 1}
              aria-expanded={hasChildren(shape, node) ? isOpen(node) : undefined}
              aria-selected={node === current}
              onMouseDown={() => setActive(node)}
            >
              <div role="gridcell" className="tt-name" style={{ paddingLeft: 8 + (shape.depth[node] ?? 0) * 18 }}>
                {hasChildren(shape, node) ? (
                  <button
                    type="button"
                    className="tt-fold"
                    tabIndex={-1}
                    aria-hidden="true"
                    disabled={match !== null}
                    onClick={() => toggle(node, open[node] !== 1)}
                  >
                    <Icon name={isOpen(node) ? 'down' : 'right'} size={14} />
                  </button>
                ) : (
                  <span className="tt-fold" />
                )}
                {head(node)}
              </div>
              {columns.map((column) => (
                <div key={column.label} role="gridcell" className="num el">
                  {column.cell(node)}
                </div>
              ))}
              {tickColumns.map((column, index) => (
                <div key={column.label} role="gridcell" className="tt-c">
                  <TickBox
                    state={tickState(shape, ticks, node, index)}
                    label={`${column.label} of ${fullNameOf(node)}`}
                    problem={tickProblem?.(node, index) ?? ''}
                    onClick={() => tick(node, index)}
                  />
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
      {nodes.length === 0 && empty}
    </div>
  )
}

function openedNodes(shape: TreeShape, openAtFirst: (node: number) => boolean): Uint8Array<ArrayBuffer> {
  const open = new Uint8Array(shape.size)
  for (let node = 0; node < shape.size; node += 1) if (openAtFirst(node)) open[node] = 1
  return open
}

interface TickBoxProps {
  state: ReturnType<typeof tickState>
  label: string
  problem: string
  onClick: () => void
}

/** The keyboard ticks through the grid, so the box takes no focus of its own. */
function TickBox({ state, label, problem, onClick }: TickBoxProps) {
  if (state === 'none') return <span className="t3" aria-hidden="true" />
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: Space in the grid ticks it
    // biome-ignore lint/a11y/useKeyWithClickEvents: Space in the grid ticks it
    <span
      role="checkbox"
      aria-checked={state === 'mixed' ? 'mixed' : state === 'on'}
      aria-disabled={problem === '' ? undefined : true}
      aria-label={label}
      title={problem === '' ? undefined : problem}
      className={`tt-box ${state}`}
      onClick={onClick}
    >
      {state === 'on' && <Icon name="check" size={12} />}
      {state === 'mixed' && <Icon name="minus" size={12} />}
    </span>
  )
}
