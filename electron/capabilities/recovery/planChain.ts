// How an incremental backup becomes a data directory: the command that combines its chain into the unfinished folders, and
// whether it can.
import { lstat, readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import type { ShownCommand } from '../../../shared/jobs/job'
import { nameOf } from '../../../shared/model/backupChain'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../shared/tools/buildCommand'
import { pgCombinebackup } from '../../../shared/tools/pgCombinebackup'
import { writeMapping } from '../../../shared/tools/physicalOptions'
import { shownWords } from '../../../shared/tools/showCommand'
import { chooseCombineTool } from '../../library/combineChain'
import { explainCombineFailure } from '../../library/combineMessages'
import type { ExactTool } from '../../library/exactTool'
import type { Place } from './destination'
import { type BackupListing, listBackup } from './listBackup'
import type { RecoveryServices } from './parts'
import type { Programs } from './planRecovery'
import type { PhysicalBackup } from './readBackup'
import { holdsWal, shownVerifier, type Verifier, verifierOf } from './verifySource'

/**
 * Below an unfinished folder: what pg_combinebackup writes, since it takes a new or empty folder alone, and that one has its mark.
 * Its contents move up once they are verified.
 */
const combinedName = 'walkback-combined'
/** The last backup's data directory, copied, with absolute links: pg_combinebackup refuses relative ones. */
const lastName = 'walkback-last'

export interface ChainLink {
  backup: PhysicalBackup
  /** The name of its folder. */
  name: string
  listing: BackupListing
}

export interface ChainSpace {
  oid: string
  /** Where the link of the last backup leads. */
  from: string
  /** Where pg_combinebackup writes it. */
  to: string
}

export interface ChainPlan {
  /** The full backup first. */
  links: ChainLink[]
  last: ChainLink
  tool: ExactTool | null
  command: BuiltCommand | null
  /** pg_verifybackup on the result; null where it can't look. */
  verifier: Verifier | null
  /** The data directory that it writes. */
  output: string
  spaces: ChainSpace[]
  /** null where the links of the last backup are absolute, and it is read where it lies. */
  copyOfLast: string | null
  /** Bytes that will be written at the most: the result, and the copy of the last backup. */
  bytes: bigint
  /** Why it can't be combined, in a sentence; '' when nothing is known against it. */
  problem: string
}

/** null for a full backup. Throws AppError with the disk's own words. */
export async function planChain(
  services: Pick<RecoveryServices, 'tools' | 'spawn' | 'paths'>,
  backup: PhysicalBackup,
  { data, spaces, programs }: { data: Place; spaces: readonly Place[]; programs: Programs | null },
  signal: AbortSignal,
): Promise<ChainPlan | null> {
  const links: ChainLink[] = []
  for (const link of backup.chain) links.push({ backup: link, name: nameOf(link), listing: await listBackup(link, signal) })
  const last = links.at(-1)
  if (!last) return null
  const { tool, problem } = await chooseCombineTool(services, backup.record?.source.serverVersion ?? backup.major * 10_000)
  const found = await spacesOf(last.backup, spaces)
  const relative = found.some((space) => space.relative)
  const copyOfLast = relative ? path.join(data.partial, lastName) : null
  const folders = links.map((link) => (link === last && copyOfLast !== null ? copyOfLast : link.backup.data))
  const output = path.join(data.partial, combinedName)
  const plan: ChainPlan = {
    ...{ links, last, tool, output, copyOfLast, spaces: found },
    command: tool && commandOf(tool, { output, spaces: found, folders }),
    verifier: programs && verifierOf(output, { programs, wal: holdsWal(backup) }),
    bytes: BigInt(backup.size) + (relative ? BigInt(dataBytes(last.listing)) : 0n),
    problem: problem === null ? '' : [problem.message, problem.hint].filter(Boolean).join(' '),
  }
  // pg_combinebackup's own look changes nothing; with relative links it has to wait for the copy.
  if (plan.problem === '' && tool && !relative) {
    const refused = await tryChain(services, tool, { spaces: found, folders }, signal)
    if (refused) plan.problem = [refused.message, refused.hint].filter(Boolean).join(' ')
  }
  return plan
}

function dataBytes(listing: BackupListing): number {
  return listing.files.reduce((sum, { place, size }) => sum + (place === 'data' ? size : 0), 0)
}

async function spacesOf(last: PhysicalBackup, spaces: readonly Place[]): Promise<(ChainSpace & { relative: boolean })[]> {
  const folder = path.join(last.data, 'pg_tblspc')
  const found: (ChainSpace & { relative: boolean })[] = []
  for (const oid of await readdir(folder)) {
    const link = path.join(folder, oid)
    const place = spaces.find(({ name }) => name === oid)
    if (!place || !(await lstat(link)).isSymbolicLink()) continue // what is not known of pg_combinebackup refuses itself
    const target = await readlink(link)
    const to = path.join(place.partial, combinedName)
    found.push({ oid, from: path.resolve(folder, target), to, relative: !path.isAbsolute(target) })
  }
  return found
}

interface Combining {
  output: string
  spaces: readonly ChainSpace[]
  folders: readonly string[]
  dryRun?: boolean
}

function commandOf(tool: ExactTool, { output, spaces, folders, dryRun = false }: Combining): BuiltCommand {
  const tablespaceMapping = spaces.map(({ from, to }) => writeMapping(from, to))
  const values = { output, tablespaceMapping, ...(dryRun ? { dryRun } : {}) }
  return buildCommand(pgCombinebackup, values, { tool: tool.version, server: null }, folders)
}

/** pg_combinebackup --dry-run, to places that are not there: null when it takes the chain. Throws AppError cancelled. */
async function tryChain(
  { spawn, paths }: Pick<RecoveryServices, 'spawn' | 'paths'>,
  tool: ExactTool,
  { spaces, folders }: Pick<Combining, 'spaces' | 'folders'>,
  signal: AbortSignal,
): Promise<AppError | null> {
  const nowhere = path.join(paths.scratch, crypto.randomUUID())
  const trial = commandOf(tool, {
    ...{ output: nowhere, folders, dryRun: true },
    spaces: spaces.map(({ oid, from }) => ({ oid, from, to: `${nowhere}-${oid}` })),
  })
  const lines: string[] = []
  const exit = await spawn({
    ...{ file: tool.path, argv: trial.argv, signal },
    onStderr: (line) => void (lines.length < 200 && lines.push(line)),
  })
  if (exit.cancelled) throw new AppError('cancelled', 'Looking at the chain was cancelled.')
  return exit.code === 0 ? null : explainCombineFailure(`pg_combinebackup ${formatPgVersion(tool.version)}`, exit, lines)
}

/** With what verifies the result; nothing for a full backup. */
export function shownCombine(chain: ChainPlan | null): ShownCommand[] {
  if (!chain?.tool || !chain.command) return []
  const { tool, command, verifier } = chain
  return [
    { title: 'Combine', program: command.program, version: tool.version, words: shownWords(command.argv), kind: 'program' },
    ...(verifier ? [shownVerifier(verifier, 'Verify the result')] : []),
  ]
}
