// Cold backup on the Back up page: it needs no connection, only the machine.
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { Icon } from '../../components/Icon'
import { placeLink } from '../../stores/navigation'

export function ColdBackupCard() {
  return (
    <Card className="kind-card">
      <span className="kind-icon">
        <Icon name="disk" size={20} />
      </span>
      <div className="sp">
        <div className="row">
          <h2 className="kind-title">Cold backup</h2>
          <Chip>file by file</Chip>
        </div>
        <p className="t2">
          Every file of a stopped cluster of this machine, with its tablespaces and settings files. The copy starts as it is.
          Nobody can work on the cluster meanwhile; it can be stopped right there.
        </p>
      </div>
      <div className="col g8" style={{ alignItems: 'flex-end' }}>
        <Button size="l" href={placeLink('/backup/cold')} endIcon="right">
          Copy a stopped cluster
        </Button>
      </div>
    </Card>
  )
}
