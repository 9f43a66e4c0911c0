// Preflight rows about the archive or script itself, the program that reads it, and the options chosen.
import { formatPgVersion, majorOf, parsePgVersion } from '../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../shared/model/preflight'
import { goTo, row, setOption } from '../../library/preflightRow'
import type { ArchiveCheck } from './checkArchive'
import type { RestorePlan } from './planRestore'

export function toolRow(plan: RestorePlan): PreflightRow {
  const { tool } = plan.restore
  const { archive, server } = plan
  const name = `${tool.program} ${formatPgVersion(tool.version)}`
  const made = archive.facts.dumpVersion
  const madeBy =
    made === null ? 'a script' : `${archive.kind === 'script' ? 'a script' : 'an archive'} by pg_dump ${formatPgVersion(made)}`
  const source = archive.facts.serverVersion === null ? undefined : parsePgVersion(archive.facts.serverVersion)
  const sendsTimeout = archive.kind === 'archive' ? majorOf(tool.version) >= 17 : made !== null && majorOf(made) >= 17
  if (sendsTimeout && majorOf(server.version) < 17) {
    const said = `${name} for ${madeBy}, into PostgreSQL ${formatPgVersion(server.version)}`
    if (archive.kind === 'script' && !plan.request.continueOnError) {
      return row(
        'tools',
        'blocker',
        'Script is for a newer server',
        `${said}: it sets transaction_timeout, which came with 17, and would stop there. That one error does no harm.`,
        [setOption('Go on after errors', 'continueOnError', true)],
      )
    }
    return row(
      'tools',
      'warning',
      'Tools',
      `${said}: it will report an error about transaction_timeout, which came with 17. That one is harmless, ` +
        `and is marked so in the result.${older(source, server.version)}`,
    )
  }
  if (source !== undefined && majorOf(source) > majorOf(server.version)) {
    return row('tools', 'warning', 'Tools', `${name} for ${madeBy}.${older(source, server.version)}`)
  }
  return row('tools', 'pass', 'Tools', `${name} for ${madeBy}.`)
}

function older(source: number | undefined, server: number): string {
  if (source === undefined || majorOf(source) <= majorOf(server)) return ''
  return (
    ` The dump comes from PostgreSQL ${formatPgVersion(source)}, this server is ${formatPgVersion(server)}: ` +
    'what uses newer features can’t be created, and will be named.'
  )
}

export function archiveRow(check: ArchiveCheck): PreflightRow {
  if (check.problems.length === 0) {
    return row('archive', 'pass', 'Archive', check.found)
  }
  const shown = check.problems.slice(0, 5).join(' ')
  const more = check.problems.length > 5 ? ` And ${check.problems.length - 5} more.` : ''
  return row('archive', 'blocker', 'Archive is damaged', `${shown}${more}`, [goTo('Choose another backup', 'source')])
}

export function optionRows(plan: RestorePlan): PreflightRow[] {
  const problems = [...plan.restore.problems, ...(plan.analyze[0]?.planned?.problems ?? [])]
  return problems.map((problem, at) =>
    row(`option:${problem.key}:${at}`, 'blocker', problem.flag === '' ? 'Options' : `Option ${problem.flag}`, problem.message, [
      goTo('Change the options', 'options'),
    ]),
  )
}
