// Ctrl-K: one list of screens, servers, actions, jobs and backups, filtered as one types, worked by the keyboard alone.
import MuiDialog from '@mui/material/Dialog'
import { useColorScheme } from '@mui/material/styles'
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import type { CatalogEntry } from '../../shared/contracts/backups'
import { Icon } from '../components/Icon'
import { api } from '../rpc/api'
import { useConnections, useSelectedConnection } from '../stores/connections'
import { useJobs } from '../stores/jobs'
import { useServer } from '../stores/server'
import { saveSettings } from '../stores/settings'
import { filterItems, paletteItems } from './paletteItems'
import './palette.css'

export default function CommandPalette({ onClose, onShortcuts }: { onClose: () => void; onShortcuts: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const [backups, setBackups] = useState<readonly CatalogEntry[]>([])
  const connections = useConnections((state) => state.connections)
  const selected = useSelectedConnection()
  const { page } = useServer(selected?.id)
  const jobs = useJobs((state) => state.jobs)
  const { setMode } = useColorScheme()
  const listId = useId()
  const list = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const leaving = new AbortController()
    api.backups.list({}, { signal: leaving.signal }).then(
      (found) => setBackups(found.backups),
      () => setBackups([]), // the Backups screen says what is wrong; here the rest of the list still serves
    )
    return () => leaving.abort()
  }, [])

  const items = useMemo(
    () =>
      paletteItems({
        connections,
        selected,
        databases: page?.databases ?? [],
        jobs,
        backups,
        onShortcuts,
        onTheme: (theme) => {
          setMode(theme)
          void saveSettings({ theme })
        },
      }),
    [connections, selected, page, jobs, backups, onShortcuts, setMode],
  )
  const found = filterItems(items, text)
  const active = Math.min(at, found.length - 1)

  const run = (index: number) => {
    const item = found[index]
    if (!item) return
    onClose()
    item.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key]
    if (step !== undefined && found.length > 0) {
      event.preventDefault()
      const next = Math.abs(step) === 1 ? (active + step + found.length) % found.length : active + step
      setAt(Math.max(0, Math.min(found.length - 1, next)))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(active)
    }
  }
  useEffect(() => {
    list.current?.querySelector(`[data-index="${active}"]`)?.scrollIntoView({ block: 'nearest' })
  }, [active])

  return (
    <MuiDialog
      open
      onClose={onClose}
      maxWidth={false}
      aria-labelledby={`${listId}-title`}
      slotProps={{ paper: { sx: { width: 640, position: 'absolute', top: 64, m: 0 } } }}
    >
      <h2 id={`${listId}-title`} className="sr">
        Find or do
      </h2>
      <div className="palette-input">
        <Icon name="search" className="t3" />
        <input
          autoFocus
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={found.length > 0 ? `${listId}-${active}` : undefined}
          aria-label="Find a screen, server, job, backup or action"
          placeholder="Find a screen, server, job, backup or action"
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
          spellCheck={false}
        />
        <kbd className="kbd">Esc</kbd>
      </div>
      <div className="palette-list" role="listbox" id={listId} aria-label="Found" ref={list}>
        {found.map((item, index) => (
          <div key={item.id}>
            {item.group !== found[index - 1]?.group && (
              <div className="palette-group" role="presentation">
                {item.group}
              </div>
            )}
            {/* The list is worked from the input: arrows and Enter. */}
            <div
              role="option"
              tabIndex={-1}
              id={`${listId}-${index}`}
              data-index={index}
              aria-selected={index === active}
              className={`palette-row${index === active ? ' on' : ''}`}
              onMouseMove={() => setAt(index)}
              onClick={() => run(index)}
            >
              <Icon name={item.icon} className="t3" />
              <span className="el">{item.title}</span>
              {item.detail !== '' && <span className="t3 el sp">{item.detail}</span>}
            </div>
          </div>
        ))}
        {found.length === 0 && <div className="card-body t3">Nothing is called that.</div>}
      </div>
    </MuiDialog>
  )
}
