// The top bar: which server one works with, the search, what ended lately, help.
import { IconButton } from '../components/Button'
import { Icon } from '../components/Icon'
import { EndedJobs } from './EndedJobs'
import { ServerChooser } from './ServerChooser'

export function TopBar({ onSearch, onHelp }: { onSearch: () => void; onHelp: () => void }) {
  return (
    <header className="topbar">
      <ServerChooser />
      <div className="sp" />
      <button type="button" className="find" onClick={onSearch} aria-haspopup="dialog">
        <Icon name="search" />
        <span className="sp">Find or do…</span>
        <span className="kbd">Ctrl K</span>
      </button>
      <EndedJobs />
      <IconButton icon="help" label="Keyboard shortcuts" iconSize={20} onClick={onHelp} />
    </header>
  )
}
