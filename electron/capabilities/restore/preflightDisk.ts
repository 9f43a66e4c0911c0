// Preflight row about the room on the server's disk.
import { statfs } from 'node:fs/promises'
import { hostname } from 'node:os'
import { formatBytes } from '../../../shared/model/byteCount'
import type { PreflightRow } from '../../../shared/model/preflight'
import { row } from '../../library/preflightRow'
import type { RestorePlan } from './planRestore'

/** Only where the data directory is on this machine; everywhere else it is said that it is not known. */
export async function diskRow(plan: RestorePlan): Promise<PreflightRow[]> {
  const recorded = plan.archive.source.record?.source.databaseSize ?? null
  const packed = plan.archive.facts.format !== 'plain' && plan.archive.facts.format !== 'tar'
  const need = recorded === null ? plan.archive.bytes * (packed ? 6n : 2n) : BigInt(recorded)
  const needs = `${recorded === null ? 'Needs roughly' : 'Needs about'} ${formatBytes(need)}`
  if (plan.server.dataDirectory === null || !isThisMachine(plan.connection.settings.host)) {
    return [row('disk', 'warning', 'Disk space', `${needs}. What is free on the server’s machine is not known here.`)]
  }
  let free: bigint
  try {
    const facts = await statfs(plan.server.dataDirectory, { bigint: true })
    free = facts.bavail * facts.bsize
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [row('disk', 'warning', 'Disk space', `${needs}. What is free could not be seen: ${why}.`)]
  }
  const found = `${needs}, ${formatBytes(free)} free.`
  if (free >= need) return [row('disk', 'pass', 'Disk space', found)]
  // A full disk stops the whole server: when less than half is there, the estimate can't be that wrong.
  return [
    row(
      'disk',
      recorded !== null && free * 2n < need ? 'blocker' : 'warning',
      'Disk space',
      `${found} A full disk stops the whole server.`,
    ),
  ]
}

function isThisMachine(host: string): boolean {
  return (
    host === '' || host.startsWith('/') || host.startsWith('@') || ['localhost', '127.0.0.1', '::1', hostname()].includes(host)
  )
}
