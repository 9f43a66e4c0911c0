// The base files of a recovery as they were before a server touched them, kept beside it by reflinks: so that it can begin
// again earlier without the backup being copied anew. Only where the file system has reflinks; where not, the job says so.
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { type Cloned, cloneTree, listTree } from '../../library/cloneTree'
import { syncFolder } from '../../library/durability'
import { errorCode, messageOf } from '../../process/systemError'
import { openPlace, own, removeUnfinished, unfinishedMark, whatIsAt } from './destination'
import type { RecoveryPlan } from './planRecovery'

/** By the name of its place: 'data', or the OID of a tablespace. */
export type Pristine = Readonly<Record<string, string>>

export function pristineOf(final: string): string {
  return `${final}.pristine`
}

/** Only who waits at a moment, in a folder of its own, may want an earlier one. */
export function keepsPristine({ point, target }: Pick<RecoveryPlan, 'point' | 'target'>): boolean {
  return point !== null && target === null && point.wish.action !== 'promote'
}

/** In each such folder, written once all of it is on disk. The mark of what is unfinished stays: no cluster starts from it. */
const listName = 'walkback-pristine.json'
const listShape = z.object({ version: z.literal(1), backup: z.string(), files: z.int(), bytes: z.int() })
const notOfTheBackup = [unfinishedMark, listName]

export interface KeptPristine {
  folders: Pristine
  /** Without it, it is removed when the job ends. */
  keep(): void
}

/** After the copy, before any setting is written. null where none can be kept, which is no failure. */
export async function keepPristine(job: JobContext, plan: RecoveryPlan): Promise<KeptPristine | null> {
  const places = [plan.data, ...plan.spaces].map(({ name, final, partial }) => ({ name, partial, folder: pristineOf(final) }))
  const instead = 'To start again earlier, the backup is copied again.'
  for (const { folder } of places) {
    const held = await whatIsAt(folder)
    if (held !== 'something') continue
    job.log(`${folder} is there, and Walkback did not make it: no copy of the base files is kept. ${instead}`, 'warning')
    return null
  }
  const folders: Record<string, string> = {}
  let kept = false
  const drop = async () => {
    for (const folder of Object.values(folders)) await rm(folder, { recursive: true, force: true })
  }
  job.onCleanup('the kept base files', async () => {
    if (!kept) await drop()
  })
  let bytes = 0
  for (const { name, partial, folder } of places) {
    folders[name] = folder
    const cloned = await keepOne(job, plan, { name, partial, folder })
    if (typeof cloned === 'string') {
      await drop()
      job.log(`No copy of the base files is kept: ${cloned}. ${instead}`)
      return null
    }
    bytes += cloned.bytes
  }
  for (const folder of Object.values(folders)) job.output({ partial: folder, final: folder })
  job.log(
    `The base files are kept in ${Object.values(folders).join(', ')}: ${formatBytes(bytes)} by reflink, which take room on the disk only as the two come to differ.`,
  )
  return {
    folders,
    keep: () => {
      kept = true
    },
  }
}

/** Or why not, in words. A full disk is no reason to fail: the recovery can do without. */
async function keepOne(
  job: JobContext,
  { account, backup }: RecoveryPlan,
  { name, partial, folder }: { name: string; partial: string; folder: string },
): Promise<Cloned | string> {
  try {
    await openPlace({ name, final: folder, partial: folder }, account)
    const cloned = await cloneTree(partial, folder, { account, signal: job.signal, without: notOfTheBackup })
    if (cloned === null) return `the file system of ${path.dirname(folder)} has no reflinks`
    const file = path.join(folder, listName)
    await writeFile(file, `${JSON.stringify({ version: 1, backup: backup.path, ...cloned })}\n`, { mode: 0o600, flush: true })
    await own(file, account)
    await syncFolder(folder)
    return cloned
  } catch (error) {
    job.signal.throwIfAborted()
    return messageOf(error).replace(/\.$/, '')
  }
}

/** Why these can't be begun with, in words that follow "the backup is copied again: "; '' when they can. */
export async function pristineProblem(pristine: Pristine, backup: string): Promise<string> {
  const folders = Object.values(pristine)
  if (folders.length === 0) return 'the file system has no reflinks, so no copy of its files was kept'
  for (const folder of folders) {
    try {
      const list = listShape.parse(JSON.parse(await readFile(path.join(folder, listName), 'utf8')))
      if (list.backup !== backup) return `the files kept in ${folder} are of another backup`
      const { files } = await listTree(folder, notOfTheBackup)
      let bytes = 0
      for (const file of files) bytes += (await stat(path.join(folder, file))).size
      if (files.length !== list.files || bytes !== list.bytes) return `the files kept in ${folder} are not complete any more`
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) {
        return `the files that were kept in ${folder} are not there any more`
      }
      throw error
    }
  }
  return ''
}

/** In place of the copy, into unfinished folders. Throws AppError where there is nothing to share blocks with. */
export async function takePristine(job: JobContext, plan: RecoveryPlan, pristine: Pristine): Promise<string> {
  let files = 0
  let bytes = 0
  for (const place of [plan.data, ...plan.spaces]) {
    const source = pristine[place.name]
    if (source === undefined) throw new AppError('internal', `No files of ${place.name} are kept.`)
    await openPlace(place, plan.account)
    const cloned = await cloneTree(source, place.partial, {
      ...{ account: plan.account, signal: job.signal, without: notOfTheBackup },
      onBytes: (_bytes, name) => job.progress({ done: files, total: null, unit: 'files', label: name }),
    })
    if (cloned === null) {
      throw new AppError('tool_failed', `${source} and ${place.partial} are not on one file system with reflinks any more.`, {
        hint: 'Recover to that moment again, as a new recovery.',
      })
    }
    files += cloned.files
    bytes += cloned.bytes
  }
  job.progress(null)
  return `${files} files, ${formatBytes(bytes)}, all by reflink from the kept base files: nothing was copied`
}

/** What was kept, gone for good. Returns what was removed; what is not ours any more is left. */
export async function dropPristine(pristine: Pristine): Promise<string[]> {
  const removed: string[] = []
  for (const folder of Object.values(pristine)) {
    if (folder !== pristineOf(folder.slice(0, -pristineOf('').length)) || (await whatIsAt(folder)) !== 'ours') continue
    await removeUnfinished(folder)
    removed.push(folder)
  }
  return removed
}
