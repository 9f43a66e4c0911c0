// One backup in full: facts, checks, files, commands, and what can be done with it.

import { useState } from 'react'
import type { CatalogEntry, RestoreWindow } from '../../../shared/contracts/backups'
import { chainOf, isBase } from '../../../shared/model/backupChain'
import { backupSubject, isPhysical } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { Button } from '../../components/Button'
import { Chip, Severity } from '../../components/Chip'
import { CopyButton } from '../../components/CopyButton'
import { checkWord } from '../../components/checkWords'
import { Dialog } from '../../components/Dialog'
import { Note } from '../../components/Feedback'
import { type KeyValue, KeyValues } from '../../components/KeyValues'
import { formatDuration } from '../../format/duration'
import { plural } from '../../format/numbers'
import { said } from '../../format/said'
import { formatAgo, formatWhen } from '../../format/time'
import { api } from '../../rpc/api'
import { placeLink } from '../../stores/navigation'
import { useAsk } from '../../wizard/useAsk'
import { databasesOf, kindOf, momentOf, restoreLink } from './catalog'
import { DrillDialog, saveDrillReport } from './DrillDialog'
import { PhysicalDetails } from './PhysicalDetails'
import { RecordFiles } from './RecordFiles'
import { RemoveBackup } from './RemoveBackup'
import { VerifiedMark } from './VerifiedMark'
import { VerifyDialog } from './VerifyDialog'

export interface BackupDetailsProps {
  entry: CatalogEntry | undefined
  all: readonly CatalogEntry[]
  /** undefined while the archives are looked at. */
  windows: readonly RestoreWindow[] | undefined
  onClose: () => void
  onChanged: () => void
}

export function BackupDetails({ entry, all, windows, onClose, onChanged }: BackupDetailsProps) {
  const [removing, setRemoving] = useState(false)
  const [verifying, setVerifying] = useState(false)
  const [drilling, setDrilling] = useState(false)
  const drilled = entry?.record.verifications.some(({ level }) => level === 'drill') === true
  const drills = useAsk(drilled ? { path: entry?.path } : undefined, (_input, options) => api.drill.list({}, options))
  if (entry === undefined) return null
  const { record, path } = entry
  const chain = isBase(entry) ? chainOf(entry, all) : null
  const combinable = chain !== null && chain.problem === '' && chain.links.length > 1
  const reportOf = (at: string) => drills.data?.drills.find((one) => one.backup === path && one.at === at)?.jobId
  const link = chain === null || chain.problem === '' ? restoreLink(entry) : undefined
  return (
    <>
      <Dialog
        open={!removing && !verifying && !drilling}
        onClose={onClose}
        width={880}
        title={
          <span className="row">
            <Chip tone="accent">{kindOf(record)}</Chip>
            <span className="el">
              {backupSubject(record)}, {formatWhen(momentOf(record))}
            </span>
          </span>
        }
        footNote={
          <Button kind="danger" icon="trash" onClick={() => setRemoving(true)}>
            Remove…
          </Button>
        }
        actions={
          <>
            <Button icon="pass" onClick={() => setVerifying(true)}>
              Verify…
            </Button>
            <Button icon="rescue" onClick={() => setDrilling(true)}>
              Drill…
            </Button>
            {combinable && <Button href={placeLink('/backups/combine', { backup: path })}>Combine into a full one…</Button>}
            {link !== undefined && (
              <Button kind="primary" icon="restore" href={link}>
                Restore…
              </Button>
            )}
          </>
        }
      >
        <div className="col g16">
          {record.warnings.length > 0 && (
            <Note tone="warning">
              <div className="m">{plural(record.warnings.length, 'warning')} while it was made</div>
              {record.warnings.map((warning, index) => (
                <div key={`${index}-${warning}`} className="t2 wrap">
                  {warning}
                </div>
              ))}
            </Note>
          )}
          <div className="details-two">
            <KeyValues rows={sourceRows(entry)} labelWidth={104} />
            <KeyValues rows={madeRows(entry)} labelWidth={104} />
          </div>
          {isPhysical(record) && <PhysicalDetails {...{ entry, record, all, windows }} />}
          <div>
            <h3 className="lab">Folder</h3>
            <div className="row">
              <span className="mono wrap sp">{path}</span>
              <CopyButton text={path}>Copy path</CopyButton>
            </div>
          </div>
          <section aria-label="Checks">
            <h3 className="lab">Checks</h3>
            {record.verifications.length === 0 && <VerifiedMark record={record} />}
            <ul className="checks">
              {[...record.verifications].reverse().map((check) => (
                <li key={`${check.at} ${check.level}`}>
                  <Severity level={check.ok ? 'pass' : 'blocker'}>{checkWord(check)}</Severity>
                  <span className="nw">
                    {formatWhen(check.at)} <span className="t3">{formatAgo(check.at)}</span>
                  </span>
                  <span className="t2 wrap">
                    {said(check.detail)} {check.level === 'drill' && <ReportButton jobId={reportOf(check.at)} />}
                  </span>
                </li>
              ))}
            </ul>
          </section>
          <RecordFiles record={record} />
          <section aria-label="Commands">
            <h3 className="lab">Commands that made it</h3>
            <pre className="code">{record.commands.join('\n') || 'not known: it was not made by Walkback'}</pre>
          </section>
        </div>
      </Dialog>
      {drilling && <DrillDialog entry={entry} onClose={() => setDrilling(false)} />}
      {verifying && <VerifyDialog entry={entry} onClose={() => setVerifying(false)} />}
      <RemoveBackup
        {...{ entry, all, windows }}
        open={removing}
        onClose={() => setRemoving(false)}
        onRemoved={() => {
          setRemoving(false)
          onClose()
          onChanged()
        }}
      />
    </>
  )
}

function sourceRows({ record }: CatalogEntry): KeyValue[] {
  const { source } = record
  const locale = [source.localeProvider, source.locale ?? source.collate].filter(Boolean).join(' ')
  return [
    { label: 'Server', value: source.label },
    { label: 'Address', value: source.port === null ? source.host : `${source.host}:${source.port}`, mono: true },
    { label: 'System identifier', value: source.systemIdentifier ?? 'not known', mono: true },
    { label: 'PostgreSQL', value: formatPgVersion(source.serverVersion) },
    ...(record.kind === 'dump'
      ? [
          { label: 'Database', value: source.database ?? 'not known', mono: true },
          { label: 'Its size', value: sizeWords(source.databaseSize) },
          { label: 'Owner', value: source.owner ?? 'not known', mono: true },
          { label: 'Encoding', value: [source.encoding, locale].filter(Boolean).join(', ') || 'not known' },
        ]
      : isPhysical(record)
        ? [
            { label: 'Holds', value: 'every database of the cluster' },
            { label: 'Their size', value: sizeWords(source.databaseSize) },
            { label: 'Checksums', value: source.dataChecksums === null ? 'not known' : source.dataChecksums ? 'on' : 'off' },
          ]
        : [
            { label: 'Databases', value: databasesOf(record).join(', ') || 'none, only what belongs to no database', mono: true },
            ...(databasesOf(record).length > 0 ? [{ label: 'Their size', value: sizeWords(source.databaseSize) }] : []),
          ]),
  ]
}

function sizeWords(size: string | null): string {
  return size === null ? 'not known' : formatBytes(size)
}

function globalsWords(record: CatalogEntry['record']): string {
  const withHashes = record.kind === 'cluster-dump' ? record.rolePasswords : record.globals?.rolePasswords === true
  if (record.kind === 'cluster-dump' && record.content === 'tablespaces') return 'tablespaces'
  if (record.kind !== 'cluster-dump' && record.globals === null) return 'not taken'
  const tablespaces = record.kind === 'cluster-dump' && record.content === 'roles' ? '' : ', tablespaces'
  return `${withHashes ? 'roles with password hashes' : 'roles without passwords'}${tablespaces}`
}

function madeRows({ record, size }: CatalogEntry): KeyValue[] {
  return [
    { label: 'Label', value: record.label || 'none' },
    { label: 'Started', value: formatWhen(record.startedAt) },
    ...(combinedOrAdded(record)
      ? []
      : [{ label: 'Took', value: formatDuration(Date.parse(record.endedAt) - Date.parse(record.startedAt)) }]),
    { label: 'Format', value: record.format },
    {
      label: 'Size',
      value: isPhysical(record) ? formatBytes(size) : `${formatBytes(size)} in ${plural(record.files.length, 'file')}`,
    },
    {
      label: 'Programs',
      value: record.tools.map(({ program, version }) => `${program} ${formatPgVersion(version)}`).join(', ') || 'not known',
    },
    ...(isPhysical(record) ? [] : [{ label: 'Globals', value: globalsWords(record) }]),
  ]
}

/** How long that took is not what its times tell. */
function combinedOrAdded(record: CatalogEntry['record']): boolean {
  return record.commands.length === 0 || (record.kind === 'base-backup' && record.combinedFrom !== null)
}

/** Where the result of that drill is kept. */
function ReportButton({ jobId }: { jobId: string | undefined }) {
  if (jobId === undefined) return null
  return (
    <Button kind="ghost" size="xs" icon="disk" onClick={() => void saveDrillReport(jobId)}>
      Report
    </Button>
  )
}
