// A lab of physical backup: its steps with what each offers, and what is to be remembered from it.
import type { ReactNode } from 'react'
import type { Exercise } from '../../../shared/contracts/practice'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { ErrorNote } from '../../components/Feedback'
import { Icon } from '../../components/Icon'
import { selectConnection } from '../../stores/connections'
import { useLabMemory } from '../../stores/labMemory'
import { navigate } from '../../stores/navigation'
import { LabStepList, type LabStepListProps, type LabStepState } from './LabStepList'
import { MakeMain } from './MakeMain'
import type { PhysicalLabs } from './usePhysicalLabs'

interface PhysicalLabCardProps<Id extends string> {
  labs: PhysicalLabs
  title: string
  note: string
  steps: readonly LabStepState<Id>[]
  words: LabStepListProps<Id>['words']
  /** What the current step offers; without a running main that is to start it. */
  action: (id: Id) => ReactNode
  renderBelow?: (step: LabStepState<Id>) => ReactNode
  /** Done by this lab, and forgotten when it starts over. */
  exercises: readonly Exercise[]
  why: ReactNode
}

export function PhysicalLabCard<Id extends string>(props: PhysicalLabCardProps<Id>) {
  const { labs, title, note, steps, words, action, renderBelow = () => null, exercises, why } = props
  const offered = (id: Id) => (labs.running === undefined ? <MakeMain lab={labs} /> : action(id))
  const begun = exercises.some((exercise) => labs.facts.exercises[exercise] !== undefined)
  return (
    <Card
      className="labcard"
      title={title}
      note={note}
      actions={
        begun && (
          <Button size="xs" onClick={() => useLabMemory.getState().forgetExercises(exercises)}>
            Start over
          </Button>
        )
      }
    >
      <LabStepList steps={steps} words={words} action={offered} renderBelow={renderBelow} />
      {labs.error && (
        <div className="card-body">
          <ErrorNote error={labs.error} />
        </div>
      )}
      <div className="lab-why">
        <Icon name="info" className="acc" />
        <span>{why}</span>
      </div>
    </Card>
  )
}

/** What the lab does to main by itself. */
export function Do({
  labs,
  exercise,
  danger = false,
  children,
}: {
  labs: PhysicalLabs
  exercise: Exercise
  danger?: boolean
  children: ReactNode
}) {
  return (
    <Button kind={danger ? 'danger' : 'primary'} busy={labs.busy} onClick={() => void labs.act(exercise)}>
      {children}
    </Button>
  )
}

/** To a wizard, with main as the server in hand. */
export function Go({ labs, to, children }: { labs: PhysicalLabs; to: string; children: ReactNode }) {
  const go = () => {
    if (labs.running !== undefined) selectConnection(labs.running)
    navigate(to)
  }
  return (
    <Button kind="primary" onClick={go}>
      {children}
    </Button>
  )
}

export function CheckNow({ labs }: { labs: PhysicalLabs }) {
  return (
    <>
      <Button busy={labs.checking} onClick={labs.again}>
        Check now
      </Button>
      {labs.unread && <span className="t2 sm wrap">{labs.unread.message}</span>}
    </>
  )
}
