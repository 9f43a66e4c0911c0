// Removes a backup after its folder's name was typed, and before that says what goes with it.
import { useState } from 'react'
import type { CatalogEntry, RestoreWindow } from '../../../shared/contracts/backups'
import { nameOf } from '../../../shared/model/backupChain'
import { backupSubject } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { type LostMoments, removalOf } from '../../../shared/model/removal'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { Note } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { plural } from '../../format/numbers'
import { formatWhen } from '../../format/time'
import { api } from '../../rpc/api'
import { folderName, momentOf, serverOf } from './catalog'

export interface RemoveBackupProps {
  entry: CatalogEntry
  all: readonly CatalogEntry[]
  windows: readonly RestoreWindow[] | undefined
  open: boolean
  onClose: () => void
  onRemoved: () => void
}

export function RemoveBackup({ entry, all, windows, open, onClose, onRemoved }: RemoveBackupProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const { path, record } = entry
  const { dependents, lost } = removalOf(entry, all, windows ?? [])
  const count = dependents.length + 1
  const size = [entry, ...dependents].reduce((sum, each) => sum + BigInt(each.size), 0n)
  const remove = async () => {
    setBusy(true)
    setError(null)
    try {
      await api.backups.remove({ path, confirm: folderName(path), dependents: dependents.length > 0 })
      onRemoved()
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open={open}
      title={count === 1 ? 'Remove this backup' : `Remove this backup and ${plural(count - 1, 'backup')} built on it`}
      typeToConfirm={folderName(path)}
      typeLabel="the folder's name"
      action={count === 1 ? 'Remove' : `Remove all ${count}`}
      busy={busy}
      error={error}
      facts={[
        { label: 'Backup', value: `${backupSubject(record)}, ${formatWhen(momentOf(record))}` },
        { label: 'Server', value: serverOf(record) },
        { label: 'Path', value: path, mono: true },
        { label: 'Size', value: count === 1 ? formatBytes(size) : `${formatBytes(size)}, all ${count}` },
      ]}
      onConfirm={() => void remove()}
      onClose={() => {
        setError(null)
        onClose()
      }}
    >
      <div className="col g12">
        {dependents.length > 0 && (
          <Note tone="warning">
            <div className="m">
              {dependents.length === 1
                ? 'An incremental backup can’t be restored without it, and goes too:'
                : `${dependents.length} incremental backups can’t be restored without it, and go too:`}
            </div>
            <ul className="mono sm wrap">
              {dependents.map((each) => (
                <li key={each.path}>{nameOf(each)}</li>
              ))}
            </ul>
            <div className="t2">To keep what they hold, combine the chain into a full backup first.</div>
          </Note>
        )}
        {lost.length > 0 && (
          <Note tone="warning">
            <div className="m">Nothing else here can bring back:</div>
            <ul>
              {lost.map((each) => (
                <li key={`${each.archive} ${each.from.lsn} ${each.to.lsn}`}>{lostWords(each)}</li>
              ))}
            </ul>
          </Note>
        )}
        {windows === undefined && <div className="t3">The archives are still being looked at: more moments may be lost.</div>}
        <div>
          {count === 1 ? 'The folder moves' : 'The folders move'} to <span className="mono">.trash</span> in the library, where{' '}
          {count === 1 ? 'it takes' : 'they take'} the same room until you delete {count === 1 ? 'it' : 'them'} there. Until then{' '}
          {count === 1 ? 'it' : 'they'} can be moved back by hand. Walkback no longer lists {count === 1 ? 'it' : 'them'}, and
          nothing can be restored from {count === 1 ? 'it' : 'them'} here.
        </div>
      </div>
    </ConfirmDialog>
  )
}

function lostWords({ archive, from, to }: LostMoments): string {
  const say = ({ lsn, time }: LostMoments['from']) => (time === null ? lsn : formatWhen(time))
  if (archive === null) return `The moment ${say(from)}, ${from.lsn}`
  return `The moments from ${say(from)} to ${say(to)}, with the WAL in ${archive}`
}
