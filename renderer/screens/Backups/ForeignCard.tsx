// Backups in the libraries that other programs made: what can be known of them, a check, and a record on demand.
import { useState } from 'react'
import type { ForeignBackup } from '../../../shared/contracts/backups'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { Dialog } from '../../components/Dialog'
import { ErrorNote } from '../../components/Feedback'
import { TextField } from '../../components/fields'
import { type ShownError, shownError } from '../../format/errors'
import { plural } from '../../format/numbers'
import { formatAgo, formatWhen } from '../../format/time'
import { api } from '../../rpc/api'
import { navigate, placeLink } from '../../stores/navigation'
import { folderName } from './catalog'

export function ForeignCard({ foreign, onChanged }: { foreign: readonly ForeignBackup[]; onChanged: () => void }) {
  const [adding, setAdding] = useState<ForeignBackup | null>(null)
  const [error, setError] = useState<ShownError | null>(null)
  if (foreign.length === 0) return null
  const verify = async (path: string) => {
    setError(null)
    try {
      const { jobId } = await api.backups.verifyForeign({ path })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (cause) {
      setError(shownError(cause))
      onChanged()
    }
  }
  return (
    <Card title="Not made by Walkback" note={`${plural(foreign.length, 'backup')} of other programs, without a record`}>
      {error && <ErrorNote error={error} />}
      <table className="tb two-line">
        <thead>
          <tr>
            <th>Kind</th>
            <th>Name</th>
            <th>PostgreSQL</th>
            <th>Written</th>
            <th className="num">Size</th>
            <th aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {foreign.map((one) => (
            <ForeignRow key={one.path} one={one} onVerify={() => void verify(one.path)} onAdd={() => setAdding(one)} />
          ))}
        </tbody>
      </table>
      {adding && <AddRecord one={adding} onClose={() => setAdding(null)} />}
    </Card>
  )
}

function ForeignRow({ one, onVerify, onAdd }: { one: ForeignBackup; onVerify: () => void; onAdd: () => void }) {
  const name = folderName(one.path)
  const badge = one.physical?.incremental === true ? 'incremental' : one.kind
  return (
    <tr>
      <td>
        <Chip tone="outline">{badge}</Chip>
      </td>
      <td className="wrap">
        <div className="m">{name}</div>
        <div className="t3 sm mono wrap">{one.path}</div>
        <div className="t2 sm wrap">{knownWords(one)}</div>
        {one.problem !== '' && <div className="warn sm wrap">No record can be added: {one.problem}</div>}
      </td>
      <td>{one.version || 'not told'}</td>
      <td className="nw">
        <div>{formatAgo(one.at)}</div>
        <div className="t3 sm">{formatWhen(one.at)}</div>
      </td>
      <td className="num nw">{one.size === null ? 'not known' : formatBytes(one.size)}</td>
      <td className="num">
        <span className="row end">
          {one.kind !== 'base-backup' && (
            <Button size="xs" href={placeLink('/restore/dump', { path: one.path })} aria-label={`Restore ${name}`}>
              Restore…
            </Button>
          )}
          {one.problem === '' && (
            <>
              <Button size="xs" onClick={onVerify} aria-label={`Verify ${name}`}>
                Verify
              </Button>
              <Button size="xs" onClick={onAdd} aria-label={`Add a record to ${name}`}>
                Add a record…
              </Button>
            </>
          )}
        </span>
      </td>
    </tr>
  )
}

function knownWords({ format, database, label, saysAt, physical }: ForeignBackup): string {
  return [
    `${format} format`,
    database === null ? '' : `database ${database}`,
    label === '' ? '' : `label "${label}"`,
    saysAt === '' ? '' : `begun ${saysAt}, as it says`,
    physical?.start ? `from ${physical.start.lsn}, timeline ${physical.start.timeline}` : '',
    physical?.stop ? `to ${physical.stop.lsn}` : '',
  ]
    .filter(Boolean)
    .join(', ')
}

function AddRecord({ one, onClose }: { one: ForeignBackup; onClose: () => void }) {
  const [server, setServer] = useState('')
  const [label, setLabel] = useState(one.label)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const name = folderName(one.path)
  const add = async () => {
    setBusy(true)
    setError(null)
    try {
      const { jobId } = await api.backups.adopt({ path: one.path, server: server.trim(), label: label.trim() })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  const file = one.format !== 'directory' && one.kind !== 'base-backup'
  return (
    <Dialog
      open
      title={`Add a record to ${name}`}
      onClose={onClose}
      locked={busy}
      width={560}
      onSubmit={() => void add()}
      actions={
        <>
          <Button onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button kind="primary" type="submit" busy={busy}>
            Add the record
          </Button>
        </>
      }
    >
      <div className="col g12">
        <div className="t2">
          It is read in full and every file gets a checksum, in a job. Then it moves, with not a byte changed,{' '}
          {file ? (
            <>
              into a folder of its own, <span className="mono">{name}-backup</span>,
            </>
          ) : (
            <>
              one folder down, to <span className="mono">{name}/data</span>,
            </>
          )}{' '}
          with <span className="mono">walkback.json</span> beside it. A script that looks for it at the old place no longer finds
          it.
        </div>
        <TextField
          label="Server"
          value={server}
          onChange={setServer}
          maxLength={200}
          help="Under which name it is listed: the files do not tell."
        />
        <TextField label="Label" value={label} onChange={setLabel} maxLength={200} />
        {error && <ErrorNote error={error} />}
      </div>
    </Dialog>
  )
}
