// The dialogs about servers, one at a time: add or edit one, or manage them all.
import { useConnections } from '../../stores/connections'
import { ConnectionDialog } from './ConnectionDialog'
import { ManageDialog } from './ManageDialog'

export default function ConnectionDialogs() {
  const { dialog, connections } = useConnections()
  if (dialog === null) return null
  if (dialog.kind === 'manage') return <ManageDialog />
  const connection = connections.find((each) => each.id === dialog.id) ?? null
  return <ConnectionDialog key={dialog.id ?? 'new'} connection={connection} />
}
