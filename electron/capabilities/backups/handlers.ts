// Answers the calls of the backups contract: the catalog from the libraries' folders, verification, and removal to the trash.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { type backups as backupsContract, type VerifyRequest, verifyRequest } from '../../../shared/contracts/backups'
import { linkProblem } from '../../../shared/model/backupChain'
import { type BackupRecord, type BaseBackupRecord, backupSubject, isPhysical } from '../../../shared/model/backupRecord'
import { holdsItsWal, levelProblem, levelsFor } from '../../../shared/model/verifyLevels'
import type { WalArchive } from '../../../shared/model/walArchive'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { findChain } from '../../library/findChain'
import { freeBytes } from '../../library/freeSpace'
import { readRecord, recordName } from '../../library/recordFile'
import { scanLibraries } from '../../library/scanLibrary'
import type { Services } from '../../services'
import { foreignInput, startForeign } from './adoptBackup'
import { knownLibraries, removeBackup, requireAbsolute } from './removeBackup'
import { type VerifyPlan, verifyBackup, verifyOnCancel, verifySteps } from './verifyBackup'
import { readWindows } from './windows'

type Needs = Pick<Services, 'settings' | 'paths' | 'jobs' | 'tools' | 'spawn' | 'archives'>

export function backupsHandlers(services: Needs): Handlers<typeof backupsContract, AbortSignal> {
  return {
    list: (_input, { signal }) => listBackups(services, signal),
    verify: (request) => startVerify(services, request),
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
    return startVerify(services, verifyRequest.parse(input))
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

async function startVerify(services: Needs, request: VerifyRequest): Promise<{ jobId: string }> {
  const plan = await planVerify(services, request)
  const { folder, record } = plan
  const { id } = services.jobs.start({
    capability: 'backups',
    title: `Verify ${backupSubject(record)}`,
    // The kind tells the page of the job where it is restored.
    input: { ...request, path: folder, kind: record.kind },
    connectionId: null,
    serverLabel: record.source.label,
    steps: verifySteps(plan),
    onCancel: verifyOnCancel,
    // What it builds on gets results of its own.
    locks: [folder, ...plan.chain.parents.map((parent) => parent.folder)].map((path) => `path:${path}`),
    run: (job) => verifyBackup(plan, job, services),
  })
  return { jobId: id }
}

async function planVerify(services: Needs, { path: place, levels: asked, archiveId }: VerifyRequest): Promise<VerifyPlan> {
  const folder = requireAbsolute(place)
  const record = await readRecord(folder)
  refusePartOfSet(folder)
  const archives = chooseArchives(services, record, archiveId)
  const possible = levelsFor(record)
  const withWal = holdsItsWal(record) || archives.length > 0
  for (const level of asked ?? []) {
    const problem = levelProblem(record, level)
    if (problem === '' && (level !== 'wal' || withWal)) continue
    throw new AppError('bad_input', problem || 'This backup does not hold its WAL, and no archive of its cluster is known.', {
      hint: problem
        ? `Choose from ${possible.join(', ')}.`
        : 'Add the folder that its WAL is archived into on the page of WAL archives, then verify again.',
    })
  }
  const levels = possible.filter((level) => (asked ? asked.includes(level) : level !== 'wal' || withWal))
  const chain =
    record.kind === 'base-backup' && levels.includes('manifest')
      ? await parentsOf(services, folder, record)
      : { parents: [], problem: '' }
  return { folder, record, levels, archives, chain }
}

async function parentsOf(services: Needs, folder: string, record: BaseBackupRecord): Promise<VerifyPlan['chain']> {
  const { links, problem } = await findChain(knownLibraries(services), folder, record)
  // One that does not fit is shown in its place elsewhere, and is not what this backup builds on.
  const parents = links.filter((link, at) => {
    const child = links[at + 1]
    return child !== undefined && linkProblem(child, link) === ''
  })
  return { parents: parents.map((parent) => ({ folder: parent.path, record: parent.record })), problem }
}

/** The one that was chosen, or every known one of the same cluster whose folder is there. */
function chooseArchives({ archives }: Needs, record: BackupRecord, chosen?: string): WalArchive[] {
  if (!isPhysical(record)) return []
  const { systemIdentifier } = record.source
  if (chosen === undefined) {
    return archives
      .list()
      .filter((each) => each.systemIdentifier !== null && each.systemIdentifier === systemIdentifier && existsSync(each.folder))
  }
  const archive = archives.get(chosen)
  if (archive.systemIdentifier === null || systemIdentifier === null || archive.systemIdentifier === systemIdentifier)
    return [archive]
  throw new AppError(
    'bad_input',
    `${archive.label} is the archive of the cluster ${archive.systemIdentifier}, and this backup is of ${systemIdentifier}.`,
    { hint: 'WAL of another cluster can never be replayed on it. Choose the archive of the same cluster.' },
  )
}

/** The set's record holds the checksum of each of its databases' records: a check is written into the set's own. */
function refusePartOfSet(backup: string): void {
  const set = path.dirname(path.dirname(backup))
  if (!existsSync(path.join(set, recordName))) return
  throw new AppError('bad_input', `${backup} is part of a set.`, { hint: `Verify the set: ${set}` })
}
