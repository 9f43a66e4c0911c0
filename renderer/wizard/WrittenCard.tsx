// "Will be written": what the run makes and where, and what it leaves alone.
import { Card } from '../components/Card'
import { Icon, type IconName } from '../components/Icon'

export interface WrittenCardProps {
  writes: readonly { label: string; value: string }[]
  /** What is touched, or not, besides. */
  promise: { icon: IconName; text: string; safe: boolean }
}

export function WrittenCard({ writes, promise }: WrittenCardProps) {
  return (
    <Card padded className="written" label="Will be written">
      <h3>Will be written</h3>
      <ul>
        {besides(writes, promise.safe).map((line) => (
          <li key={`${line.label} ${line.value}`}>
            <Icon name={writeIcon(line.label)} className="t3" />
            <span className="wrap">
              {line.label}: {/^(\/|[A-Za-z]:\\)/.test(line.value) ? <span className="mono">{line.value}</span> : line.value}
            </span>
          </li>
        ))}
        <li>
          <Icon name={promise.icon} className={promise.safe ? 'ok' : 'warn'} />
          <span>{promise.text}</span>
        </li>
      </ul>
    </Card>
  )
}

/** That nothing else is touched is said once, by the promise. */
function besides(writes: WrittenCardProps['writes'], safe: boolean): WrittenCardProps['writes'] {
  return safe ? writes.filter(({ label }) => label !== 'Existing databases') : writes
}

function writeIcon(label: string): IconName {
  const word = label.toLowerCase()
  if (word.includes('database')) return 'db'
  return word.includes('folder') || word.includes('directory') ? 'schema' : 'lob'
}
