// The preflight table of a restore: every check with what was found, and for what is in the way, the ways out.
import type { RestoreDanger } from '../../../shared/contracts/restore'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { blockedSentence, row, sortRows } from '../../library/preflightRow'
import { checkArchive } from './checkArchive'
import type { RestorePlan, RestoreServices } from './planRestore'
import { archiveRow, optionRows, toolRow } from './preflightArchive'
import { choiceRows, confirmRows, dangerOf } from './preflightChoice'
import { clusterRows } from './preflightCluster'
import { diskRow } from './preflightDisk'
import { gatherFacts } from './preflightFacts'
import { extensionRows, roleRows, tablespaceRows } from './preflightNeeds'
import { scriptRows } from './preflightScript'
import { databaseRows, localeRows, privilegeRows } from './preflightTarget'

/** `full`: SHA-256 whatever the size, at the start of the job; `progress` says how far that is. */
export async function checkRestore(...asked: Parameters<typeof lookAtRestore>): Promise<PreflightRow[]> {
  return (await lookAtRestore(...asked)).rows
}

/** With what a name must be typed for. */
export async function lookAtRestore(
  services: RestoreServices,
  plan: RestorePlan,
  full: boolean,
  signal?: AbortSignal,
  progress?: (done: number, total: number, file: string) => void,
): Promise<{ rows: PreflightRow[]; danger: RestoreDanger | null }> {
  const facts = await gatherFacts(services, plan, signal)
  const danger = dangerOf(facts)
  const archive = await checkArchive(plan.archive, full, signal, progress)
  const rows = [
    writableRow(services, plan),
    ...(plan.server.inRecovery ? [recoveryRow()] : []),
    ...optionRows(plan),
    toolRow(plan),
    archiveRow(archive),
    ...scriptRows(plan),
    ...(await clusterRows(services, plan, signal)),
    ...choiceRows(facts),
    ...databaseRows(facts),
    ...confirmRows(facts, danger),
    ...privilegeRows(facts),
    ...roleRows(facts),
    ...tablespaceRows(facts),
    ...extensionRows(facts),
    ...localeRows(facts),
    ...(await diskRow(plan)),
  ]
  return { rows: sortRows(rows), danger }
}

/** Throws AppError preflight naming each blocker. */
export function refuseBlocked(rows: readonly PreflightRow[]): void {
  const blockers = rows.filter((each) => each.result === 'blocker')
  if (blockers.length === 0) return
  throw new AppError('preflight', `The restore was not started. ${blockedSentence(rows)}.`, {
    hint: blockers.map((each) => `${each.check}: ${each.found}`).join('\n'),
    details: { blockers: blockers.map((each) => each.id) },
  })
}

function writableRow(services: RestoreServices, plan: RestorePlan): PreflightRow {
  try {
    services.connections.requireWritable(plan.request.connectionId, 'Restoring')
    return row('connection', 'pass', 'Connection', `${plan.connection.label} takes restores.`)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'permission') throw error
    return row('connection', 'blocker', 'Connection', [error.message, error.hint].filter(Boolean).join(' '))
  }
}

function recoveryRow(): PreflightRow {
  return row(
    'recovery',
    'blocker',
    'Server takes no writes',
    'It is a standby, or still being recovered. Restore into its primary, or promote it first.',
  )
}
