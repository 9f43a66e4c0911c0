// Where something is done, as every dialog that changes a server says it: from what the core read there just now.
import type { KeptDatabase } from '../../../shared/contracts/restoreOutcome'
import type { KeyValue } from '../../components/KeyValues'

export type Place = Pick<KeptDatabase, 'server' | 'host' | 'port' | 'systemIdentifier' | 'database'>

export function placeRows(place: Place): KeyValue[] {
  return [...serverRows(place), { label: 'Database', value: place.database, mono: true }]
}

export function serverRows({ server, host, port, systemIdentifier }: Omit<Place, 'database'>): KeyValue[] {
  return [
    { label: 'Server', value: server },
    { label: 'Host', value: host === '' ? 'local socket' : host, mono: true },
    { label: 'Port', value: String(port), mono: true },
    { label: 'System identifier', value: systemIdentifier ?? 'not known to this role', mono: true },
  ]
}
