// The overview's card of the WAL archive: how it does, how far it reaches, what it keeps.

import { formatBytes } from '../../../shared/model/byteCount'
import { Chip } from '../../components/Chip'
import { FileName } from '../../components/FileName'
import type { KeyValue } from '../../components/KeyValues'
import { plural } from '../../format/numbers'
import { formatAgo, formatWhen } from '../../format/time'
import { placeLink } from '../../stores/navigation'
import type { ServerPage } from '../../stores/server'
import { archiveState, behindWords, diskWords } from '../WalArchive/archiveState'
import { KindCard } from './KindCards'
import type { ServerArchive } from './useServerArchive'

const icons = { pass: 'check', warning: 'warn', blocker: 'block', info: 'info', unknown: 'help' } as const
const tones = { pass: 'pass', warning: 'warning', blocker: 'blocker', info: 'neutral', unknown: 'neutral' } as const

interface WalCardProps {
  server: ServerArchive
  archiving: ServerPage['archiving'] | null
  now: number
}

export function WalCard({ server: { archive, more, known, health, map }, archiving, now }: WalCardProps) {
  if (!archive) return <NoArchiveCard archiving={archiving} known={known} />
  const state = archiveState(archive, health)
  const slot = archive.stream && health?.server?.slots.find(({ name }) => name === archive.stream?.slot)
  const rows: KeyValue[] = [
    {
      label: 'Newest segment',
      value: health?.newest ? <FileName name={health.newest.file} /> : health ? 'none' : '…',
      mono: true,
    },
    ...(archive.stream
      ? [{ label: 'Slot keeps', value: slot?.keptBytes == null ? 'not known' : keptWords(slot.keptBytes, slot.safeWalSize) }]
      : [{ label: 'Waiting', value: health?.server?.queue == null ? 'not known' : plural(health.server.queue, 'segment') }]),
    { label: 'Archive disk', value: health ? diskWords(health, now) : '…' },
  ]
  const gaps = map?.timelines.reduce((sum, timeline) => sum + timeline.gaps.length, 0) ?? 0
  return (
    <KindCard
      icon="wal"
      title="WAL archive"
      chip={
        <Chip tone={tones[state.level]} icon={icons[state.level]}>
          {state.word}
        </Chip>
      }
      figure={health ? figureOf(health) : '…'}
      beside={
        archive.stream ? <span className="mono">{archive.stream.slot}</span> : health?.newest && formatWhen(health.newest.at)
      }
      rows={rows}
    >
      {gaps > 0 && `${plural(gaps, 'gap')}. `}
      <a href={placeLink('/wal')}>{more > 0 ? `This and ${plural(more, 'more archive')}` : 'Show the map'}</a>
    </KindCard>
  )

  function figureOf(known: NonNullable<typeof health>) {
    if (known.behind !== null) return `Lag ${known.behind === '0' ? '0 B' : behindWords(known)}`
    return known.newest ? formatAgo(known.newest.at, new Date(now)) : 'Nothing yet'
  }
}

function keptWords(kept: string, safe: string | null): string {
  return `${formatBytes(kept)} of WAL, ${safe === null ? 'no limit set' : `${formatBytes(safe)} left`}`
}

function NoArchiveCard({ archiving, known }: { archiving: ServerPage['archiving'] | null; known: boolean }) {
  const on = archiving !== null && archiving.mode !== 'off'
  const rows: KeyValue[] = archiving
    ? [
        { label: 'archive_mode', value: archiving.mode, mono: true },
        ...(on
          ? [
              {
                label: 'Last archived',
                value: archiving.lastArchivedAt === null ? 'never' : formatWhen(archiving.lastArchivedAt),
              },
              { label: 'Last failed', value: archiving.lastFailedAt === null ? 'never' : formatWhen(archiving.lastFailedAt) },
            ]
          : []),
      ]
    : []
  return (
    <KindCard icon="wal" title="WAL archive" figure={known ? 'None yet' : '…'} rows={rows}>
      {on ? 'The server archives, but Walkback does not know the folder. ' : 'Every change, kept as it happens. '}
      <a href={placeLink('/wal')}>{on ? 'Add it' : 'About WAL archives'}</a>
    </KindCard>
  )
}
