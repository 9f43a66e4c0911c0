// The page of one WAL archive that Walkback fills: its card, with what can be done.
import { useState } from 'react'
import { PageHead } from '../../components/Card'
import { EmptyState, ErrorNote, Loading, Note } from '../../components/Feedback'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { placeLink } from '../../stores/navigation'
import { useAsk } from '../../wizard/useAsk'
import { archivesPlace } from '../../wizards/wal/places'
import { FileArchiveCard } from '../../wizards/walFile/FileArchiveCard'
import { StreamArchiveCard } from '../../wizards/walStream/StreamArchiveCard'

export default function ManageArchive({ params }: ScreenProps) {
  const list = useAsk({}, (asked, options) => api.walArchive.list(asked, options), { keep: true })
  const [dropped, setDropped] = useState('')
  const archive = list.data?.archives.find(({ id }) => id === params.id)
  return (
    <div className="page">
      <PageHead title={archive ? `WAL archive of ${archive.label}` : 'WAL archive'}>
        <a href={placeLink(archivesPlace)}>All archives</a>
      </PageHead>
      {list.error && <ErrorNote error={list.error} onRetry={list.again} />}
      {!list.data && !list.error && <Loading />}
      {list.data && !archive && (
        <EmptyState icon="wal" title="There is no such archive" actions={<a href={placeLink(archivesPlace)}>All archives</a>}>
          It was taken off the list. Its files stay where they are.
        </EmptyState>
      )}
      {archive?.kind === 'file' && <FileArchiveCard archive={archive} />}
      {archive?.kind === 'stream' && (
        <StreamArchiveCard
          archive={archive}
          onChanged={() => {
            setDropped(archive.stream?.slot ?? '')
            list.again()
          }}
        />
      )}
      {archive?.kind === 'folder' && (
        <Note>
          {dropped !== '' && `The slot ${dropped} is dropped: the server keeps no WAL for it any more. `}
          Nothing is written into {archive.folder} by Walkback: it is only read.
        </Note>
      )}
    </div>
  )
}
