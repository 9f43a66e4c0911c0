// Answers the calls of the backups contract: the catalog from the libraries' folders, verification, and removal to the trash.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { backupRef, type backups as backupsContract } from '../../../shared/contracts/backups'
import { backupSubject } from '../../../shared/model/backupRecord'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { freeBytes } from '../../library/freeSpace'
import { readRecord, recordName } from '../../library/recordFile'
import { scanLibraries } from '../../library/scanLibrary'
import type { Services } from '../../services'
import { foreignInput, startForeign } from './adoptBackup'
import { knownLibraries, removeBackup, requireAbsolute } from './removeBackup'
import { verifyBackup, verifyOnCancel, verifySteps } from './verifyBackup'
import { readWindows } from './windows'

type Needs = Pick<Services, 'settings' | 'paths' | 'jobs' | 'tools' | 'spawn' | 'archives'>

export function backupsHandlers(services: Needs): Handlers<typeof backupsContract, AbortSignal> {
  return {
    list: (_input, { signal }) => listBackups(services, signal),
    verify: ({ path: folder }) => startVerify(services, folder),
    windows: async (_input, { signal }) => {
      const { backups } = await scanLibraries(knownLibraries(services), signal)
      return { windows: await readWindows(services, backups, signal) }
    },
    adopt: (request) => startForeign(services, request.path, { server: request.server, label: request.label }),
    verifyForeign: (request) => startForeign(services, request.path, null),
    remove: (request, { signal }) => removeBackup(services, request, signal),
  }
}

/** For "run again": the stored request, checked like a new one. */
export function restartVerify(services: Needs): (input: unknown) => Promise<{ jobId: string }> {
  return async (input) => {
    const foreign = foreignInput.safeParse(input)
    if (foreign.success) return startForeign(services, foreign.data.foreign, foreign.data.keep)
    return startVerify(services, backupRef.parse(input).path)
  }
}

/** What is foreign is looked for that long in each library; Walkback's own backups are always all found. */
const foreignFor = 4000

async function listBackups(services: Needs, signal: AbortSignal) {
  const libraries = knownLibraries(services)
  const { backups, foreign, oddities } = await scanLibraries(libraries, signal, { foreignFor })
  const ours = new Set(services.jobs.running().flatMap((job) => job.outputs.map((output) => output.partial)))
  return {
    backups,
    foreign,
    oddities: oddities.filter((oddity) => !ours.has(oddity.path)),
    libraries: await Promise.all(
      libraries.map(async (library) => ({
        path: library,
        exists: existsSync(library),
        freeBytes: (await freeBytes(library))?.toString() ?? null,
      })),
    ),
  }
}

async function startVerify(services: Needs, folder: string): Promise<{ jobId: string }> {
  const backup = requireAbsolute(folder)
  const record = await readRecord(backup)
  refusePartOfSet(backup)
  const { id } = services.jobs.start({
    capability: 'backups',
    title: `Verify ${backupSubject(record)}`,
    input: { path: backup },
    connectionId: null,
    serverLabel: record.source.label,
    steps: verifySteps,
    onCancel: verifyOnCancel,
    locks: [`path:${backup}`],
    run: (job) => verifyBackup(backup, job, services),
  })
  return { jobId: id }
}

/** The set's record holds the checksum of each of its databases' records: a check is written into the set's own. */
function refusePartOfSet(backup: string): void {
  const set = path.dirname(path.dirname(backup))
  if (!existsSync(path.join(set, recordName))) return
  throw new AppError('bad_input', `${backup} is part of a set.`, { hint: `Verify the set: ${set}` })
}
