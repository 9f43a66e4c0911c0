// The columns of a table then and now: what differs, and the consent to leave out what is there no longer.
import type { RescueColumn } from '../../../../shared/contracts/rescue'
import { Card } from '../../../components/Card'
import { Severity, type SeverityLevel } from '../../../components/Chip'
import { Tick } from '../../../components/fields'

const words: Readonly<Record<RescueColumn['says'], { level: SeverityLevel; word: string }>> = {
  same: { level: 'pass', word: 'Same' },
  cast: { level: 'info', word: 'Cast' },
  added: { level: 'info', word: 'Added' },
  dropped: { level: 'warning', word: 'Dropped' },
  generated: { level: 'info', word: 'Computed' },
  refused: { level: 'blocker', word: 'Refused' },
}

export interface ColumnsCardProps {
  columns: readonly RescueColumn[]
  leaveOut: readonly string[]
  onLeaveOut: (columns: string[]) => void
}

export function ColumnsCard({ columns, leaveOut, onLeaveOut }: ColumnsCardProps) {
  const different = columns.filter(({ says }) => says !== 'same')
  const same = columns.length - different.length
  return (
    <Card
      title="Columns"
      note={
        different.length === 0
          ? `all ${columns.length} are the same`
          : `${same} the same, ${different.length} ${different.length === 1 ? 'differs' : 'differ'}`
      }
    >
      {different.length > 0 && (
        <table className="tb">
          <thead>
            <tr>
              <th>Column</th>
              <th>Then</th>
              <th>Now</th>
              <th>What happens</th>
            </tr>
          </thead>
          <tbody>
            {different.map(({ name, recovered, live, says, note }) => (
              <tr key={name}>
                <td className="mono m wrap">{name}</td>
                <td className="mono wrap">{recovered ?? <span className="t3">none</span>}</td>
                <td className="mono wrap">{live ?? <span className="t3">none</span>}</td>
                <td className="wrap">
                  <Severity level={words[says].level}>{words[says].word}</Severity>
                  <div className="sm t2">{note}</div>
                  {says === 'dropped' && (
                    <Tick
                      checked={leaveOut.includes(name)}
                      onChange={(out) => onLeaveOut(out ? [...leaveOut, name] : leaveOut.filter((each) => each !== name))}
                    >
                      Leave <span className="mono">{name}</span> out
                    </Tick>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  )
}
