// The lab "An accident, and its rescue": rows and a table are lost on purpose, found on the timeline, and taken back.
import { Button } from '../../components/Button'
import { Icon } from '../../components/Icon'
import { placeLink } from '../../stores/navigation'
import { type AccidentStepId, archiveOfLab, recoveredFrom } from './accidentSteps'
import { CheckNow, Do, Go, PhysicalLabCard } from './PhysicalLabCard'
import type { PhysicalLabs } from './usePhysicalLabs'

const words: Record<AccidentStepId, { title: string; text: string }> = {
  archive: {
    title: 'Have main’s WAL archived',
    text: 'By the server itself into a folder, or streamed: either leads to every moment.',
  },
  backup: { title: 'Have a base backup', text: 'The WAL is replayed on top of it.' },
  accident: {
    title: 'Have an accident',
    text: 'In shop: 10,000 rows of sales.payments are deleted, and crm.notes is dropped.',
  },
  recover: {
    title: 'Go back to just before it',
    text: 'On the timeline, "The accident…" finds it in the WAL; one click puts the cursor before it. It pauses there, beside main.',
  },
  rescue: {
    title: 'Look, and rescue what was lost',
    text: 'What main has lost comes first and is ticked. Then "Rescue…", into shop on main.',
  },
  see: { title: 'See it back on main', text: 'As many rows as before, beside everything written since.' },
}

export function AccidentLab({ labs }: { labs: PhysicalLabs }) {
  const recovered = recoveredFrom(labs.facts)
  const archive = archiveOfLab(labs.facts)
  const action = (id: AccidentStepId) => {
    if (id === 'archive') {
      return (
        <>
          <Go {...{ labs }} to={placeLink('/wal/file')}>
            Set up a file archive
          </Go>
          <Button href={placeLink('/wal')}>Other ways</Button>
        </>
      )
    }
    if (id === 'backup')
      return (
        <Go {...{ labs }} to={placeLink('/backup/base')}>
          Open the base backup wizard
        </Go>
      )
    if (id === 'accident')
      return (
        <Do {...{ labs }} exercise="accident" danger>
          Delete and drop
        </Do>
      )
    if (id === 'recover')
      return (
        <Go {...{ labs }} to={placeLink('/restore/point', { archive: archive?.id })}>
          Open the timeline
        </Go>
      )
    if (id === 'rescue') {
      return recovered?.look ? (
        <Go {...{ labs }} to={placeLink(`/look/${encodeURIComponent(recovered.job.id)}`)}>
          Look
        </Go>
      ) : (
        <span className="t2 row g4">
          <Icon name="info" />
          The recovered cluster is not there any more: recover once more.
        </span>
      )
    }
    return <CheckNow labs={labs} />
  }
  return (
    <PhysicalLabCard
      {...{ labs, words, action }}
      title="An accident, and its rescue"
      note="about 8 min"
      steps={labs.accident}
      exercises={['accident']}
      why="Going back the whole cluster would lose what was written since: look beside it, and take back only what was lost."
    />
  )
}
