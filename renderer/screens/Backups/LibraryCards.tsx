// The libraries with their free space, and what in them is no backup and yet not nothing.
import { useState } from 'react'
import type { z } from 'zod'
import type { backups, CatalogEntry } from '../../../shared/contracts/backups'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { CopyButton } from '../../components/CopyButton'
import { Icon } from '../../components/Icon'
import { type ShownError, shownError } from '../../format/errors'
import { plural } from '../../format/numbers'
import { api } from '../../rpc/api'
import { folderName } from './catalog'

type Catalog = z.output<typeof backups.methods.list.output>

export function OdditiesCard({ oddities, onChanged }: { oddities: Catalog['oddities']; onChanged: () => void }) {
  const [removing, setRemoving] = useState<string | null>(null)
  if (oddities.length === 0) return null
  return (
    <section className="card odd" aria-label="To look at">
      <div className="card-head">
        <Icon name="warn" className="warn" />
        <h2>{plural(oddities.length, 'folder')} to look at</h2>
        <span className="t3 el">not backups: nothing here is restored or deleted by itself</span>
      </div>
      <ul>
        {oddities.map(({ path, kind, detail }) => (
          <li key={path}>
            <Chip tone="warning">{kind === 'partial' ? 'unfinished' : 'unreadable'}</Chip>
            <div className="sp">
              <div className="mono wrap">{path}</div>
              <div className="t2 sm wrap">{detail}</div>
            </div>
            <CopyButton text={path}>Copy path</CopyButton>
            {kind === 'partial' && (
              <Button size="xs" onClick={() => setRemoving(path)} aria-label={`Remove ${folderName(path)}`}>
                Remove…
              </Button>
            )}
          </li>
        ))}
      </ul>
      {removing !== null && <RemoveUnfinished path={removing} onClose={() => setRemoving(null)} onRemoved={onChanged} />}
    </section>
  )
}

function RemoveUnfinished({ path, onClose, onRemoved }: { path: string; onClose: () => void; onRemoved: () => void }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const remove = async () => {
    setBusy(true)
    setError(null)
    try {
      await api.backups.remove({ path, confirm: folderName(path) })
      onClose()
      onRemoved()
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open
      title="Remove this unfinished backup"
      typeToConfirm={folderName(path)}
      typeLabel="the folder's name"
      action="Remove"
      busy={busy}
      error={error}
      facts={[{ label: 'Path', value: path, mono: true }]}
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      The folder moves to <span className="mono">.trash</span> in the library, where it takes the same room until you delete it
      there.
    </ConfirmDialog>
  )
}

export function LibrariesCard({
  libraries,
  backups: all,
}: {
  libraries: Catalog['libraries']
  backups: readonly CatalogEntry[]
}) {
  return (
    <Card title="Libraries" note="folders that are looked through" actions={<a href="#/settings">Settings</a>}>
      <table className="tb">
        <thead>
          <tr>
            <th>Folder</th>
            <th className="num">Backups</th>
            <th className="num">Size</th>
            <th className="num">Free</th>
          </tr>
        </thead>
        <tbody>
          {libraries.map(({ path, exists, freeBytes }) => {
            const mine = all.filter(({ library }) => library === path)
            return (
              <tr key={path}>
                <td className="mono wrap">{path}</td>
                <td className="num">{exists ? mine.length : <span className="t3">made with the first dump</span>}</td>
                <td className="num">{formatBytes(mine.reduce((sum, { size }) => sum + BigInt(size), 0n))}</td>
                <td className="num">{freeBytes === null ? 'not known' : formatBytes(freeBytes)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Card>
  )
}
