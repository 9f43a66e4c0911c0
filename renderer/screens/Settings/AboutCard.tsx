// Which Walkback this is and where it runs.
import { Card } from '../../components/Card'
import { KeyValues } from '../../components/KeyValues'
import type { HostInfo } from '../../stores/settings'

export function AboutCard({ host }: { host: HostInfo }) {
  return (
    <Card title="This Walkback" padded>
      <KeyValues
        labelWidth={96}
        rows={[
          { label: 'Version', value: host.version },
          { label: 'Runs as', value: `${host.account} on ${host.hostname}` },
          { label: 'Window', value: host.host === 'desktop' ? 'desktop' : 'in the browser' },
          { label: 'System', value: `${host.platform}, ${host.cores} cores` },
          { label: 'Time zone', value: host.timeZone },
          { label: 'Data folder', value: host.dataFolder, mono: true },
        ]}
      />
    </Card>
  )
}
