// The time zone whose clock the window shows: this window's own choice, since two people may share one core.
import { Card } from '../../components/Card'
import { SelectField } from '../../components/fields'
import { zoneLabel, zoneNames } from '../../format/zone'
import { useSettings } from '../../stores/settings'
import { chooseZone, useZone } from '../../stores/zone'

/** The value of an option can't be told from none chosen by ''. */
const asMachine = 'as the machine'

export function ZoneCard() {
  const zone = useZone()
  const coreZone = useSettings((state) => state.host?.timeZone ?? '')
  const now = Date.now()
  return (
    <Card title="Time zone" padded>
      <SelectField
        label="Times are shown in"
        value={zone === '' ? asMachine : zone}
        onChange={(chosen) => chooseZone(chosen === asMachine ? '' : chosen)}
        options={[
          { value: asMachine, label: `As this machine: ${zoneLabel('', now)}` },
          ...zoneNames(coreZone, zone).map((name) => ({ value: name, label: zoneLabel(name, now) })),
        ]}
        help="In this window. Logs keep the times that the programs wrote."
      />
    </Card>
  )
}
