// The steps of a lab, below each other: done with what proves it, the current one with its button, and those to come.
import type { ReactNode } from 'react'
import { Severity } from '../../components/Chip'
import { Icon } from '../../components/Icon'
import { said } from '../../format/said'

export interface LabStepState<Id extends string> {
  id: Id
  state: 'done' | 'current' | 'todo'
  /** What proves it; '' when nothing does yet. */
  found: string
  /** Something is not as expected: shown as a warning. */
  odd: boolean
}

export interface LabStepListProps<Id extends string> {
  steps: readonly LabStepState<Id>[]
  words: Readonly<Record<Id, { title: ReactNode; text: string }>>
  /** What the current step offers to press. */
  action: (id: Id) => ReactNode
  /** What is shown below a step's text: rows before and after. */
  renderBelow: (step: LabStepState<Id>) => ReactNode
}

export function LabStepList<Id extends string>({ steps, words, action, renderBelow }: LabStepListProps<Id>) {
  return (
    <ol className="lab-steps">
      {steps.map((step, index) => (
        <li key={step.id} className={step.state} aria-current={step.state === 'current' ? 'step' : undefined}>
          <span className="sn">{step.state === 'done' ? <Icon name="check" /> : index + 1}</span>
          <div className="sp">
            <div className="b">{words[step.id].title}</div>
            <div className={`sm lab-text ${step.odd ? 'warn m' : 't2'}`}>
              {step.found === '' ? words[step.id].text : `${step.odd ? 'Not yet: ' : 'Found: '}${said(step.found)}`}
            </div>
            {step.state === 'current' && <div className="lab-act">{action(step.id)}</div>}
            {renderBelow(step)}
          </div>
          {step.state === 'done' && <Severity level="pass">Checked</Severity>}
        </li>
      ))}
    </ol>
  )
}
