// A job's phases: as a bar of boxes while it runs, as a table when it has ended.

import type { JobStep } from '../../../shared/jobs/job'
import { Icon, type IconName } from '../../components/Icon'
import { formatDuration } from '../../format/duration'
import { said } from '../../format/said'
import { useNow } from '../../stores/useNow'

const look: Readonly<Record<JobStep['state'], { icon: IconName | null; colour: string; word: string }>> = {
  pending: { icon: null, colour: '', word: 'not yet' },
  running: { icon: 'play', colour: 'acc', word: 'running' },
  done: { icon: 'pass', colour: 'ok', word: 'done' },
  warning: { icon: 'warn', colour: 'warn', word: 'with warnings' },
  failed: { icon: 'block', colour: 'err', word: 'failed' },
  skipped: { icon: 'minus', colour: 't3', word: 'skipped' },
}

function took(step: JobStep, now: number): string {
  if (step.startedAt === null || step.state === 'skipped') return ''
  const end = step.endedAt === null ? now : Date.parse(step.endedAt)
  return formatDuration(end - Date.parse(step.startedAt))
}

export function PhaseBar({ steps }: { steps: readonly JobStep[] }) {
  const now = useNow(1000)
  if (steps.length === 0) return null
  return (
    <ol className="phases tnum" aria-label="Phases">
      {steps.map((step) => {
        const { icon, colour, word } = look[step.state]
        const words = [took(step, now), said(step.detail)].filter((part) => part !== '').join(', ')
        return (
          <li key={step.id} className={step.state} aria-current={step.state === 'running' ? 'step' : undefined}>
            <b>
              {icon !== null && <Icon name={icon} size={14} className={colour} label={word} />}
              <span className="el">{step.label}</span>
            </b>
            <span className="el">{words === '' ? ' ' : words}</span>
          </li>
        )
      })}
    </ol>
  )
}

export function PhasesCard({ steps }: { steps: readonly JobStep[] }) {
  if (steps.length === 0) return null
  return (
    <section className="card" aria-label="Phases">
      <div className="card-head">
        <h2>Phases</h2>
      </div>
      <table className="tb phase-table">
        <tbody>
          {steps.map((step) => {
            const { icon, colour, word } = look[step.state]
            const loud = step.state === 'warning' || step.state === 'failed'
            return (
              <tr key={step.id}>
                <td style={{ width: 40 }}>
                  {icon === null ? <span className="sr">{word}</span> : <Icon name={icon} className={colour} label={word} />}
                </td>
                <td className={`wrap ${loud ? `b ${colour}` : step.state === 'pending' || step.state === 'skipped' ? 't3' : ''}`}>
                  {step.label}
                  {step.detail !== '' && !loud && <span className="t3">, {said(step.detail)}</span>}
                </td>
                <td className={`num nw ${loud ? `m ${colour}` : 't2'}`}>
                  {loud && step.detail !== '' ? said(step.detail) : took(step, 0)}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
