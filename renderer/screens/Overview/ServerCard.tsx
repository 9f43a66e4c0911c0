// What the server says of itself: version, identity, folder, role, encryption.
import type { SavedConnection } from '../../../shared/model/connection'
import { IconButton } from '../../components/Button'
import { Card } from '../../components/Card'
import { KeyValues } from '../../components/KeyValues'
import { formatAgo, formatClock, formatWhen } from '../../format/time'
import { addressOf } from '../../stores/connections'
import type { ServerPage } from '../../stores/server'
import { roleAttributes } from './ReadinessCard'

export interface ServerCardProps {
  connection: SavedConnection
  page: ServerPage
  readAt: string | null
  loading: boolean
  onReload: () => void
}

export function ServerCard({ connection, page, readAt, loading, onReload }: ServerCardProps) {
  const { facts } = page
  return (
    <Card
      title="Server"
      padded
      actions={
        <>
          <span className="t3 sm">{loading ? 'asking…' : readAt === null ? '' : `asked ${formatClock(readAt)}`}</span>
          <IconButton icon="refresh" label="Ask again" size="s" onClick={onReload} disabled={loading} />
        </>
      }
    >
      <KeyValues
        labelWidth={116}
        rows={[
          { label: 'Version', value: `PostgreSQL ${facts.versionText}` },
          { label: 'Address', value: addressOf(connection), mono: true },
          {
            label: 'System identifier',
            value: facts.systemIdentifier ?? 'not known to this role',
            mono: facts.systemIdentifier !== null,
          },
          { label: 'Data directory', value: facts.dataDirectory ?? 'not known to this role', mono: facts.dataDirectory !== null },
          {
            label: 'Role',
            value: (
              <>
                <span className="mono">{facts.role.name}</span>, {roleAttributes(facts.role)}
              </>
            ),
          },
          { label: 'Encryption', value: facts.encrypted ? 'yes, TLS' : 'no' },
          { label: 'State', value: facts.inRecovery ? 'in recovery (a standby)' : 'takes writes' },
          { label: 'Started', value: `${formatWhen(page.startedAt)}, ${formatAgo(page.startedAt)}` },
          { label: 'Round trip', value: `${facts.roundTripMs.toFixed(1)} ms` },
        ]}
      />
    </Card>
  )
}
