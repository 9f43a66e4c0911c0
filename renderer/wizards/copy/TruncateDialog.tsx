// Asks before a copy that empties the table first: says where, and wants the table's name typed.
import type { SavedConnection } from '../../../shared/model/connection'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import type { ShownError } from '../../format/errors'
import { serverFactsRows, useServer } from '../../stores/server'
import type { TableName } from './TableChooser'

export interface TruncateDialogProps {
  open: boolean
  connection: SavedConnection
  database: string
  table: TableName
  action: string
  busy: boolean
  error: ShownError | null
  onConfirm: () => void
  onClose: () => void
}

export function TruncateDialog(props: TruncateDialogProps) {
  const { open, connection, database, table, action, busy, error, onConfirm, onClose } = props
  const { page } = useServer(connection.id)
  return (
    <ConfirmDialog
      open={open}
      title={`Empty ${table.schema}.${table.name} first`}
      typeToConfirm={table.name}
      typeLabel="the table's name"
      action={action}
      busy={busy}
      error={error}
      facts={[...serverFactsRows(connection, page), { label: 'Database', value: database, mono: true }]}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      The rows that the table holds now are lost once the copy has succeeded. It is one transaction: when the copy fails or is
      cancelled, they stay.
    </ConfirmDialog>
  )
}
