// The name typed before a database is put aside or what is in it is dropped, with the server that it is meant for.
import { useState } from 'react'
import type { RestoreDanger, RestoreRequest } from '../../../../shared/contracts/restore'
import { Card } from '../../../components/Card'
import { TextField } from '../../../components/fields'
import { KeyValues } from '../../../components/KeyValues'

export interface ConfirmCardProps {
  danger: RestoreDanger
  onConfirm: (confirm: NonNullable<RestoreRequest['confirm']> | null) => void
}

export function ConfirmCard({ danger, onConfirm }: ConfirmCardProps) {
  const [typed, setTyped] = useState('')
  const { what, database, host, port, systemIdentifier, sessions } = danger
  const change = (text: string) => {
    setTyped(text)
    onConfirm(text === database ? { name: text, systemIdentifier } : null)
  }
  const connected = sessions.map(
    ({ application, user, from, count }) =>
      `${application || 'unnamed'} as ${user} from ${from}${count > 1 ? ` (${count})` : ''}`,
  )
  return (
    <Card title={what === 'replace' ? `Replace ${database}?` : `Drop objects in ${database}?`} padded>
      <div className="col g8">
        <div className="t2">
          {what === 'replace'
            ? `${database} gets another name and stays, with everything in it. Programs that connect to ${database} find the restored one.`
            : `What ${database} has of the restored objects is dropped first, with its rows, and is lost.`}
        </div>
        <KeyValues
          labelWidth={128}
          rows={[
            { label: 'Server', value: `${host === '' ? 'this machine' : host}:${port}`, mono: true },
            { label: 'System identifier', value: systemIdentifier ?? 'not readable by this role', mono: true },
            { label: 'Connected', value: connected.length === 0 ? 'no one' : connected.join(', ') },
          ]}
        />
        <TextField
          label={
            <>
              Type the database’s name, <span className="mono b">{database}</span>, to go on
            </>
          }
          value={typed}
          onChange={change}
          mono
        />
      </div>
    </Card>
  )
}
