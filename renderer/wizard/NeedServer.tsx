// Shown where a server is needed and none is chosen yet.
import { Button } from '../components/Button'
import { EmptyState } from '../components/Feedback'
import { editConnection } from '../stores/connections'

export function NeedServer({ what }: { what: string }) {
  return (
    <EmptyState
      icon="server"
      title="No server yet"
      actions={
        <>
          <Button kind="primary" icon="plug" onClick={() => editConnection(null)}>
            Connect to a server…
          </Button>
          <Button icon="practice" href="#/practice">
            Make a practice cluster
          </Button>
        </>
      }
    >
      To {what}, connect to a server, or make a cluster of your own to practise on.
    </EmptyState>
  )
}
