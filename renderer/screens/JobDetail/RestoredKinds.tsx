// How many entries of the archive came without an error, and of which kinds: folded below the errors, or a card of its own.
import { useState } from 'react'
import type { JobResult } from '../../../shared/jobs/job'
import { Card } from '../../components/Card'
import { Icon } from '../../components/Icon'
import { KeyValues } from '../../components/KeyValues'
import { formatCount, plural } from '../../format/numbers'

type Restored = NonNullable<JobResult['restored']>

/** The most numerous first. */
export function kindRows({ kinds }: Restored): { label: string; value: string }[] {
  return Object.entries(kinds)
    .toSorted(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([label, count]) => ({ label, value: formatCount(count) }))
}

export function RestoredFold({ restored }: { restored: Restored }) {
  const [open, setOpen] = useState(false)
  return (
    <div className="restored">
      <button type="button" className="issue-group" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} className="t3" />
        <Icon name="pass" className="ok" />
        <span className="m">{plural(restored.count, 'entry', 'entries')} restored without errors</span>
      </button>
      {open && (
        <ul className="restored-kinds tnum" aria-label="Restored, by kind" tabIndex={0}>
          {kindRows(restored).map(({ label, value }) => (
            <li key={label}>
              <span className="t2 el">{label}</span>
              <span>{value}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

export function RestoredCard({ restored }: { restored: Restored }) {
  return (
    <Card title="Restored, by kind" note={plural(restored.count, 'entry', 'entries')} padded>
      <KeyValues rows={kindRows(restored)} spread />
    </Card>
  )
}
