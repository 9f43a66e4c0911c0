// The databases with their last dump, and what can be done with each: dump it, look inside, drop it.
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { lazy, Suspense, useState } from 'react'
import { formatBytes } from '../../../shared/model/byteCount'
import type { SavedConnection } from '../../../shared/model/connection'
import { Button, IconButton } from '../../components/Button'
import { Icon } from '../../components/Icon'
import { formatAgo, formatWhen } from '../../format/time'
import { placeLink } from '../../stores/navigation'
import type { ServerPage } from '../../stores/server'
import { DropDatabaseDialog } from './DropDatabaseDialog'
import type { DatabaseProtection } from './protection'

// With its drawer and its virtual list it is loaded when someone looks.
const LookInside = lazy(() => import('./LookInside'))

export interface DatabasesCardProps {
  connection: SavedConnection
  page: ServerPage
  protections: readonly DatabaseProtection[]
  now: number
  onChanged: () => void
}

type Opened = { kind: 'menu'; name: string; anchor: HTMLElement } | { kind: 'inside' | 'drop'; name: string } | null

export function DatabasesCard({ connection, page, protections, now, onChanged }: DatabasesCardProps) {
  const [opened, setOpened] = useState<Opened>(null)
  const total = protections.reduce((sum, each) => sum + Number(each.database.size ?? 0), 0)
  const close = () => setOpened(null)
  return (
    <section className="card" aria-label="Databases">
      <div className="card-head">
        <h2>Databases</h2>
        <span className="sp" />
        <span className="t3">{formatBytes(total)}</span>
      </div>
      <table className="tb dense">
        <thead>
          <tr>
            <th style={{ minWidth: 84 }}>Name</th>
            <th className="num">Size</th>
            <th className="num">Last dump</th>
            <th style={{ width: 132 }}>
              <span className="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {protections.map((each) => (
            <tr key={each.database.name}>
              <td className="m wrap">{each.database.name}</td>
              <td className="num nw">{each.database.size === null ? '–' : formatBytes(each.database.size)}</td>
              <td className="num nw">
                <LastDump protection={each} now={now} />
              </td>
              <td>
                <span className="row g4 end">
                  <Button size="xs" href={placeLink('/backup/dump', { database: each.database.name })}>
                    Dump…
                  </Button>
                  <IconButton
                    icon="eye"
                    size="s"
                    label={`Look inside ${each.database.name}`}
                    onClick={() => setOpened({ kind: 'inside', name: each.database.name })}
                  />
                  <IconButton
                    icon="more"
                    size="s"
                    label={`More for ${each.database.name}`}
                    aria-haspopup="menu"
                    onClick={(event) => setOpened({ kind: 'menu', name: each.database.name, anchor: event.currentTarget })}
                  />
                </span>
              </td>
            </tr>
          ))}
          {protections.length === 0 && (
            <tr>
              <td colSpan={4} className="t3">
                There is no database that takes connections.
              </td>
            </tr>
          )}
        </tbody>
      </table>
      <Menu open={opened?.kind === 'menu'} anchorEl={opened?.kind === 'menu' ? opened.anchor : null} onClose={close}>
        <MenuItem onClick={() => opened && setOpened({ kind: 'inside', name: opened.name })}>
          <Icon name="eye" />
          Look inside…
        </MenuItem>
        <MenuItem disabled={connection.readOnly} onClick={() => opened && setOpened({ kind: 'drop', name: opened.name })}>
          <Icon name="trash" className={connection.readOnly ? 't3' : 'err'} />
          {connection.readOnly ? 'Drop… (this server is marked read-only)' : <span className="err">Drop…</span>}
        </MenuItem>
      </Menu>
      {opened?.kind === 'inside' && (
        <Suspense fallback={null}>
          <LookInside connection={connection} database={opened.name} onClose={close} />
        </Suspense>
      )}
      {opened?.kind === 'drop' && (
        <DropDatabaseDialog
          connection={connection}
          page={page}
          database={opened.name}
          protection={protections.find((each) => each.database.name === opened.name)}
          onClose={close}
          onDropped={() => {
            close()
            onChanged()
          }}
        />
      )}
    </section>
  )
}

function LastDump({ protection, now }: { protection: DatabaseProtection; now: number }) {
  const { last, check, needed } = protection
  if (last === null) {
    return needed ? (
      <span className="severity warning sm">
        <Icon name="warn" size={14} />
        never
      </span>
    ) : (
      <span className="t3">not needed</span>
    )
  }
  const text = formatAgo(last.record.startedAt, new Date(now))
  return check === 'failed' ? (
    <span className="severity blocker sm">
      <Icon name="block" size={14} />
      {text}, failed
    </span>
  ) : (
    <span title={formatWhen(last.record.startedAt)}>{text}</span>
  )
}
