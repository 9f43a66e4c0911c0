// Everything that is known before a chain is combined: programs, command, place, checks. Preview, start and job obey it.
import path from 'node:path'
import type { CombineRequest } from '../../../shared/contracts/baseBackup'
import type { ShownCommand } from '../../../shared/jobs/job'
import { nameOf } from '../../../shared/model/backupChain'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../shared/tools/buildCommand'
import { isAsked, type OptionValues } from '../../../shared/tools/defineTool'
import { pgCombinebackup } from '../../../shared/tools/pgCombinebackup'
import { writeMapping } from '../../../shared/tools/physicalOptions'
import { type BackupPlace, placeBackup } from '../../library/backupFolder'
import { type CombineLink, chainProblems, chooseCombineTool, combinedSize } from '../../library/combineChain'
import { explainCombineFailure } from '../../library/combineMessages'
import { freeBytes, writeProblem } from '../../library/freeSpace'
import { blockedSentence, goTo, row, setOption, sortRows } from '../../library/preflightRow'
import type { Services } from '../../services'
import { readLinks, tablespaceLinks } from './combineChain'
import { dataName, shownCommand } from './planBaseBackup'
import { type BaseTool, planVerify, type VerifyPlan } from './planVerify'
import { tablespaceFolder } from './tablespaceLinks'

export type CombineServices = Pick<Services, 'tools' | 'paths' | 'spawn' | 'settings' | 'jobs'>

export interface CombinePlan {
  /** The full backup first. */
  links: CombineLink[]
  last: CombineLink
  place: BackupPlace
  tool: BaseTool | null
  command: BuiltCommand | null
  /** The same with --dry-run. */
  trial: BuiltCommand | null
  /** Folders of tablespaces that the result will have, by oid. */
  tablespaces: string[]
  verify: VerifyPlan
  /** About how large the result will be; null where nobody can tell. */
  size: bigint | null
  shown: ShownCommand[]
  preflight: PreflightRow[]
  toolProblem: AppError | null
  blocked: string
}

export function placeCombined(links: readonly CombineLink[], request: CombineRequest, at: Date, attempt: number): BackupPlace {
  const label = links.at(-1)?.record.source.label ?? ''
  return placeBackup({
    ...{
      library: request.library,
      serverLabel: label,
      kind: 'base-backup',
      database: 'combined',
      label: request.label,
      at,
      attempt,
    },
  })
}

/** Reads the disk anew each time. `trial`: PostgreSQL looks at the chain too, where that changes nothing. */
export async function planCombine(
  services: CombineServices,
  request: CombineRequest,
  at: { time: Date; attempt: number },
  signal: AbortSignal,
): Promise<CombinePlan> {
  refuseOwned(request.options)
  const links = await readLinks(request.chain)
  const last = links.at(-1)
  if (!last) throw new AppError('bad_input', 'There is nothing to combine.')
  const place = placeCombined(links, request, at.time, at.attempt)
  const { tool, problem } = await chooseCombineTool(services, last.record.source.serverVersion)
  const problems = chainProblems(links)
  const plain = problems.length === 0
  const spaces = plain ? await tablespaceLinks(last) : []
  const values: OptionValues = {
    ...request.options,
    output: path.join(place.partial, dataName),
    tablespaceMapping: spaces.map(({ oid }) =>
      writeMapping(tablespaceFolder(last.path, oid), tablespaceFolder(place.partial, oid)),
    ),
  }
  const versions = tool && { tool: tool.version, server: null }
  const folders = links.map(({ path: folder, record }) => path.join(folder, record.artifact))
  const command = versions && buildCommand(pgCombinebackup, values, versions, folders)
  const trial = versions && buildCommand(pgCombinebackup, { ...values, dryRun: true }, versions, folders)
  const verify = await planVerify(
    services.tools,
    {
      format: 'plain',
      options: { ...request.options, walMethod: last.record.walMethod },
      verify: request.options.noManifest !== true,
    },
    { version: last.record.source.serverVersion },
    path.join(place.partial, dataName),
    null,
  )
  const size = plain ? await combinedSize(links, signal) : null
  const plan: CombinePlan = {
    ...{ links, last, place, tool, command, trial, verify, size, toolProblem: problem, blocked: '' },
    tablespaces: spaces.map(({ oid }) => oid),
    shown: [...(tool && command ? [shownCommand('Combine', command, tool)] : []), ...verify.shown],
    preflight: [],
  }
  const rows = [
    ...checkTool(plan),
    ...problems.map(({ id, text }) => row(id, 'blocker', 'Chain', text)),
    ...checkOptions(request, command),
    ...(await checkPlace(request, size)),
    ...checkSources(links),
    ...checkVerify(plan, request),
  ]
  // PostgreSQL's own look at the files comes last; with relative links it has to wait for the job.
  if (!rows.some(({ result }) => result === 'blocker')) {
    const relative = spaces.some((space) => space.relative)
    const refused = relative ? null : await tryChain(services, plan, signal)
    if (refused) rows.push(row('chain', 'blocker', 'Chain', [refused.message, refused.hint].filter(Boolean).join(' ')))
    else rows.push(row('chain', 'pass', 'Chain', chainWords(links, relative)))
  }
  plan.preflight = sortRows(rows)
  plan.blocked = blockedSentence(plan.preflight)
  return plan
}

/** Of the version-mismatch kind where a program is missing, so that start can refuse by it before anything is written. */
export function combineRefusal(plan: CombinePlan): AppError | null {
  if (plan.toolProblem) return plan.toolProblem
  const blockers = plan.preflight.filter((each) => each.result === 'blocker')
  if (blockers.length === 0) return null
  return new AppError('preflight', blockers.map((each) => `${each.check}: ${each.found}`).join(' '), {
    hint: 'Put right what the checks name, then start again.',
  })
}

/** pg_combinebackup --dry-run: null when it takes the chain. Throws AppError cancelled. */
export async function tryChain(
  { spawn }: Pick<Services, 'spawn'>,
  { tool, trial }: CombinePlan,
  signal: AbortSignal,
): Promise<AppError | null> {
  if (!tool || !trial) return null
  const lines: string[] = []
  const exit = await spawn({
    file: tool.path,
    argv: trial.argv,
    signal,
    onStderr: (line) => void (lines.length < 200 && lines.push(line)),
  })
  if (exit.cancelled) throw new AppError('cancelled', 'Looking at the chain was cancelled.')
  return exit.code === 0 ? null : explainCombineFailure(`pg_combinebackup ${formatPgVersion(tool.version)}`, exit, lines)
}

function refuseOwned(options: OptionValues): void {
  for (const [key, value] of Object.entries(options)) {
    const option = pgCombinebackup.options.find((candidate) => candidate.key === key)
    if (!option) throw new AppError('bad_input', `pg_combinebackup has no option named ${JSON.stringify(key)}.`)
    if (option.owned && isAsked(value)) {
      throw new AppError('bad_input', `${option.flag} is set by Walkback itself.`, { hint: 'Leave it out of the options.' })
    }
  }
}

function checkTool({ tool, toolProblem, last }: CombinePlan): PreflightRow[] {
  if (toolProblem) return [row('tool', 'blocker', 'Programs', [toolProblem.message, toolProblem.hint].filter(Boolean).join(' '))]
  if (!tool) return []
  const of = formatPgVersion(last.record.source.serverVersion)
  return [row('tool', 'pass', 'Programs', `pg_combinebackup ${formatPgVersion(tool.version)} for backups of ${of}.`)]
}

function checkOptions({ options }: CombineRequest, command: BuiltCommand | null): PreflightRow[] {
  const rows = (command?.problems ?? []).map(({ key, flag, message }) =>
    row(`option-${key}`, 'blocker', `Option ${flag}`, message, key === '' ? [] : [setOption(`Leave ${flag} out`, key, false)]),
  )
  if (options.link === true && rows.length === 0) {
    const text =
      'Files would be shared with the backups of the chain: starting the result, or damage to one file, would destroy them. Clone shares blocks without that.'
    rows.push(row('option-link', 'blocker', 'Option --link', text, [setOption('Leave --link out', 'link', false)]))
  }
  if (options.noSync === true) {
    rows.push(
      row('sync', 'warning', 'Durability', 'Nothing waits for the disk: after a power cut the result may be worth nothing.'),
    )
  }
  return rows
}

async function checkPlace({ library, options }: CombineRequest, size: bigint | null): Promise<PreflightRow[]> {
  const another = [goTo('Choose another library', 'options')]
  const problem = await writeProblem(library)
  if (problem !== '') return [row('library', 'blocker', 'Library', `Nothing can be written to ${library}: ${problem}.`, another)]
  const rows = [row('library', 'pass', 'Library', `${library} can be written.`)]
  const free = await freeBytes(library)
  if (free === null || size === null) return rows
  const text = `${formatBytes(free)} are free, the result has about ${formatBytes(size)}`
  if (free >= size) return [...rows, row('space', 'pass', 'Disk space', `${text}.`)]
  const shares = options.clone === true || options.copyFileRange === true
  if (shares) return [...rows, row('space', 'warning', 'Disk space', `${text}: it fits only where blocks are shared.`, another)]
  return [...rows, row('space', 'blocker', 'Disk space', `${text}: it can't fit.`, another)]
}

function checkSources(links: readonly CombineLink[]): PreflightRow[] {
  return links.flatMap((link, at) => {
    const latest = link.record.verifications.toSorted((a, b) => (a.at < b.at ? -1 : 1)).at(-1)
    const id = `checked-${at}`
    if (latest === undefined) return [row(id, 'warning', 'Sources', `${nameOf(link)} was never checked: verify it first.`)]
    return latest.ok ? [] : [row(id, 'blocker', 'Sources', `${nameOf(link)} failed its last check: ${latest.detail}`)]
  })
}

function checkVerify({ verify, tool }: CombinePlan, { options }: CombineRequest): PreflightRow[] {
  if (tool === null) return []
  if (options.noManifest === true) {
    const text = 'Without a manifest the result is not verified, and nothing can build on it.'
    return [row('verify', 'warning', 'Verification', text, [setOption('Write a manifest', 'noManifest', false)])]
  }
  if (verify.problem !== '') return [row('verify', 'blocker', 'Verification', verify.problem)]
  if (verify.walProblem !== '') return [row('verify', 'warning', 'Verification', verify.walProblem)]
  const { version } = verify.command?.tool ?? tool
  return [
    row('verify', 'pass', 'Verification', `Every file against the new manifest, by pg_verifybackup ${formatPgVersion(version)}.`),
  ]
}

function chainWords(links: readonly CombineLink[], later: boolean): string {
  const count = links.length - 1
  const what = `A full backup and ${count === 1 ? '1 incremental one' : `${count} incremental ones`}, each building on the one before`
  return later
    ? `${what}; pg_combinebackup looks at the files when it starts.`
    : `${what}; pg_combinebackup --dry-run takes them.`
}
