// Makes the archive's folder for the server's account, and tries in it what the archive command relies on.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, link, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { syncFolder } from '../../../library/durability'
import { errorCode, fromSystemError } from '../../../process/systemError'
import type { FilePlan, FileServices } from './planFile'
import { writeProblemAs } from './preflightFile'

/** Throws AppError. A folder that was made stays: it is empty. */
export async function prepareFolder(
  job: Pick<JobContext, 'log' | 'endStep'>,
  plan: FilePlan,
  services: FileServices,
): Promise<void> {
  const { local, request } = plan
  if (!local) {
    job.endStep('folder', 'skipped', 'on another machine: the check proves it')
    return
  }
  const { folder } = request
  const there = existsSync(folder)
  try {
    if (!there) await makeFolder(folder, local.account)
  } catch (error) {
    throw fromSystemError(error, `make the folder ${folder}`) ?? error
  }
  const problem = await writeProblemAs(plan, services)
  if (problem !== '') {
    throw new AppError('permission', problem, {
      hint: `Give it to that account: chown ${local.account?.name ?? ''} '${folder}', or choose another folder.`,
    })
  }
  await tryLink(folder)
  job.endStep('folder', 'done', there ? 'there, and writable for the server' : 'made for the server’s account')
}

/** As root the folders above can be entered, not listed, by others; the archive itself is the server's account's alone. */
async function makeFolder(folder: string, account: { uid: number; gid: number } | null): Promise<void> {
  const parent = dirname(folder)
  await mkdir(parent, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  await mkdir(folder, { mode: 0o700 })
  if (account && process.getuid?.() === 0) await chown(folder, account.uid, account.gid)
  await syncFolder(parent)
}

async function tryLink(folder: string): Promise<void> {
  const from = join(folder, `.walkback-${randomBytes(6).toString('hex')}.tmp`)
  const to = `${from}.link`
  try {
    await writeFile(from, '', { flag: 'wx' })
    await link(from, to)
  } catch (error) {
    // Where this account may not write, the check after the set-up is the proof.
    if (errorCode(error) === 'EACCES') return
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error)))
      throw fromSystemError(error, `write to ${folder}`) ?? error
    throw new AppError(
      'conflict',
      `The file system of ${folder} has no hard links, which the archive command needs so as never to replace a file.`,
      {
        hint: 'Choose a folder on another file system.',
      },
    )
  } finally {
    await rm(to, { force: true })
    await rm(from, { force: true })
  }
}
