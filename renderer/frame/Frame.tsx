// The frame of every page: rail, top bar, the page, job strip; and what replaces the page when there is no session.
import { lazy, type ReactNode, Suspense, useEffect, useState, useSyncExternalStore } from 'react'
import type { RailPlace } from '../routes'
import { connectionState, subscribeConnection } from '../rpc/api'
import { useConnections } from '../stores/connections'
import { navigate } from '../stores/navigation'
import { ConnectionBanner, NoSession } from './ConnectionStates'
import { JobStrip } from './JobStrip'
import { Rail } from './Rail'
import { shortcutOf } from './shortcuts'
import { TopBar } from './TopBar'
import './frame.css'

const CommandPalette = lazy(() => import('./CommandPalette'))
const ShortcutsDialog = lazy(() => import('./ShortcutsDialog'))
const ConnectionDialogs = lazy(() => import('../screens/connections/ConnectionDialogs'))

export interface FrameProps {
  children: ReactNode
  place: RailPlace | undefined
  wizard: boolean
}

export function Frame({ children, place, wizard }: FrameProps) {
  const state = useSyncExternalStore(subscribeConnection, connectionState)
  const dialog = useConnections((connections) => connections.dialog)
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null)
  const close = () => setOpen(null)

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const shortcut = shortcutOf(event)
      if (shortcut === undefined) return
      event.preventDefault()
      if (shortcut.kind === 'go') navigate(`#${shortcut.path}`)
      else setOpen((before) => (before === shortcut.kind ? null : shortcut.kind))
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])

  if (state === 'no-session' || state === 'refused') return <NoSession reason={state} />
  return (
    <div className={`app${wizard ? ' mini' : ''}`}>
      <a className="skip" href="#main" onClick={(event) => skipToMain(event)}>
        Skip to the page
      </a>
      <Rail place={place} mini={wizard} />
      <TopBar onSearch={() => setOpen('palette')} onHelp={() => setOpen('shortcuts')} />
      <ConnectionBanner state={state} />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <JobStrip />
      <Suspense fallback={null}>
        {open === 'palette' && <CommandPalette onClose={close} onShortcuts={() => setOpen('shortcuts')} />}
        {open === 'shortcuts' && <ShortcutsDialog onClose={close} />}
        {dialog !== null && <ConnectionDialogs />}
      </Suspense>
    </div>
  )
}

/** The fragment is the address of the page, so an ordinary in-page link would leave it. */
function skipToMain(event: { preventDefault: () => void }): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}
