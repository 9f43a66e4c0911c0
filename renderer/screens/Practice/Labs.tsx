// The labs: a list at the left with how far each one is, and the chosen one beside it.

import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { PracticeCluster } from '../../../shared/contracts/practice'
import { Card } from '../../components/Card'
import { Icon } from '../../components/Icon'
import { api } from '../../rpc/api'
import { useJobs } from '../../stores/jobs'
import { useLabMemory } from '../../stores/labMemory'
import { useAsk } from '../../wizard/useAsk'
import { AccidentLab } from './AccidentLab'
import { CopyLab } from './CopyLab'
import { DrillLab } from './DrillLab'
import { FirstSteps } from './FirstSteps'
import { StandaloneLab } from './StandaloneLab'
import { StreamLab } from './StreamLab'
import { useCopyLab } from './useCopyLab'
import { useFirstSteps } from './useFirstSteps'
import { usePhysicalLabs } from './usePhysicalLabs'

export interface LabsProps {
  main: PracticeCluster | undefined
  replica: PracticeCluster | undefined
  installations: readonly { folder: string; version: number }[]
  possible: boolean
  onChanged: () => void
}

/** With the backups of all libraries. */
export interface LabsWithBackups extends LabsProps {
  backups: readonly CatalogEntry[]
}

export function Labs(props: LabsProps) {
  const chosen = useLabMemory((state) => state.chosen)
  // Asked once for all of them: looking through libraries takes its time.
  const ended = useJobs((state) => state.jobs.filter((job) => job.endedAt !== null).length)
  const catalog = useAsk({ ended }, (_input, options) => api.backups.list({}, options), { keep: true })
  const backups = catalog.data?.backups ?? []
  const first = useFirstSteps({ ...props, backups })
  const copy = useCopyLab(props)
  const physical = usePhysicalLabs({ ...props, backups, lookAgain: catalog.again })
  const labs = [
    { id: 'first', title: 'First steps', text: 'dump, drop, restore', steps: first.steps },
    { id: 'copy', title: 'COPY out and in', text: 'NULL and the empty string', steps: copy.steps },
    {
      id: 'standalone',
      title: 'Standalone base backup',
      text: 'see the old rows on a second cluster',
      steps: physical.standalone,
    },
    { id: 'stream', title: 'Streaming archive', text: 'backup without WAL, .partial', steps: physical.stream },
    { id: 'accident', title: 'An accident, and its rescue', text: 'a wrong DELETE, a dropped table', steps: physical.accident },
    { id: 'drill', title: 'Restore drill', text: 'prove that a backup works', steps: physical.drill },
  ] as const
  const done = labs.filter(({ steps }) => steps.every(({ state }) => state === 'done')).length
  return (
    <div className="labs-two">
      <Card
        className="labs"
        title="Labs"
        actions={
          <span className="t3">
            {done} of {labs.length} done
          </span>
        }
      >
        <ul>
          {labs.map(({ id, title, text, steps }, index) => (
            <li key={id}>
              <button
                type="button"
                aria-pressed={chosen === id}
                className={chosen === id ? 'on' : ''}
                onClick={() => useLabMemory.getState().choose(id)}
              >
                <Ring number={index + 1} done={steps.filter(({ state }) => state === 'done').length} of={steps.length} />
                <span className="sp col">
                  <span className="b el">{title}</span>
                  <span className="sm t3 el">{text}</span>
                </span>
                <span className="t3 sm nw">
                  {steps.filter(({ state }) => state === 'done').length} of {steps.length}
                </span>
              </button>
            </li>
          ))}
        </ul>
      </Card>
      {chosen === 'first' && <FirstSteps lab={first} />}
      {chosen === 'copy' && <CopyLab lab={copy} />}
      {chosen === 'standalone' && <StandaloneLab labs={physical} />}
      {chosen === 'stream' && <StreamLab labs={physical} />}
      {chosen === 'accident' && <AccidentLab labs={physical} />}
      {chosen === 'drill' && <DrillLab labs={physical} />}
    </div>
  )
}

/** 2 pi 13 */
const circumference = 81.7

function Ring({ number, done, of }: { number: number; done: number; of: number }) {
  const all = done === of
  return (
    <span className="lab-ring" aria-hidden="true">
      <svg width="32" height="32" viewBox="0 0 32 32" fill="none" strokeWidth="3">
        <circle cx="16" cy="16" r="13" stroke="var(--border-2)" />
        {done > 0 && (
          <circle
            cx="16"
            cy="16"
            r="13"
            stroke={all ? 'var(--ok)' : 'var(--accent)'}
            strokeDasharray={`${(circumference * done) / of} 100`}
            transform="rotate(-90 16 16)"
            strokeLinecap="round"
          />
        )}
      </svg>
      <em>{all ? <Icon name="check" className="ok" /> : number}</em>
    </span>
  )
}
