// One line of the catalog: kind, what it is of, when, how large, how checked; below its full backup where it builds on one.
import type { RestoreWindow } from '../../../shared/contracts/backups'
import { backupSubject } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button } from '../../components/Button'
import { Chip, Severity } from '../../components/Chip'
import { formatAgo, formatWhen } from '../../format/time'
import { type CatalogRow, kindOf, momentOf, restoreLink, serverOf } from './catalog'
import { restorableWords } from './restorable'
import { VerifiedMark } from './VerifiedMark'

export interface BackupRowProps {
  row: CatalogRow
  /** undefined while the archives are looked at. */
  windows: readonly RestoreWindow[] | undefined
  onOpen: () => void
}

export function BackupRow({ row, windows, onOpen }: BackupRowProps) {
  const { entry, depth, last, broken } = row
  const { size, record } = entry
  const name = backupSubject(record)
  const moment = momentOf(record)
  const restorable = broken === '' ? restorableWords(entry, windows) : null
  const link = broken === '' ? restoreLink(entry) : undefined
  const cell = ['chain-cell', depth > 0 ? 'linked' : '', depth > 0 && last ? 'last' : ''].filter(Boolean).join(' ')
  return (
    <tr className="click" onClick={onOpen}>
      <td className={cell} style={{ '--chain-depth': depth } as Record<string, number>}>
        <Chip tone={kindOf(record) === 'incremental' ? 'outline' : 'accent'}>{kindOf(record)}</Chip>
      </td>
      <td className="wrap">
        <button
          type="button"
          className="plain-link"
          onClick={(event) => {
            event.stopPropagation()
            onOpen()
          }}
          aria-label={`${name}, ${formatWhen(moment)}: details`}
        >
          {name}
        </button>
        {record.kind === 'base-backup' && record.combinedFrom !== null && (
          <span className="t2">, combined from {record.combinedFrom.length}</span>
        )}
        {depth > 0 && <span className="hidden-text">builds on the backup above</span>}
        {record.label !== '' && record.label !== name && <span className="t2">, {record.label}</span>}
        {broken !== '' && (
          <div className="sm wrap">
            <Severity level="blocker">Chain broken</Severity> <span className="t2">{broken}</span>
          </div>
        )}
        {restorable && <div className="t3 sm">{restorable.short}</div>}
      </td>
      <td className="wrap">{serverOf(record)}</td>
      <td className="nw">
        <div>{formatAgo(moment)}</div>
        <div className="t3 sm">{formatWhen(moment)}</div>
      </td>
      <td className="num nw">{formatBytes(size)}</td>
      <td>{record.format}</td>
      <td>
        <VerifiedMark record={record} />
      </td>
      <td className="num" onClick={(event) => event.stopPropagation()}>
        {link !== undefined && (
          <Button size="xs" href={link} aria-label={`Restore ${name} of ${formatWhen(moment)}`}>
            Restore…
          </Button>
        )}
      </td>
    </tr>
  )
}
