// What threatens an archive, the worst first, each in a sentence with what to do.
import type { ArchiveHealth, SlotHealth } from '../contracts/walArchive'
import { formatBytes } from './byteCount'
import type { WalArchive } from './walArchive'

type Danger = ArchiveHealth['dangers'][number]
type Known = Omit<ArchiveHealth, 'dangers'>

/** More waiting segments than a short burst leaves. */
const longQueue = 10
/** A disk that is full within so many days is one to act on. */
const soon = 3
const later = 14
const day = 24 * 60 * 60 * 1000

export function archiveDangers(archive: WalArchive, known: Known): Danger[] {
  const { server } = known
  const dangers = [
    ...(server && archive.kind === 'file' ? archiverDangers(server) : []),
    ...(server ? server.slots.flatMap((slot) => slotDangers(slot, archive, server.keepSize)) : []),
    ...diskDangers(known),
  ]
  return dangers.toSorted((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}

function archiverDangers(server: NonNullable<Known['server']>): Danger[] {
  const dangers: Danger[] = []
  if (server.archiving === false) {
    dangers.push({
      danger: 'off',
      severity: 'error',
      says: `The server archives nothing: archive_mode is ${server.archiveMode}${server.archiveMode === 'off' ? '' : ', and no archive_command is set'}.`,
      advice: 'Set the file archive up again, or forget this archive.',
    })
  }
  const { lastFailed, lastArchived } = server
  // ISO texts of one length in one zone sort as the times do.
  if (lastFailed && (!lastArchived || lastFailed.at > lastArchived.at)) {
    dangers.push({
      danger: 'failing',
      severity: 'error',
      says: `Archiving fails: ${lastFailed.file}, last tried at ${lastFailed.at.slice(0, 19).replace('T', ' ')} UTC${lastFailed.message === null ? '' : `: ${lastFailed.message}`}.`,
      advice:
        lastFailed.message === null
          ? `${lastFailed.where} The server keeps its WAL until archiving works again, and that can fill its disk.`
          : 'The server keeps its WAL until archiving works again, and that can fill its disk.',
    })
  }
  if (server.queue !== null && server.queue >= longQueue) {
    dangers.push({
      danger: 'queue',
      severity: 'warning',
      says: `${server.queue} segments wait to be archived.`,
      advice: 'If the number grows, the archive is slower than the server writes, or archiving fails.',
    })
  }
  return dangers
}

function slotDangers(slot: SlotHealth, archive: WalArchive, keepSize: string): Danger[] {
  const own = archive.stream?.slot === slot.name
  const kept = slot.keptBytes === null ? '' : ` It keeps ${formatBytes(slot.keptBytes)} of WAL.`
  if (slot.walStatus === 'lost') {
    if (!own) return []
    const says = `Slot ${slot.name} has lost WAL that was not received: the archive has a gap from here on.`
    return [
      {
        danger: 'slot-lost',
        severity: 'error',
        says,
        advice: 'Start a new stream into a new folder, and make a new base backup.',
      },
    ]
  }
  if (slot.walStatus === 'unreserved') {
    const says = `Slot ${slot.name} is about to lose WAL: its limit is reached.`
    return [{ danger: 'slot-limit', severity: 'error', says, advice: 'Let it catch up now, or raise max_slot_wal_keep_size.' }]
  }
  const dangers: Danger[] = []
  if (!slot.active) {
    const since = slot.inactiveSince === null ? '' : ` since ${slot.inactiveSince.slice(0, 19).replace('T', ' ')} UTC`
    dangers.push({
      danger: 'slot-idle',
      severity: 'warning',
      says: `Nobody has received from slot ${slot.name}${since}.${kept}`,
      advice: own ? 'Start the stream again, or drop the slot.' : 'Drop the slot if nothing needs it: it keeps WAL for good.',
    })
  }
  if (own && keepSize === '-1') {
    dangers.push({
      danger: 'slot-unlimited',
      severity: 'warning',
      says: `Slot ${slot.name} may keep WAL without a limit.${kept}`,
      advice: 'Set max_slot_wal_keep_size, or a stream that stands still fills the server’s disk.',
    })
  }
  return dangers
}

function diskDangers({ freeBytes, forecast }: Known): Danger[] {
  if (freeBytes === null || !forecast) return []
  const days = Number(freeBytes) / Number(forecast.bytesPerDay)
  if (!(days < later)) return []
  const left = days < 1 ? `${Math.max(1, Math.round((days * day) / 3_600_000))} hours` : `${Math.round(days)} days`
  return [
    {
      danger: 'disk',
      severity: days < soon ? 'error' : 'warning',
      says: `The archive’s disk is full in about ${left}, at ${formatBytes(forecast.bytesPerDay)} a day.`,
      advice: 'Remove what no backup needs any more, or give it a larger disk.',
    },
  ]
}
