// What stands here before there is a server: two ways to begin.

import { PageHead } from '../../components/Card'
import { Icon, type IconName } from '../../components/Icon'
import { editConnection } from '../../stores/connections'
import { navigate } from '../../stores/navigation'

export function Welcome() {
  return (
    <div className="page">
      <PageHead title="Welcome to Walkback" />
      <p className="t2" style={{ maxWidth: '72ch' }}>
        Back up PostgreSQL, and restore it when it counts: each step shows what will happen, the exact command, and afterwards
        what was proved. Nothing is changed on a server before you start it on a review page.
      </p>
      <div className="choices">
        <Choice icon="plug" title="Connect to a server" onClick={() => editConnection(null)} filled>
          A PostgreSQL server, 13 to 18, here or elsewhere. You can mark it read-only, so that nothing is restored or dropped on
          it.
        </Choice>
        <Choice icon="practice" title="Make a practice cluster" onClick={() => navigate('#/practice')}>
          A PostgreSQL of your own in Walkback’s folder, filled with sample data, to try every step on. It never touches another
          cluster.
        </Choice>
      </div>
      <p className="t3 sm">
        Have a dump already? <a href="#/restore">Restore it</a> once a server is connected. Keyboard:{' '}
        <kbd className="kbd">Ctrl</kbd> <kbd className="kbd">K</kbd> finds everything.
      </p>
    </div>
  )
}

interface ChoiceProps {
  icon: IconName
  title: string
  children: React.ReactNode
  onClick: () => void
  filled?: boolean
}

function Choice({ icon, title, children, onClick, filled = false }: ChoiceProps) {
  return (
    <button type="button" className={`card choice${filled ? ' filled' : ''}`} onClick={onClick}>
      <span className="choice-icon">
        <Icon name={icon} size={28} strokeWidth={1.4} />
      </span>
      <span className="choice-title">
        {title}
        <Icon name="right" />
      </span>
      <span className="t2">{children}</span>
    </button>
  )
}
