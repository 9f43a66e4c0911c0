// WAL archive: what is archived of each server, how well, and what of it can be used.
import { useState } from 'react'
import { Button } from '../../components/Button'
import { PageHead } from '../../components/Card'
import { ErrorNote, Loading } from '../../components/Feedback'
import { plural } from '../../format/numbers'
import { api } from '../../rpc/api'
import { useJobs } from '../../stores/jobs'
import { useAsk } from '../../wizard/useAsk'
import { AddFolderDialog } from './AddFolderDialog'
import { ArchiveSection } from './ArchiveSection'
import { NoArchive } from './NoArchive'
import { SetUpButtons } from './setUp'
import './walArchive.css'

export default function WalArchive() {
  const ended = useJobs((state) => state.jobs.filter((job) => job.endedAt !== null).length)
  const list = useAsk({ ended }, (_input, options) => api.walArchive.list({}, options), { keep: true })
  const [adding, setAdding] = useState(false)
  const archives = list.data?.archives ?? []
  const add = () => setAdding(true)
  return (
    <div className="page">
      <PageHead
        title="WAL archive"
        actions={
          archives.length > 0 && (
            <>
              <Button icon="schema" onClick={add}>
                Add a folder…
              </Button>
              <SetUpButtons />
            </>
          )
        }
      >
        {archives.length > 0 && <span className="t3">{plural(archives.length, 'archive')}</span>}
      </PageHead>
      {list.error && <ErrorNote error={list.error} onRetry={list.again} />}
      {!list.data && !list.error && <Loading>Looking for the archives…</Loading>}
      {list.data && archives.length === 0 && <NoArchive onAddFolder={add} />}
      {archives.map((archive) => (
        <ArchiveSection key={archive.id} archive={archive} onChanged={list.again} />
      ))}
      {adding && (
        <AddFolderDialog
          onClose={() => setAdding(false)}
          onAdded={() => {
            setAdding(false)
            list.again()
          }}
        />
      )}
    </div>
  )
}
