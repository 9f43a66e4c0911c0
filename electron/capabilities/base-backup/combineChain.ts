// The backups that are to be combined, read anew from their folders, and whether they are a chain.
import { lstat, readdir, readFile, readlink, rename, symlink } from 'node:fs/promises'
import path from 'node:path'
import { linkProblem, nameOf } from '../../../shared/model/backupChain'
import type { BackupManifest } from '../../../shared/model/backupManifest'
import type { BaseBackupRecord } from '../../../shared/model/backupRecord'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { syncFolder } from '../../library/durability'
import { readManifest } from '../../library/readTarBackup'
import { readRecord } from '../../library/recordFile'
import { errorCode } from '../../process/systemError'
import { dataName } from './planBaseBackup'
import { tablespaceFolder, tablespacesName } from './tablespaceLinks'

export interface CombineLink {
  path: string
  library: string
  record: BaseBackupRecord
}

/** Throws AppError for a folder that is no base backup. */
export async function readLinks(folders: readonly string[]): Promise<CombineLink[]> {
  const links: CombineLink[] = []
  for (const folder of folders) {
    if (!path.isAbsolute(folder)) {
      throw new AppError('bad_input', `${JSON.stringify(folder)} is not an absolute path.`, {
        hint: 'Write it from the root on.',
      })
    }
    const at = path.resolve(folder)
    const record = await readRecord(at)
    if (record.kind !== 'base-backup') {
      throw new AppError('bad_input', `${at} is no base backup.`, { hint: 'Only a chain of base backups can be combined.' })
    }
    links.push({ path: at, library: path.dirname(path.dirname(at)), record })
  }
  return links
}

/** Why these are no chain, each in a sentence; by the records alone. PostgreSQL's own check of the files follows. */
export function chainProblems(links: readonly CombineLink[]): { id: string; text: string }[] {
  const problems: { id: string; text: string }[] = []
  const [first, second] = links
  if (!first) return [{ id: 'chain', text: 'There is nothing to combine.' }]
  for (const link of links.filter(({ record }) => record.format === 'tar')) {
    const text = `${nameOf(link)} is in tar format: pg_combinebackup reads plain backups alone.`
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

/** The tablespaces of a plain backup with a folder of their own, and whether its links lead there by a relative path. */
export async function tablespaceLinks({ path: folder, record }: CombineLink): Promise<{ oid: string; relative: boolean }[]> {
  const links = path.join(folder, dataName, 'pg_tblspc')
  const found: { oid: string; relative: boolean }[] = []
  for (const oid of (await readdir(links)).filter((name) => record.tablespaces.some((space) => space.oid === name))) {
    const link = path.join(links, oid)
    if (!(await lstat(link)).isSymbolicLink()) continue // "in place": a folder like any other
    found.push({ oid, relative: !path.isAbsolute(await readlink(link)) })
  }
  return found
}

/**
 * pg_combinebackup refuses relative links in the last backup of a chain. While it runs they are absolute; they are made
 * relative again at the job's end, in whatever way it ends. After a crash they stay absolute, which holds where the backup lies.
 */
export async function makeLinksAbsolute(job: JobContext, link: CombineLink): Promise<void> {
  const spaces = (await tablespaceLinks(link)).filter(({ relative }) => relative)
  if (spaces.length === 0) return
  const folder = path.join(link.path, dataName, 'pg_tblspc')
  job.onCleanup('the links to the tablespaces', async () => {
    for (const { oid } of spaces) await replaceLink(folder, oid, path.join('..', '..', tablespacesName, oid))
    await syncFolder(folder)
  })
  for (const { oid } of spaces) await replaceLink(folder, oid, tablespaceFolder(link.path, oid))
}

async function replaceLink(folder: string, oid: string, target: string): Promise<void> {
  const temporary = path.join(folder, `${oid}.new`)
  await symlink(target, temporary)
  await rename(temporary, path.join(folder, oid))
}
