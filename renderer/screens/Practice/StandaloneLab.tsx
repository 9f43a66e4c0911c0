// The lab "Standalone base backup": change the source after the backup, and see the old rows on a second cluster.
import { placeLink } from '../../stores/navigation'
import { CheckNow, Do, Go, PhysicalLabCard } from './PhysicalLabCard'
import { backupOfLab, coloursBefore, type StandaloneStepId } from './standaloneSteps'
import type { PhysicalLabs } from './usePhysicalLabs'

const words: Record<StandaloneStepId, { title: string; text: string }> = {
  table: { title: 'Create a table with three rows on main', text: 'lab.t1 in the database course: red, blue, green.' },
  backup: { title: 'Take a base backup that holds its own WAL', text: 'The defaults do: its WAL is streamed beside it.' },
  change: { title: 'Change the source', text: 'UPDATE lab.t1: crimson, navy, olive. The backup does not know of it.' },
  deploy: {
    title: 'Recover the backup as a second cluster',
    text: 'In a new folder, or in the place of replica when that is stopped. main goes on running.',
  },
  see: { title: 'See the old rows there', text: 'main shows the change, the second cluster the rows as they were.' },
}

export function StandaloneLab({ labs }: { labs: PhysicalLabs }) {
  const backup = backupOfLab(labs.facts)
  const action = (id: StandaloneStepId) => {
    if (id === 'table')
      return (
        <Do {...{ labs }} exercise="table">
          Create lab.t1
        </Do>
      )
    if (id === 'backup')
      return (
        <Go {...{ labs }} to={placeLink('/backup/base')}>
          Open the base backup wizard
        </Go>
      )
    if (id === 'change')
      return (
        <Do {...{ labs }} exercise="change">
          Change the rows
        </Do>
      )
    if (id === 'deploy')
      return (
        <Go {...{ labs }} to={placeLink('/restore/standalone', { path: backup?.path })}>
          Open the restore wizard
        </Go>
      )
    return <CheckNow labs={labs} />
  }
  const { main, recovered } = labs.colours
  return (
    <PhysicalLabCard
      {...{ labs, words, action }}
      title="Standalone base backup"
      note="about 6 min"
      steps={labs.standalone}
      exercises={['table', 'change']}
      renderBelow={({ id, found }) =>
        id === 'see' &&
        found !== '' && (
          <div className="exp">
            <Rows head="main, found" colours={main ?? []} />
            <Rows head="the second cluster, found" colours={recovered ?? []} />
            <Rows head="the second cluster, expected" colours={coloursBefore} />
          </div>
        )
      }
      why="A standalone backup holds the WAL from its start to its stop; what came later is not in it."
    />
  )
}

function Rows({ head, colours }: { head: string; colours: readonly string[] }) {
  return (
    <div>
      <div className="sm t3">{head}</div>
      <pre className="code">{colours.map((colour, index) => `${index + 1} | ${colour}`).join('\n') || 'no row'}</pre>
    </div>
  )
}
