// Preflight rows that a script and a set of the cluster have in common.
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'
import type { AppError } from '../../../shared/rpc/appError'
import { freeBytes, writeProblem } from '../../library/freeSpace'
import type { Cluster } from './readCluster'

export function row(
  id: string,
  result: PreflightRow['result'],
  check: string,
  found: string,
  fixes: PreflightFix[] = [],
): PreflightRow {
  return { id, result, check, found, fixes }
}

export function setOption(label: string, key: string, value: boolean | string | number | string[]): PreflightFix {
  return { label, action: { kind: 'set-option', key, value } }
}

export function goTo(label: string, step: string): PreflightFix {
  return { label, action: { kind: 'go-to-step', step } }
}

/** Blockers first, then warnings, then passes. */
export function sortRows(rows: readonly PreflightRow[]): PreflightRow[] {
  const order = { blocker: 0, warning: 1, pass: 2 } as const
  return rows.toSorted((a, b) => order[a.result] - order[b.result])
}

/** Blockers in one sentence, '' when it may start. */
export function blockedBy(rows: readonly PreflightRow[]): string {
  return rows
    .filter(({ result }) => result === 'blocker')
    .map(({ found }) => found)
    .join(' ')
}

export function toolRow(
  tool: { program: string; version: number } | null,
  problem: AppError | null,
  server: number,
): PreflightRow[] {
  if (problem) return [row('tool', 'blocker', 'Programs', [problem.message, problem.hint].filter(Boolean).join(' '))]
  if (!tool) return []
  return [
    row(
      'tool',
      'pass',
      'Programs',
      `${tool.program} ${formatPgVersion(tool.version)} for a server of ${formatPgVersion(server)}.`,
    ),
  ]
}

/** Below this nothing but the smallest dump fits, and the record must still be written. */
const leastFree = 8n * 1024n * 1024n

/** `size` is that of the databases, indexes included; `packed` when the rows are compressed. */
export async function placeRows(library: string, size: bigint, packed: boolean): Promise<PreflightRow[]> {
  const another = goTo('Choose another library', 'options')
  const problem = await writeProblem(library)
  if (problem !== '') {
    return [row('library', 'blocker', 'Library', `Nothing can be written to ${library}: ${problem}.`, [another])]
  }
  const rows = [row('library', 'pass', 'Library', `${library} can be written.`)]
  const free = await freeBytes(library)
  if (free === null) {
    return [...rows, row('space', 'warning', 'Disk space', 'The system does not say how much space is free there.')]
  }
  const found = `${formatBytes(free)} are free, the databases hold ${formatBytes(size)}`
  // Nobody knows how well the rows compress, or how much of the size are indexes: a fiftieth is not to be hoped for.
  if (free < leastFree + size / 50n) return [...rows, row('space', 'blocker', 'Disk space', `${found}: it can't fit.`, [another])]
  if (free < size) {
    const hope = packed ? 'it fits only if the rows compress well' : 'it fits only if much of that are indexes'
    return [...rows, row('space', 'warning', 'Disk space', `${found}: ${hope}.`)]
  }
  return [...rows, row('space', 'pass', 'Disk space', `${found}.`)]
}

export function standbyRows(cluster: Cluster): PreflightRow[] {
  if (!cluster.inRecovery) return []
  const found =
    'This server is a standby: rows of unlogged tables are not there, and a long dump is ended when it holds up recovery (max_standby_streaming_delay).'
  return [row('standby', 'warning', 'Standby', found)]
}

export function someNames(names: readonly string[]): string {
  return names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '')
}
