// How the recovery came to its stop: the server's own words, what was replayed, how long it took, and how to connect.
import type { LookStanding } from '../../../shared/contracts/look'
import { formatBytes } from '../../../shared/model/byteCount'
import { Card } from '../../components/Card'
import { CopyButton } from '../../components/CopyButton'
import { KeyValues } from '../../components/KeyValues'
import { plural } from '../../format/numbers'
import { placeLink } from '../../stores/navigation'
import { connectWords, tookWords } from './lookWords'

export function StoppedCard({ standing, database }: { standing: LookStanding; database: string }) {
  const { evidence, took, jobId } = standing
  const connect = connectWords(standing, database === '' ? 'postgres' : database)
  return (
    <Card
      title="How it stopped"
      className="look-stopped"
      padded
      actions={
        <>
          <CopyButton text={connect}>Copy the command</CopyButton>
          <a href={placeLink(`/jobs/${encodeURIComponent(jobId)}`)}>Its job</a>
        </>
      }
    >
      {evidence && evidence.lines.length > 0 ? (
        <pre className="code" tabIndex={0} role="region" aria-label="The server’s own words">
          {evidence.lines.join('\n')}
        </pre>
      ) : (
        <p className="t2">The log of its job says it.</p>
      )}
      <KeyValues
        spread
        rows={[
          ...(evidence
            ? [{ label: 'Replayed', value: `${plural(evidence.segments, 'segment')}, ${formatBytes(evidence.bytes)}` }]
            : []),
          { label: 'Took', value: tookWords(took) },
          { label: 'Connect', value: connect, mono: true },
        ]}
      />
    </Card>
  )
}
