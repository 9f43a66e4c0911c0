// Combines the chain of an incremental backup into the unfinished folders of a recovery, in place of a copy, and has the result
// verified before anything else is done with it.
import { copyFile, readdir, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { explainCombineFailure } from '../../library/combineMessages'
import { syncFolder } from '../../library/durability'
import { folderBytes, watchFolderSize } from '../../library/watchFolderSize'
import type { OsAccount } from '../../process/processTypes'
import { fromSystemError } from '../../process/systemError'
import { copyBackup } from './copyBackup'
import { openPlace, own, type Place } from './destination'
import { leftFiles } from './listBackup'
import type { ChainPlan } from './planChain'
import type { RecoveryPlan } from './planRecovery'
import { verifyCombined } from './verifySource'

type JobStep = Readonly<{ id: string; label: string }>

/** The steps of a recovery; a chain is combined, and the result verified, where a full backup is copied. */
export function withCombine(steps: readonly JobStep[], chained: boolean): JobStep[] {
  if (!chained) return [...steps]
  return steps.flatMap((step): JobStep[] =>
    step.id !== 'copy'
      ? [step]
      : [
          { id: 'combine', label: 'Combine' },
          { id: 'proof', label: 'Verify the result' },
        ],
  )
}

/** Throws AppError; the unfinished folders stay with their mark. The backups of the chain are only read. */
export async function combineInto(job: JobContext, plan: RecoveryPlan, chain: ChainPlan): Promise<void> {
  const { data, spaces, account } = plan
  job.step('combine')
  for (const place of [data, ...spaces]) await openPlace(place, account)
  const began = Date.now()
  if (chain.copyOfLast !== null) await copyLast(job, chain, chain.copyOfLast)
  await runProgram(job, chain)
  const bytes = await written(chain)
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  job.endStep('combine', 'done', `${chain.links.length} backups into ${formatBytes(bytes)}, ${seconds} s`)
  job.step('proof')
  if (chain.verifier) job.endStep('proof', 'done', await verifyCombined(job, chain.verifier, chain.output))
  else job.endStep('proof', 'skipped', 'there is no pg_verifybackup here')
  await takeOver(plan, chain)
}

/** Compared with its manifest on the way. Its tablespaces stay where they are. */
async function copyLast(job: JobContext, { last, spaces }: ChainPlan, folder: string): Promise<void> {
  const { files, folders } = last.listing
  const inside = {
    ...last.listing,
    files: files.filter(({ place }) => place === 'data'),
    folders: folders.filter(({ place }) => place === 'data'),
  }
  await copyBackup(inside, new Map([['data', folder]]), {
    ...{ account: null, signal: job.signal },
    onBytes: (_bytes, label) => job.progress({ done: 0, total: null, unit: 'bytes', label: `${last.name}: ${label}` }),
  })
  if (last.backup.manifest) {
    await copyFile(path.join(last.backup.data, 'backup_manifest'), path.join(folder, 'backup_manifest'))
  }
  for (const { oid, from } of spaces) await symlink(from, path.join(folder, 'pg_tblspc', oid))
  job.log(
    `${last.name} is read from a copy in ${folder}, whose links to its tablespaces are absolute, as pg_combinebackup wants.`,
  )
}

async function runProgram(job: JobContext, chain: ChainPlan): Promise<void> {
  const { tool, command, output, spaces, bytes } = chain
  if (!tool || !command) throw new AppError('internal', 'There is no pg_combinebackup command.')
  const sizes = new Map<string, number>()
  const stops = [output, ...spaces.map(({ to }) => to)].map((folder) =>
    watchFolderSize(folder, (size) => {
      sizes.set(folder, size)
      const done = [...sizes.values()].reduce((sum, one) => sum + one, 0)
      job.progress({ done, total: Math.max(Number(bytes), done), unit: 'bytes', label: 'written so far' })
    }),
  )
  const errors: string[] = []
  let exit: Awaited<ReturnType<JobContext['run']>>
  try {
    exit = await job.run({
      ...{ file: tool.path, argv: command.argv },
      onStderr: (line) => {
        if (/(error|fatal|detail|hint): /.test(line) && errors.length < 200) errors.push(line)
      },
    })
  } finally {
    for (const stop of stops) await stop()
  }
  job.progress(null)
  if (exit.cancelled) throw new AppError('cancelled', 'pg_combinebackup was cancelled.')
  if (exit.code !== 0) {
    const program = `pg_combinebackup ${formatPgVersion(tool.version)}`
    throw explainCombineFailure(program, exit, [...errors, ...exit.stderrTail])
  }
}

async function written({ output, spaces }: ChainPlan): Promise<number> {
  let bytes = 0
  for (const folder of [output, ...spaces.map(({ to }) => to)]) bytes += await folderBytes(folder)
  return bytes
}

/** One level up, the account's own, without what must not be there. */
async function takeOver({ data, spaces, account }: RecoveryPlan, chain: ChainPlan): Promise<void> {
  try {
    if (chain.copyOfLast !== null) await rm(chain.copyOfLast, { recursive: true })
    await moveUp(chain.output, data, account)
    for (const { oid, to } of chain.spaces) {
      const place = spaces.find(({ name }) => name === oid)
      if (place) await moveUp(to, place, account)
    }
    // The links to its tablespaces, which lead to where pg_combinebackup wrote, are made anew with the settings.
    for (const name of Object.keys(leftFiles)) await rm(path.join(data.partial, name), { force: true })
    await syncFolder(data.partial)
  } catch (error) {
    throw fromSystemError(error, `take over ${chain.output}`) ?? error
  }
}

async function moveUp(from: string, { partial }: Place, account: OsAccount | null): Promise<void> {
  await ownAll(from, account)
  for (const name of await readdir(from)) await rename(path.join(from, name), path.join(partial, name))
  await rm(from, { recursive: true })
  await syncFolder(partial)
}

/** Links are skipped: they go. */
async function ownAll(folder: string, account: OsAccount | null): Promise<void> {
  if (!account) return
  await own(folder, account)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name)
    if (entry.isDirectory()) await ownAll(at, account)
    else if (entry.isFile()) await own(at, account)
  }
}
