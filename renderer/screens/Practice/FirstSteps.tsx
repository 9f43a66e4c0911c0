// The lab "First steps": dump, drop, restore, and the same rows again, each step checked against what is really there.
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { ErrorNote } from '../../components/Feedback'
import { Icon } from '../../components/Icon'
import { formatClock } from '../../format/time'
import { addressOf, selectConnection, useConnections } from '../../stores/connections'
import { navigate, placeLink } from '../../stores/navigation'
import { LabStepList } from './LabStepList'
import { dumpOf, type LabStepId, type RowSample, sampleDatabase } from './labSteps'
import { MakeMain } from './MakeMain'
import type { FirstStepsLab } from './useFirstSteps'

const words: Record<LabStepId, { title: string; text: string }> = {
  make: {
    title: 'Make the cluster main and start it',
    text: 'A PostgreSQL server of your own, filled with the sample database shop.',
  },
  look: { title: 'Look at the rows of shop', text: 'So that you know them again later: Walkback counts each table.' },
  dump: {
    title: 'Dump shop',
    text: 'Choose the database, look at the review, start. The dump is read in full before it counts.',
  },
  drop: { title: 'Drop shop', text: 'An accident on purpose: the database with all its rows is gone.' },
  restore: { title: 'Restore shop from the dump', text: 'Into a new database with the old name, shop.' },
  compare: { title: 'See the same rows again', text: 'Each table has as many rows as before.' },
}

export function FirstSteps({ lab }: { lab: FirstStepsLab }) {
  const { main, steps, facts, memory, present, running, rows, busy, error } = lab
  const connection = useConnections((state) => state.connections.find(({ id }) => id === main?.connectionId))
  const go = (link: string) => {
    if (running !== undefined) selectConnection(running)
    navigate(link)
  }
  const dump = dumpOf(facts)
  const action = (id: LabStepId) => {
    if (id === 'make') return <MakeMain lab={lab} />
    if (id === 'look')
      return present ? (
        <Button kind="primary" busy={busy} onClick={() => void lab.look()}>
          Count the rows
        </Button>
      ) : (
        <span className="t2">shop is not there. Press Fill on main first.</span>
      )
    if (id === 'dump')
      return (
        <Button kind="primary" onClick={() => go(placeLink('/backup/dump', { database: sampleDatabase }))}>
          Open the dump wizard
        </Button>
      )
    if (id === 'drop')
      return (
        <Button kind="danger" onClick={() => lab.setDropping(true)}>
          Drop shop…
        </Button>
      )
    if (id === 'restore' && dump)
      return (
        <Button kind="primary" onClick={() => go(placeLink('/restore/dump', { backup: dump.path }))}>
          Open the restore wizard
        </Button>
      )
    if (id === 'compare')
      return (
        <Button busy={rows.busy} onClick={rows.again}>
          Check now
        </Button>
      )
    return null
  }
  return (
    <Card
      className="labcard"
      title="First steps"
      note="about 5 min"
      actions={
        memory !== null && (
          <Button size="xs" onClick={() => lab.remember(null)}>
            Start over
          </Button>
        )
      }
    >
      <LabStepList
        steps={steps}
        words={words}
        action={action}
        renderBelow={(step) => (
          <>
            {step.id === 'look' && step.state === 'done' && memory?.looked && steps.at(-1)?.state !== 'done' && (
              <div className="exp">
                <Rows head={`${memory.looked.sample.table}, ${formatClock(memory.looked.at)}`} sample={memory.looked.sample} />
              </div>
            )}
            {step.id === 'compare' && step.state === 'done' && memory?.looked && rows.data && (
              <div className="exp">
                <Rows head="before" sample={memory.looked.sample} />
                <Rows head="now, restored" sample={rows.data.sample} />
              </div>
            )}
          </>
        )}
      />
      {error && (
        <div className="card-body">
          <ErrorNote error={error} />
        </div>
      )}
      <div className="lab-why">
        <Icon name="info" className="acc" />
        <span>A dump holds the database as it was when the dump began; what was written later is not in it.</span>
      </div>
      <ConfirmDialog
        open={lab.dropping}
        title="Drop the database shop"
        typeToConfirm={sampleDatabase}
        typeLabel="the database's name"
        action="Drop shop"
        busy={busy}
        error={lab.actError}
        facts={[
          { label: 'Server', value: connection?.label ?? 'practice main' },
          { label: 'Address', value: connection === undefined ? '' : addressOf(connection), mono: true },
          { label: 'System identifier', value: main?.systemIdentifier ?? 'not known', mono: true },
          { label: 'Data', value: main?.dataDirectory ?? '', mono: true },
        ]}
        onConfirm={() => void lab.drop()}
        onClose={() => lab.setDropping(false)}
      >
        The database goes with all its rows. You have a dump of it: <span className="mono wrap">{dump?.path}</span>
      </ConfirmDialog>
    </Card>
  )
}

function Rows({ head, sample }: { head: string; sample: RowSample }) {
  return (
    <div>
      <div className="sm t3">{head}</div>
      <pre className="code">{sample.lines.join('\n')}</pre>
    </div>
  )
}
