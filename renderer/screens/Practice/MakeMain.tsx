// The first step of every lab: the cluster main, made or started.
import { Button } from '../../components/Button'
import { api } from '../../rpc/api'
import type { LabsProps } from './Labs'
import type { PracticeJob } from './usePracticeJob'

export function MakeMain({ lab }: { lab: Pick<LabsProps, 'main' | 'installations' | 'possible'> & { job: PracticeJob } }) {
  const { main, installations, possible, job } = lab
  const newest = [...installations].sort((one, other) => other.version - one.version)[0]
  return (
    <>
      {(main?.state === 'stopped' || main?.state === 'unclean') && (
        <Button
          kind="primary"
          icon="play"
          busy={job.busy}
          onClick={() => void job.run(() => api.practice.start({ name: 'main' }))}
        >
          Start main
        </Button>
      )}
      {newest && main?.state === 'absent' && (
        <Button
          kind="primary"
          busy={job.busy}
          disabled={!possible}
          onClick={() => void job.run(() => api.practice.make({ name: 'main', folder: newest.folder, fill: true }))}
        >
          Make main
        </Button>
      )}
      {job.running && <span className="t3 sm">{job.running.title}…</span>}
    </>
  )
}
