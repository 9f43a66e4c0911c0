// How a job ended, three-way honest: clean, completed with errors, or not; with what is left behind and what to do next.

import type { JobSnapshot, JobState } from '../../../shared/jobs/job'
import { Button } from '../../components/Button'
import { Banner, type BannerProps, Note } from '../../components/Feedback'
import type { IconName } from '../../components/Icon'
import { isRestore, outcomeWords, restorePlace, wizardOf } from '../../components/jobWords'
import { said } from '../../format/said'
import { selectConnection, useConnections } from '../../stores/connections'
import { useLookOf } from '../../stores/looks'
import { navigate, placeLink } from '../../stores/navigation'

const tone: Readonly<Partial<Record<JobState, { tone: BannerProps['tone']; icon: IconName }>>> = {
  succeeded: { tone: 'pass', icon: 'check' },
  succeeded_with_warnings: { tone: 'warning', icon: 'warn' },
  failed: { tone: 'blocker', icon: 'block' },
  cancelled: { tone: 'neutral', icon: 'x' },
  interrupted: { tone: 'blocker', icon: 'cross' },
}

/** What stands below the title: what happened, then what to do. */
export function outcomeText(job: JobSnapshot): { text: string; hint: string } {
  const hint = job.error?.hint ?? ''
  if (job.state === 'failed') return { text: job.error?.message ?? 'No reason is known.', hint }
  if (job.state === 'cancelled') {
    return {
      text: job.leftovers.length === 0 ? 'Nothing of it was left behind.' : 'Something of it was left behind, see below.',
      hint,
    }
  }
  if (job.state === 'interrupted') {
    const text = job.error?.message ?? 'Walkback ended while this job was running. Nothing it left unfinished counts as a backup.'
    return { text, hint }
  }
  return { text: withoutTitle(job.result?.headline ?? '', outcomeWords(job)), hint }
}

/** The title above says it already: "Completed with 2 errors: 6 of 8 entries restored." */
function withoutTitle(text: string, title: string): string {
  if (!text.startsWith(`${title}: `)) return text
  const rest = text.slice(title.length + 2)
  return rest.charAt(0).toUpperCase() + rest.slice(1)
}

export function OutcomeBanner({ job }: { job: JobSnapshot }) {
  const look = tone[job.state] ?? { tone: 'neutral', icon: 'jobs' }
  const { text, hint } = outcomeText(job)
  return (
    <>
      <Banner tone={look.tone} icon={look.icon} title={outcomeWords(job)} actions={<NextStep job={job} />}>
        {said(text)}
        {hint !== '' && <div className="m">{said(hint)}</div>}
      </Banner>
      {job.leftovers.length > 0 && (
        <Note tone="warning">
          <div className="m">Left behind, and yours to look at or delete:</div>
          <ul>
            {job.leftovers.map((leftover) => (
              <li key={leftover} className="mono">
                {leftover}
              </li>
            ))}
          </ul>
        </Note>
      )}
    </>
  )
}

function NextStep({ job }: { job: JobSnapshot }) {
  const look = useLookOf(job.id)
  const good = job.state === 'succeeded' || job.state === 'succeeded_with_warnings'
  if (good && look && !look.promoted) {
    return (
      <div className="row">
        <Button href="#/overview">Open the overview</Button>
        <Button kind="primary" icon="eye" href={placeLink(`/look/${encodeURIComponent(job.id)}`)}>
          Look
        </Button>
      </div>
    )
  }
  // A restore names the backup it came from, which needs no second restore.
  if (good && job.result?.backupPath != null && !isRestore(job)) {
    return (
      <div className="row">
        <Button href={placeLink('/backups', { path: job.result.backupPath })}>Show the backup</Button>
        <Button kind="primary" href={placeLink(restorePlace(job), { path: job.result.backupPath })}>
          Restore it…
        </Button>
      </div>
    )
  }
  if (good && job.capability === 'restore') return <AfterRestore job={job} />
  const wizard = wizardOf(job)
  if (!good && wizard !== undefined) {
    return (
      <Button kind="primary" href={placeLink(wizard, { job: job.id })}>
        Edit and run…
      </Button>
    )
  }
  return good && (job.result?.database != null || job.capability.startsWith('recovery')) ? (
    <Button href="#/overview">Open the overview</Button>
  ) : null
}

/** What failed can be restored again by itself; what came back is looked at from the overview of its own server. */
function AfterRestore({ job }: { job: JobSnapshot }) {
  const connection = useConnections((state) => state.connections.find(({ id }) => id === job.connectionId))
  const { failed, database } = job.result ?? {}
  const here = () => {
    if (connection !== undefined) selectConnection(connection.id)
  }
  const fix = () => {
    here()
    navigate(placeLink('/restore/dump', { job: job.id, failed: '1' }))
  }
  const overview = () => {
    here()
    navigate('#/overview')
  }
  return (
    <div className="row">
      <Button kind={failed === undefined ? 'primary' : 'plain'} onClick={overview}>
        Open overview
      </Button>
      {failed !== undefined && database != null && (
        <Button kind="primary" onClick={fix}>
          Fix and run the {failed.count === 1 ? 'one' : failed.count.toLocaleString('en-US')} again…
        </Button>
      )}
    </div>
  )
}
