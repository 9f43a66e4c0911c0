// The server one works with, and the menu to choose another, add one or change them.

import Divider from '@mui/material/Divider'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { useEffect, useId, useRef, useState } from 'react'
import { Icon } from '../components/Icon'
import {
  addressOf,
  editConnection,
  selectConnection,
  showConnectionDialog,
  useConnections,
  useSelectedConnection,
} from '../stores/connections'
import { loadServer, useServer } from '../stores/server'
import { connectionColour } from '../theme/connectionColours'

export function ServerChooser() {
  const { connections, loaded } = useConnections()
  const selected = useSelectedConnection()
  const server = useServer(selected?.id)
  const [open, setOpen] = useState(false)
  const anchor = useRef<HTMLButtonElement>(null)
  const menuId = useId()

  const id = selected?.id
  useEffect(() => {
    if (id !== undefined) void loadServer(id)
  }, [id])

  const act = (action: () => void) => () => {
    setOpen(false)
    action()
  }
  return (
    <>
      <button
        type="button"
        ref={anchor}
        className="server"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? menuId : undefined}
        onClick={() => setOpen(true)}
      >
        {selected ? (
          <>
            <Swatch colour={selected.colour} />
            <span className="b el">{selected.label}</span>
            <span className="t3 mono el">{addressOf(selected)}</span>
            {server.page ? (
              <span className="t3 nw">PostgreSQL {server.page.facts.versionText.split(' ')[0]}</span>
            ) : server.error ? (
              <span className="warn row g4 nw">
                <Icon name="warn" size={14} />
                no answer
              </span>
            ) : null}
            {selected.readOnly && <ReadOnlyMark />}
          </>
        ) : (
          <span className="t2">{loaded ? 'No server yet' : 'Servers…'}</span>
        )}
        <Icon name="down" className="t3" />
      </button>
      <Menu
        id={menuId}
        open={open}
        anchorEl={anchor.current}
        onClose={() => setOpen(false)}
        slotProps={{ paper: { sx: { minWidth: 360, maxWidth: 640 } }, list: { 'aria-label': 'Servers' } }}
      >
        {connections.map((connection) => (
          <MenuItem
            key={connection.id}
            selected={connection.id === selected?.id}
            onClick={act(() => selectConnection(connection.id))}
          >
            <Swatch colour={connection.colour} />
            <span className="m el">{connection.label}</span>
            <span className="t3 mono el">{addressOf(connection)}</span>
            <span className="sp" />
            {connection.readOnly && <ReadOnlyMark />}
            {connection.id === selected?.id && <Icon name="check" className="acc" label="chosen" />}
          </MenuItem>
        ))}
        {connections.length > 0 && <Divider sx={{ my: '4px !important' }} />}
        <MenuItem onClick={act(() => editConnection(null))}>
          <Icon name="plus" />
          Add a server…
        </MenuItem>
        {selected && (
          <MenuItem onClick={act(() => editConnection(selected.id))}>
            <Icon name="edit" />
            Edit {selected.label}…
          </MenuItem>
        )}
        {connections.length > 0 && (
          <MenuItem onClick={act(() => showConnectionDialog({ kind: 'manage' }))}>
            <Icon name="server" />
            Manage servers…
          </MenuItem>
        )}
      </Menu>
    </>
  )
}

function Swatch({ colour }: { colour: keyof typeof connectionColour }) {
  return <span className="swatch" style={{ background: connectionColour[colour].value }} />
}

function ReadOnlyMark() {
  return (
    <span className="chip outline">
      <Icon name="lock" size={14} />
      read-only
    </span>
  )
}
