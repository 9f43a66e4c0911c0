// Answers the calls of the backups contract: the catalog from the libraries' folders, verification, and removal to the trash.
import { existsSync } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import path from 'node:path'
import { backupRef, type backups as backupsContract } from '../../../shared/contracts/backups'
import { backupSubject, isPhysical } from '../../../shared/model/backupRecord'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { partialSuffix } from '../../library/backupFolder'
import { freeBytes } from '../../library/freeSpace'
import { readRecord, recordName } from '../../library/recordFile'
import { newestFirst, scanLibrary, trashName } from '../../library/scanLibrary'
import { moveToTrash } from '../../library/trash'
import type { Services } from '../../services'
import { verifyBackup, verifyOnCancel, verifySteps } from './verifyBackup'

type Needs = Pick<Services, 'settings' | 'paths' | 'jobs' | 'tools'>

export function backupsHandlers(services: Needs): Handlers<typeof backupsContract, AbortSignal> {
  return {
    list: (_input, { signal }) => listBackups(services, signal),
    verify: ({ path: folder }) => startVerify(services, folder),
    remove: ({ path: folder, confirm }) => removeBackup(services, folder, confirm),
  }
}

/** For "run again": the stored request, checked like a new one. */
export function restartVerify(services: Needs): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startVerify(services, backupRef.parse(input).path)
}

function knownLibraries({ settings, paths }: Needs): string[] {
  return [...new Set([...settings.get().libraries, paths.defaultLibrary].map((library) => path.resolve(library)))]
}

async function listBackups(services: Needs, signal: AbortSignal) {
  const libraries = knownLibraries(services)
  const scans = await Promise.all(libraries.map((library) => scanLibrary(library, signal)))
  const ours = new Set(services.jobs.running().flatMap((job) => job.outputs.map((output) => output.partial)))
  return {
    backups: scans
      .flatMap((scan) => scan.backups)
      .filter((found, index, all) => all.findIndex((other) => other.path === found.path) === index)
      .toSorted(newestFirst),
    oddities: scans.flatMap((scan) => scan.oddities).filter((oddity) => !ours.has(oddity.path)),
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
  // Its files are listed by its manifest: compared as a dump's are, a whole one would be called damaged.
  if (isPhysical(record)) {
    throw new AppError('bad_input', `${backup} is a copy of a cluster's files, which is not verified again from here yet.`, {
      hint: 'It was checked when it was taken; pg_verifybackup checks its data folder again.',
    })
  }
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

/** Only what lies in one of our libraries and is a backup, or was to become one. */
async function removeBackup(services: Needs, folder: string, confirm: string): Promise<{ movedTo: string }> {
  const backup = requireAbsolute(folder)
  if (confirm !== path.basename(backup)) {
    throw new AppError('bad_input', `The typed name is not the folder's: ${path.basename(backup)}.`, {
      hint: 'Type the name of the folder exactly as it is shown.',
    })
  }
  const library = await libraryOf(services, backup)
  const info = await lstat(backup)
  const isBackup = info.isDirectory() && (backup.endsWith(partialSuffix) || existsSync(path.join(backup, recordName)))
  if (!isBackup) {
    throw new AppError('bad_input', `${backup} is neither a backup nor an unfinished one.`, {
      hint: 'Walkback removes nothing else.',
    })
  }
  const busy = services.jobs
    .running()
    .find(
      (job) => touches(job.input, backup) || job.outputs.some((output) => output.partial === backup || output.final === backup),
    )
  if (busy) {
    throw new AppError('conflict', `The job "${busy.title}" is working on this backup.`, {
      hint: 'Wait until it has ended, or cancel it on the Jobs page.',
      details: { jobId: busy.id },
    })
  }
  return { movedTo: await moveToTrash(backup, library) }
}

/** A verify or restore names the folder, or something inside it, somewhere in its request. */
function touches(input: unknown, folder: string): boolean {
  if (typeof input === 'string') return input === folder || input.startsWith(folder + path.sep)
  if (typeof input !== 'object' || input === null) return false
  return Object.values(input).some((value) => touches(value, folder))
}

async function libraryOf(services: Needs, backup: string): Promise<string> {
  if (!existsSync(backup)) {
    throw new AppError('not_found', `${backup} is not there any more.`, { hint: 'Look at the catalog again.' })
  }
  // Links are followed before comparing, so that a path can't lead out of the library by one.
  const real = await realpath(backup)
  for (const library of knownLibraries(services)) {
    if (!existsSync(library)) continue
    const inside = path.relative(await realpath(library), real)
    const parts = inside.split(path.sep)
    const within = inside !== '' && parts[0] !== '..' && !path.isAbsolute(inside)
    if (within && parts.length <= 2 && parts[0] !== trashName) return library
  }
  throw new AppError('permission', `${backup} is in none of the libraries.`, {
    hint: 'Walkback removes backups from its libraries only. Add the folder in Settings, or remove it yourself.',
  })
}

function requireAbsolute(folder: string): string {
  if (path.isAbsolute(folder) && !folder.includes('\0')) return path.resolve(folder)
  throw new AppError('bad_input', `${JSON.stringify(folder)} is not an absolute path.`, { hint: 'Write it from the root on.' })
}
