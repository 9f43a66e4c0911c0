// Saves a job's outcome as a text file on the machine that runs Walkback, and says where it is.
import { useState } from 'react'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { Button } from '../../components/Button'
import { CopyButton } from '../../components/CopyButton'
import { Dialog } from '../../components/Dialog'
import { ErrorNote, Note } from '../../components/Feedback'
import { TextField } from '../../components/fields'
import { PathField } from '../../components/PathField'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useSettings } from '../../stores/settings'
import { useAsk } from '../../wizard/useAsk'
import { isAbsolutePath, joinPath } from '../../wizards/copy/paths'
import { nameProblem, reportName } from './reportName'

const folderKey = 'walkback.reportFolder'

export function SaveReportDialog({ job, onClose }: { job: JobSnapshot; onClose: () => void }) {
  const account = useSettings(({ host }) => host?.account)
  const home = useAsk({ path: '' }, api.host.folder)
  const [folder, setFolder] = useState(() => localStorage.getItem(folderKey))
  const [name, setName] = useState(() => reportName(job))
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const [saved, setSaved] = useState<string | null>(null)
  const place = folder ?? home.data?.path ?? ''
  const badFolder = place === '' || isAbsolutePath(place) ? '' : 'The folder needs an absolute path.'
  const badName = nameProblem(name)
  const ready = place !== '' && badFolder === '' && badName === ''
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      const { path } = await api.jobs.saveReport({ jobId: job.id, path: joinPath(place, name.trim()) })
      localStorage.setItem(folderKey, place)
      setSaved(path)
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  if (saved !== null) {
    return (
      <Dialog
        open
        title="The report is saved"
        onClose={onClose}
        actions={
          <Button kind="primary" autoFocus onClick={onClose}>
            Close
          </Button>
        }
      >
        <Note tone="pass">
          <div className="row top">
            <span className="mono wrap sp">{saved}</span>
            <CopyButton text={saved}>Copy path</CopyButton>
          </div>
        </Note>
      </Dialog>
    )
  }
  return (
    <Dialog
      open
      title="Save a report"
      locked={busy}
      onClose={onClose}
      onSubmit={() => {
        if (ready && !busy) void save()
      }}
      actions={
        <>
          <Button onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button kind="primary" type="submit" disabled={!ready} busy={busy}>
            Save
          </Button>
        </>
      }
    >
      <div className="col g12">
        <div className="t2">
          What was asked, what was run, what came of it, and every error by object, as a text file. Statements and names of your
          databases are in it: only {account === undefined || account === '' ? 'its owner' : <b>{account}</b>} can read it.
        </div>
        <PathField
          label="Folder on the machine that runs Walkback"
          value={place}
          onChange={setFolder}
          problem={badFolder === '' ? undefined : badFolder}
          disabled={busy}
        />
        <TextField
          label="Name of the file"
          value={name}
          onChange={setName}
          mono
          problem={badName === '' ? undefined : badName}
          disabled={busy}
          autoFocus
        />
        {error !== null && <ErrorNote error={error} />}
      </div>
    </Dialog>
  )
}
