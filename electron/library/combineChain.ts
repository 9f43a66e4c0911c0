// Whether base backups are a chain that pg_combinebackup can make one of, by which program, and how large the result will be.
import { lstat, readFile } from 'node:fs/promises'
import path from 'node:path'
import { linkProblem, nameOf } from '../../shared/model/backupChain'
import type { BackupManifest } from '../../shared/model/backupManifest'
import type { BaseBackupRecord } from '../../shared/model/backupRecord'
import { formatPgVersion, majorOf } from '../../shared/model/pgVersion'
import { AppError } from '../../shared/rpc/appError'
import { errorCode } from '../process/systemError'
import type { Services } from '../services'
import { listFolder } from './checksumFiles'
import type { ExactTool } from './exactTool'
import { readManifest } from './readTarBackup'

export interface CombineLink {
  path: string
  library: string
  record: BaseBackupRecord
}

/** Why these are no chain, each in a sentence; by the records alone. PostgreSQL's own check of the files follows. */
export function chainProblems(links: readonly CombineLink[]): { id: string; text: string }[] {
  const problems: { id: string; text: string }[] = []
  const [first, second] = links
  if (!first) return [{ id: 'chain', text: 'There is nothing to combine.' }]
  for (const link of links.filter(({ record }) => record.format === 'tar')) {
    const text = `${nameOf(link)} is in tar format: pg_combinebackup reads plain backups alone. Unpack base.tar of each into a folder of its own, with its backup_manifest, combine those folders with pg_combinebackup, and use the result; or begin with a full backup.`
    problems.push({ id: `tar-${problems.length}`, text })
  }
  if (!second) {
    const lone = `${nameOf(first)} is an incremental backup by itself: its chain begins with a full backup.`
    const full = `${nameOf(first)} is a full backup already: there is nothing to combine.`
    return [...problems, { id: 'chain', text: first.record.incremental ? lone : full }]
  }
  if (new Set(links.map(({ record }) => record.id)).size < links.length) {
    return [...problems, { id: 'chain', text: 'The same backup is there twice.' }]
  }
  if (first.record.incremental) {
    const { parent, from } = first.record.incremental
    const inside = links.some(({ record }) => record.id === parent)
    const text = inside
      ? `The order is wrong: ${nameOf(first)} comes first, and it builds on a backup that comes after it.`
      : `The backup that ${nameOf(first)} builds on is missing: the one from ${from.lsn} on timeline ${from.timeline}.`
    return [...problems, { id: 'chain', text }]
  }
  for (const [at, link] of links.slice(1).entries()) {
    const before = links[at]
    if (!before) continue
    const parent = link.record.incremental?.parent
    const wrong = parent !== undefined && parent !== before.record.id && links.some(({ record }) => record.id === parent)
    const text = wrong
      ? `The order is wrong: ${nameOf(link)} comes after ${nameOf(before)}, and does not build on it.`
      : linkProblem(link, before)
    if (text !== '') return [...problems, { id: 'chain', text }]
  }
  return problems
}

/** null where there is none. Throws AppError when it is damaged. */
export async function manifestOf(link: CombineLink): Promise<BackupManifest | null> {
  if (link.record.manifest === null) return null
  try {
    return readManifest(await readFile(path.join(link.path, link.record.manifest.path)))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

const incrementalName = /^(.*\/)?INCREMENTAL\.([^/]+)$/

/**
 * About how many bytes the result will have: each file as it is in the last backup, those of which only blocks are there as
 * large as in the nearest earlier backup that has them whole. Files that grew meanwhile make it more.
 */
export function resultSize(manifests: readonly (BackupManifest | null)[]): bigint | null {
  const last = manifests.at(-1)
  if (!last) return null
  const earlier = manifests
    .slice(0, -1)
    .toReversed()
    .map((manifest) => new Map((manifest?.files ?? []).map((file) => [file.path, file.size])))
  let sum = 0n
  for (const file of last.files) {
    const whole = incrementalName.exec(file.path)
    const name = whole ? `${whole[1] ?? ''}${whole[2]}` : null
    const found = name === null ? undefined : earlier.map((sizes) => sizes.get(name)).find((size) => size !== undefined)
    sum += BigInt(Math.max(found ?? 0, file.size))
  }
  return sum
}

/** With the WAL of the last one; null where nobody can tell. */
export async function combinedSize(links: readonly CombineLink[], signal: AbortSignal): Promise<bigint | null> {
  const manifests = []
  for (const link of links) {
    signal.throwIfAborted()
    manifests.push(await manifestOf(link))
  }
  const size = resultSize(manifests)
  const last = links.at(-1)
  if (size === null || !last) return size
  // No manifest lists the WAL; the last backup's comes along as it is.
  const folder = path.join(last.path, last.record.artifact, 'pg_wal')
  let wal = 0n
  for (const name of (await listFolder(folder)).files) wal += BigInt((await lstat(path.join(folder, name))).size)
  return size + wal
}

/** pg_combinebackup knows the control file of its own major version alone. */
export async function chooseCombineTool(services: Pick<Services, 'tools'>, server: number) {
  try {
    const tool: ExactTool = await services.tools.forServer('pg_combinebackup', server)
    if (majorOf(tool.version) === majorOf(server)) return { tool, problem: null }
    const message = `The pg_combinebackup here is ${formatPgVersion(tool.version)}, and it combines backups of PostgreSQL ${majorOf(tool.version)} alone: these are of ${majorOf(server)}.`
    return {
      tool: null,
      problem: new AppError('version_mismatch', message, {
        hint: `Install postgresql-client-${majorOf(server)}, or add the folder that holds it in Settings.`,
      }),
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { tool: null, problem: error }
  }
}
