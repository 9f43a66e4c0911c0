// The line of pg_hba.conf that would let a refused connection in.
import { isIP } from 'node:net'
import { isSocketHost } from './socketFolders'

interface Wanted {
  host: string
  user: string
  database: string
  encrypted: boolean
  replication: boolean
}

/** `address` is the client's as the server sees it. scram-sha-256: the method every supported server has. */
export function hbaLine(wanted: Wanted, address: string): string {
  const database = wanted.replication ? 'replication' : quote(wanted.database)
  if (isSocketHost(wanted.host)) return `local  ${database}  ${quote(wanted.user)}  scram-sha-256`
  return `${wanted.encrypted ? 'hostssl' : 'host'}  ${database}  ${quote(wanted.user)}  ${range(address)}  scram-sha-256`
}

function range(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
  const family = isIP(plain)
  return family === 4 ? `${plain}/32` : family === 6 ? `${plain}/128` : '<address of this machine>/32'
}

/** Keywords (all, sameuser, replication ...) and anything but a plain word are quoted; a quote is doubled. */
function quote(name: string): string {
  const keyword = /^(all|sameuser|samerole|samegroup|replication)$/.test(name)
  return !keyword && /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
