// The place where setting archives up joins this screen: the ways to the wizards, and what each archive can be told to do.
import type { WalArchive } from '../../../shared/model/walArchive'
import { Button } from '../../components/Button'
import { findRoute } from '../../routes'
import { placeLink } from '../../stores/navigation'
import { archivePlace } from '../../wizards/wal/places'

/** Wizards that are not there yet are not offered. */
export const setUpWays = [
  { kind: 'file', path: '/wal/file', label: 'Set up a file archive' },
  { kind: 'stream', path: '/wal/stream', label: 'Stream WAL' },
] as const

export function SetUpButtons({ primary = false }: { primary?: boolean }) {
  return setUpWays
    .filter(({ path }) => findRoute(path) !== undefined)
    .map(({ kind, path, label }) => (
      <Button key={kind} kind={primary && kind === 'stream' ? 'primary' : 'plain'} icon="wal" href={placeLink(path)}>
        {label}
      </Button>
    ))
}

const manageWords = { file: 'Check, turn off…', stream: 'Start, stop…', folder: '' } as const

/** The way to start, stop, check and turn off: for an archive that Walkback fills. None for a folder that is only read. */
export function ArchiveControls({ archive }: { archive: WalArchive; onChanged: () => void }) {
  if (archive.kind === 'folder') return null
  return (
    <Button size="s" href={placeLink(archivePlace(archive.id))}>
      {manageWords[archive.kind]}
    </Button>
  )
}
