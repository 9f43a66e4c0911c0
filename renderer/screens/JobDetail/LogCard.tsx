// The live log: drawn line by line only where one looks, followed or scrolled back, filtered by level, searched.
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import type { LogLevel, LogLine } from '../../../shared/jobs/job'
import { Button, IconButton } from '../../components/Button'
import { ErrorNote } from '../../components/Feedback'
import { Switch } from '../../components/fields'
import { Icon } from '../../components/Icon'
import { SearchField } from '../../components/SearchField'
import { Segmented } from '../../components/Segmented'
import { formatCount } from '../../format/numbers'
import { formatLogClock } from '../../format/time'
import { useLogCounts, useLogPages } from './useLogPages'
import { useLogSearch } from './useLogSearch'

export interface LogCardProps {
  jobId: string
  running: boolean
  /** What the job's snapshot says. */
  lines: number
  /** Line to show and mark, from 0; a new object shows it again. */
  focus: { line: number } | null
  onShowIssues?: () => void
}

export function LogCard({ jobId, running, lines, focus, onShowIssues }: LogCardProps) {
  const [level, setLevel] = useState<LogLevel>('info')
  const [follow, setFollow] = useState(running && focus === null)
  const counts = useLogCounts(jobId, lines)
  const pages = useLogPages(jobId, level, counts)
  const search = useLogSearch(jobId, counts.total)
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: pages.total,
    getScrollElement: () => scroller.current,
    estimateSize: () => 20,
    overscan: 20,
    paddingStart: 6,
    paddingEnd: 6,
  })
  const items = rows.getVirtualItems()
  const [first, last] = [items[0]?.index ?? 0, items[items.length - 1]?.index ?? 0]
  const hit = search.at >= 0 ? search.lines[search.at] : focus?.line

  const height = rows.scrollRect?.height

  const { need } = pages
  useEffect(() => need(first, last), [need, first, last])
  useEffect(() => {
    if (follow && pages.total > 0) rows.scrollToIndex(pages.total - 1, { align: 'end' })
  }, [follow, pages.total, height, rows])
  useEffect(() => {
    if (hit === undefined) return
    setFollow(false)
    rows.scrollToIndex(hit, { align: 'center' })
  }, [hit, rows])

  const searchFor = (text: string) => {
    search.setText(text)
    if (text !== '') setLevel('info') // a hit is a line of the whole log
  }
  const filter = (next: LogLevel) => {
    setLevel(next)
    if (next !== 'info') search.setText('')
  }
  // Only a person's scrolling stops the following: the list also scrolls by itself when lines come or the card is resized.
  const touched = useRef(0)
  const touch = () => {
    touched.current = Date.now()
  }
  const onScroll = () => {
    const element = scroller.current
    if (!element || !follow || Date.now() - touched.current > 1000) return
    if (element.scrollHeight - element.scrollTop - element.clientHeight > 60) setFollow(false)
  }
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'F3' || search.text === '') return
      event.preventDefault()
      search.step(event.shiftKey ? -1 : 1)
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [search])

  const note =
    search.text === ''
      ? undefined
      : search.busy && search.at < 0
        ? '…'
        : search.total === 0
          ? 'none'
          : `${formatCount(search.at + 1)} of ${formatCount(search.total)}`
  return (
    <section className="card log" aria-label="Log">
      <div className="log-head">
        <SearchField
          label="Search the log"
          value={search.text}
          onChange={searchFor}
          width={216}
          note={note}
          onKeyDown={(event) => {
            if (event.key === 'Enter') search.step(event.shiftKey ? -1 : 1)
          }}
        />
        <IconButton
          icon="left"
          label="Previous match"
          size="s"
          iconSize={16}
          disabled={search.lines.length === 0}
          onClick={() => search.step(-1)}
        />
        <IconButton
          icon="right"
          label="Next match"
          size="s"
          iconSize={16}
          disabled={search.lines.length === 0}
          onClick={() => search.step(1)}
        />
        <Segmented
          label="Lines"
          value={level}
          onChange={filter}
          options={[
            { value: 'info', label: `All ${formatCount(counts.total)}` },
            { value: 'warning', label: `Warnings, errors ${formatCount(counts.warnings + counts.errors)}` },
            { value: 'error', label: `Errors ${formatCount(counts.errors)}` },
          ]}
        />
        <span className="sp" />
        {onShowIssues && (
          <Button size="s" onClick={onShowIssues}>
            Show errors
          </Button>
        )}
        {running && (
          <Switch checked={follow} onChange={setFollow} before>
            Follow
          </Switch>
        )}
      </div>
      {pages.error && (
        <div className="card-body">
          <ErrorNote error={pages.error} onRetry={() => pages.need(first, last)} />
        </div>
      )}
      {/* Scrolls, so the keyboard must be able to reach it. */}
      <div
        className="log-lines"
        ref={scroller}
        onScroll={onScroll}
        onWheel={touch}
        onPointerDown={touch}
        onKeyDown={touch}
        tabIndex={0}
        role="log"
        aria-label="Lines"
        aria-live="off"
      >
        {pages.total === 0 && (
          <div className="log-empty">{level === 'info' ? 'Nothing has been written yet.' : 'No such line.'}</div>
        )}
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const line = pages.lineAt(item.index)
            return (
              <div
                key={item.key}
                className={`log-line${line && line.line === hit ? ' hit' : ''}${line ? ` ${line.level}` : ''}`}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {line ? <Line line={line} text={search.text} /> : <span>…</span>}
              </div>
            )
          })}
        </div>
      </div>
    </section>
  )
}

function Line({ line, text }: { line: LogLine; text: string }) {
  return (
    <>
      <span className="log-time">{formatLogClock(line.at)}</span>
      <span className="log-sign">
        {line.level === 'warning' && <Icon name="warn" size={14} label="warning" />}
        {line.level === 'error' && <Icon name="block" size={14} label="error" />}
      </span>
      <span>{marked(line.text, text)}</span>
    </>
  )
}

/** The text with what was searched for marked, whatever the case. */
function marked(text: string, searched: string) {
  if (searched === '') return text
  const parts: React.ReactNode[] = []
  const [hay, needle] = [text.toLowerCase(), searched.toLowerCase()]
  let from = 0
  for (let at = hay.indexOf(needle); at !== -1; at = hay.indexOf(needle, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + needle.length)}</mark>)
    from = at + needle.length
  }
  return [...parts, text.slice(from)]
}
