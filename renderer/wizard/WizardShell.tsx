// The frame of every wizard: steps at the top, Back and Next at the bottom, Enter goes on and Escape goes back.
import { Fragment, type ReactNode, useEffect, useId, useRef } from 'react'
import { Button } from '../components/Button'
import { Chip } from '../components/Chip'
import { Icon } from '../components/Icon'
import { wizardKey } from './wizardKeys'
import './wizard.css'

export interface WizardStep<S extends string> {
  id: S
  label: string
}

export interface WizardShellProps<S extends string> {
  title: string
  /** What it is about, once that is known: "orders, 4.62 GB". */
  subject?: ReactNode
  /** What is not touched: "orders-prod stays untouched". */
  promise?: string
  steps: readonly WizardStep<S>[]
  step: S
  onStep: (step: S) => void
  /** Leaves the wizard from its first step. */
  onLeave: () => void
  /** On the last step. */
  startLabel: string
  onStart: () => void
  /** Why it does not go on, in words; '' when it does. */
  reason: string
  /** What is wrong, rather than what is still to be chosen. */
  blocked?: boolean
  /** Beside the button when nothing stands in the way: "About 1.1 GB on disk". */
  note?: ReactNode
  starting?: boolean
  /** Enter also starts on the last step; false where a start changes what is already there. */
  enterStarts?: boolean
  onStartOver: () => void
  children: ReactNode
}

export function WizardShell<S extends string>(props: WizardShellProps<S>) {
  const { title, subject, promise, steps, step, onStep, onLeave, startLabel, onStart, reason, blocked = false } = props
  const { note, starting = false, enterStarts = true, onStartOver, children } = props
  const at = steps.findIndex((entry) => entry.id === step)
  const next = steps[at + 1]
  const before = steps[at - 1]
  const heading = useRef<HTMLHeadingElement>(null)
  const reasonId = useId()

  const goOn = () => {
    if (reason !== '' || starting) return
    if (next !== undefined) onStep(next.id)
    else onStart()
  }
  const goBack = () => {
    if (starting) return
    if (before !== undefined) onStep(before.id)
    else onLeave()
  }

  // A new step is a new page to whoever does not see it: the focus goes to its heading.
  // biome-ignore lint/correctness/useExhaustiveDependencies: on each change of the step
  useEffect(() => heading.current?.focus(), [step])

  const keys = useRef({ goOn, goBack, mayStart: true })
  keys.current = { goOn, goBack, mayStart: next !== undefined || enterStarts }
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const meant = wizardKey(event)
      if (meant === undefined || (meant === 'on' && !keys.current.mayStart)) return
      event.preventDefault()
      if (meant === 'on') keys.current.goOn()
      else keys.current.goBack()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])

  return (
    <div className="wizard">
      <div className="wz-head">
        <h1
          ref={heading}
          tabIndex={-1}
          data-page-heading
          aria-label={`${title}, step ${at + 1} of ${steps.length}: ${steps[at]?.label ?? ''}`}
        >
          {title}
        </h1>
        {subject !== undefined && <Chip>{subject}</Chip>}
        {promise !== undefined && (
          <Chip tone="pass" icon="lock">
            {promise}
          </Chip>
        )}
        <ol className="wz-steps" aria-label="Steps">
          {steps.map((entry, index) => (
            <Fragment key={entry.id}>
              {index > 0 && <li className="ln" aria-hidden="true" />}
              <li className={index < at ? 'done' : index === at ? 'on' : 'todo'} aria-current={index === at ? 'step' : undefined}>
                {index < at ? (
                  <button type="button" onClick={() => onStep(entry.id)} disabled={starting}>
                    <i>
                      <Icon name="check" size={14} />
                    </i>
                    {entry.label}
                    <span className="sr">, done, go back to it</span>
                  </button>
                ) : (
                  <>
                    <i>{index + 1}</i>
                    {entry.label}
                  </>
                )}
              </li>
            </Fragment>
          ))}
        </ol>
      </div>
      <div className="wz-body">{children}</div>
      <div className="wz-foot">
        <Button icon="left" onClick={goBack} disabled={starting}>
          Back
        </Button>
        <span className="t3 sm nw">Draft kept</span>
        <Button kind="ghost" size="xs" onClick={onStartOver} disabled={starting}>
          Start over
        </Button>
        <span className="sp" />
        {reason !== '' ? (
          <span className={`row wz-reason ${blocked ? 'err m' : 't2'}`} id={reasonId} role="status">
            {blocked && <Icon name="block" />}
            <span className="wrap">{reason}</span>
          </span>
        ) : (
          <>
            {note !== undefined && <span className="t2 el">{note}</span>}
            {(next !== undefined || enterStarts) && (
              <span className="row t3 sm nw wz-keys" aria-hidden="true">
                <span className="kbd">Esc</span>back <span className="kbd">Enter</span>
                {next === undefined ? 'start' : 'next'}
              </span>
            )}
          </>
        )}
        <Button
          kind="primary"
          onClick={goOn}
          disabled={reason !== ''}
          busy={starting}
          {...(next === undefined ? {} : { endIcon: 'right' })}
          {...(reason === '' ? {} : { 'aria-describedby': reasonId })}
        >
          {next === undefined ? startLabel : `Next: ${next.label}`}
        </Button>
      </div>
    </div>
  )
}
