// Looks through the folders of the machine that runs Walkback, which over serve is not the one with the browser.
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react'
import type { z } from 'zod'
import type { folderEntry } from '../../shared/contracts/host'
import { formatBytes } from '../../shared/model/byteCount'
import { type ShownError, shownError } from '../format/errors'
import { formatAgo } from '../format/time'
import { api } from '../rpc/api'
import { Button, IconButton } from './Button'
import { Dialog } from './Dialog'
import { ErrorNote, Loading } from './Feedback'
import { TextField } from './fields'
import { Icon } from './Icon'
import './dialogs.css'

type Entry = z.infer<typeof folderEntry>

interface Listing {
  path: string
  parent: string | null
  entries: Entry[]
  writable: boolean
  freeBytes: string | null
}

export interface FolderDialogProps {
  title: string
  want: 'folder' | 'file' | 'any'
  start: string
  onChoose: (path: string) => void
  onClose: () => void
}

export function FolderDialog({ title, want, start, onChoose, onClose }: FolderDialogProps) {
  const [listing, setListing] = useState<Listing | null>(null)
  const [typed, setTyped] = useState(start)
  const [picked, setPicked] = useState<string | null>(null)
  const [error, setError] = useState<ShownError | null>(null)
  const [newName, setNewName] = useState<string | null>(null)
  const list = useRef<HTMLDivElement>(null)

  const open = useCallback(async (path: string, fallback?: string) => {
    try {
      const found = await api.host.folder({ path })
      setListing(found)
      setTyped(found.path)
      setPicked(null)
      setError(null)
    } catch (cause) {
      if (fallback !== undefined && fallback !== path) return open(fallback)
      setError(shownError(cause))
    }
  }, [])
  useEffect(() => {
    void open(start, '')
  }, [open, start])

  const enter = (entry: Entry) => {
    if (entry.kind === 'folder') void open(entry.path)
    else if (want !== 'folder') onChoose(entry.path)
  }
  const makeFolder = async () => {
    if (!listing || newName === null || newName.trim() === '') return
    try {
      const made = await api.host.makeFolder({ parent: listing.path, name: newName.trim() })
      setNewName(null)
      await open(made.path)
    } catch (cause) {
      setError(shownError(cause))
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? [])]
    const at = rows.findIndex((row) => row === document.activeElement)
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.focus()
    } else if (event.key === 'Backspace' && listing?.parent != null) void open(listing.parent)
  }
  const chosen = picked ?? (want === 'file' ? null : (listing?.path ?? null))
  const free = listing?.freeBytes == null ? '' : `${formatBytes(listing.freeBytes)} free`

  return (
    <Dialog
      open
      title={`Choose: ${title}`}
      width={640}
      onClose={onClose}
      onSubmit={() => void open(typed)}
      footNote={listing && [free, listing.writable ? '' : 'Walkback may not write here.'].filter(Boolean).join(' · ')}
      actions={
        <>
          {want !== 'file' && <Button onClick={() => setNewName('')}>New folder…</Button>}
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={chosen === null} onClick={() => chosen !== null && onChoose(chosen)}>
            {picked === null ? 'Choose this folder' : 'Choose'}
          </Button>
        </>
      }
    >
      <div className="row" style={{ alignItems: 'flex-end' }}>
        <TextField
          className="sp"
          label="Folder on the machine that runs Walkback"
          value={typed}
          onChange={setTyped}
          mono
          end={
            <IconButton
              icon="up"
              label="Parent folder"
              size="s"
              disabled={listing?.parent == null}
              onClick={() => listing?.parent != null && void open(listing.parent)}
            />
          }
        />
        <Button type="submit">Go</Button>
      </div>
      {newName !== null && (
        <div className="row" style={{ alignItems: 'flex-end', marginTop: 12 }}>
          <TextField className="sp" label="Name of the new folder" value={newName} onChange={setNewName} autoFocus mono />
          <Button onClick={() => void makeFolder()} disabled={newName.trim() === ''}>
            Make it
          </Button>
          <Button onClick={() => setNewName(null)}>Leave it</Button>
        </div>
      )}
      {error && (
        <div style={{ marginTop: 12 }}>
          <ErrorNote error={error} />
        </div>
      )}
      <div className="folder-list" ref={list} role="listbox" aria-label="Entries" onKeyDown={onKeyDown} tabIndex={-1}>
        {listing === null && error === null && <Loading />}
        {listing?.entries.length === 0 && <div className="t3 card-body">This folder is empty.</div>}
        {listing?.entries.map((entry) => (
          <button
            key={entry.path}
            type="button"
            role="option"
            aria-selected={picked === entry.path}
            disabled={entry.kind === 'file' && want === 'folder'}
            onClick={() => setPicked(entry.kind === 'folder' && want === 'file' ? null : entry.path)}
            onDoubleClick={() => enter(entry)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return
              event.preventDefault()
              enter(entry)
            }}
          >
            <Icon name={entry.kind === 'folder' ? 'schema' : 'lob'} className={entry.kind === 'folder' ? 'acc' : 't3'} />
            <span className="sp el">{entry.name}</span>
            <span className="t3 sm">{entry.size === null ? '' : formatBytes(entry.size)}</span>
            <span className="t3 sm num" style={{ width: 88 }}>
              {entry.modifiedAt === null ? '' : formatAgo(entry.modifiedAt)}
            </span>
          </button>
        ))}
      </div>
    </Dialog>
  )
}
