// The figures of one archive in three cards: how far it reaches, what the server says, and the disk.
import type { ArchiveHealth, ArchiveMap } from '../../../shared/contracts/walArchive'
import { formatBytes } from '../../../shared/model/byteCount'
import type { WalArchive } from '../../../shared/model/walArchive'
import { Card } from '../../components/Card'
import { FileName } from '../../components/FileName'
import { type KeyValue, KeyValues } from '../../components/KeyValues'
import { formatCount, plural } from '../../format/numbers'
import { formatAgo, formatWhen } from '../../format/time'
import { behindWords, diskWords, walWhen } from './archiveState'

interface Figures {
  archive: WalArchive
  health: ArchiveHealth | undefined
  map: ArchiveMap | undefined
  now: number
}

export function ArchiveFigures({ archive, health, map, now: shown }: Figures) {
  // The answer may be newer than the page's clock, and the server's clock may run ahead.
  const now = Math.max(shown, Date.parse(health?.server?.now ?? '') || 0)
  return (
    <div className="wal-figures">
      <Card title="Reach">
        <div className="card-body">
          <KeyValues rows={reachRows(health, map, now)} spread />
        </div>
      </Card>
      <Card title={archive.kind === 'stream' ? 'Stream and slot' : 'Server'}>
        <div className="card-body">
          <KeyValues rows={serverRows(archive, health, now)} spread />
        </div>
      </Card>
      <Card title="Folder">
        <div className="card-body">
          <KeyValues
            rows={[
              { label: 'Path', value: archive.folder, mono: true },
              { label: 'Holds', value: map ? `${plural(map.segments, 'segment')}, ${formatBytes(map.bytesOnDisk)}` : '…' },
              { label: 'Disk', value: health ? diskWords(health, now) : '…' },
              ...(health?.forecast
                ? [{ label: 'Growth', value: `${formatBytes(health.forecast.bytesPerDay)} a day` } satisfies KeyValue]
                : []),
              {
                label: 'System identifier',
                value: map?.systemIdentifier ?? archive.systemIdentifier ?? 'not known yet',
                mono: true,
              },
            ]}
            spread
          />
        </div>
      </Card>
    </div>
  )
}

function reachRows(health: ArchiveHealth | undefined, map: ArchiveMap | undefined, now: number): KeyValue[] {
  const newest = health?.newest
  const last = map?.timelines.findLast(({ lastCommit }) => lastCommit !== null)?.lastCommit ?? newest?.lastCommit
  return [
    { label: 'Newest segment', value: newest ? <FileName name={newest.file} /> : health ? 'none' : '…', mono: true },
    { label: 'Arrived', value: newest ? `${formatAgo(newest.at, new Date(now))}, ${formatWhen(newest.at)}` : '–' },
    { label: 'Reaches', value: newest ? `${newest.reaches}, timeline ${newest.timeline}` : '–', mono: true },
    { label: 'Last commit', value: last ? walWhen(last.time) : map && BigInt(map.toRead) > 0n ? 'not read yet' : 'none' },
    { label: 'Commits', value: map ? formatCount(map.commits) : '…' },
  ]
}

function serverRows(archive: WalArchive, health: ArchiveHealth | undefined, now: number): KeyValue[] {
  if (!health) return [{ label: 'State', value: '…' }]
  const { server } = health
  if (!server) return [{ label: 'State', value: health.serverProblem }]
  const at = (iso: string) => `${formatAgo(iso, new Date(now))}, ${formatWhen(iso)}`
  const behind: KeyValue = { label: 'Not in the archive', value: behindWords(health) }
  const current: KeyValue = { label: 'Written up to', value: server.currentLsn, mono: true }
  if (archive.kind === 'stream') {
    const slot = server.slots.find(({ name }) => name === archive.stream?.slot)
    return [
      { label: 'Slot', value: archive.stream?.slot ?? '', mono: true },
      current,
      behind,
      {
        label: 'Slot keeps',
        value: slot?.keptBytes == null ? 'not known' : `${formatBytes(slot.keptBytes)}, ${slot.walStatus ?? ''}`,
      },
      {
        label: 'May still grow by',
        value: slot?.safeWalSize == null ? 'no limit set (max_slot_wal_keep_size)' : formatBytes(slot.safeWalSize),
      },
    ]
  }
  return [
    current,
    behind,
    { label: 'Waiting', value: server.queue === null ? 'not known to this role (pg_monitor)' : plural(server.queue, 'segment') },
    { label: 'Last archived', value: server.lastArchived ? at(server.lastArchived.at) : 'never' },
    {
      label: 'Last failed',
      value: server.lastFailed ? at(server.lastFailed.at) : 'never',
    },
  ]
}
