// Takes a backup out of its library, with those that build on it when that was asked for: each moves to the library's trash.
import { existsSync } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import path from 'node:path'
import { dependentsOf, nameOf } from '../../../shared/model/backupChain'
import { AppError } from '../../../shared/rpc/appError'
import { partialSuffix } from '../../library/backupFolder'
import { recordName } from '../../library/recordFile'
import { scanLibraries, trashName } from '../../library/scanLibrary'
import { moveToTrash } from '../../library/trash'
import type { Services } from '../../services'

export type LibraryNeeds = Pick<Services, 'settings' | 'paths' | 'jobs'>

export function knownLibraries({ settings, paths }: Pick<LibraryNeeds, 'settings' | 'paths'>): string[] {
  return [...new Set([...settings.get().libraries, paths.defaultLibrary].map((library) => path.resolve(library)))]
}

export interface RemoveRequest {
  path: string
  confirm: string
  dependents?: boolean | undefined
}

/** Only what lies in one of our libraries and is a backup, or was to become one. */
export async function removeBackup(
  services: LibraryNeeds,
  request: RemoveRequest,
  signal: AbortSignal,
): Promise<{ movedTo: string; also: string[] }> {
  const backup = requireAbsolute(request.path)
  if (request.confirm !== path.basename(backup)) {
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
  const dependents = await dependentsIn(services, backup, signal)
  if (dependents.length > 0 && request.dependents !== true) {
    const names = dependents.map(nameOf)
    const count = names.length === 1 ? '1 incremental backup builds' : `${names.length} incremental backups build`
    throw new AppError('conflict', `${count} on this one and can't be restored without it: ${names.join(', ')}.`, {
      hint: 'Remove the whole chain, or combine it into a full backup first.',
      details: { dependents: dependents.map((each) => each.path) },
    })
  }
  for (const each of [backup, ...dependents.map((found) => found.path)]) refuseBusy(services, each)
  const also: string[] = []
  // From the chain's end on: whatever stops it midway leaves a chain that is shorter and whole.
  for (const each of dependents.toReversed()) also.push(await moveToTrash(each.path, await libraryOf(services, each.path)))
  return { movedTo: await moveToTrash(backup, library), also }
}

async function dependentsIn(services: LibraryNeeds, backup: string, signal: AbortSignal) {
  const { backups } = await scanLibraries(knownLibraries(services), signal)
  const entry = backups.find((found) => found.path === backup)
  return entry ? dependentsOf(entry, backups) : []
}

export function refuseBusy(services: Pick<LibraryNeeds, 'jobs'>, backup: string): void {
  const busy = services.jobs
    .running()
    .find(
      (job) => touches(job.input, backup) || job.outputs.some((output) => output.partial === backup || output.final === backup),
    )
  if (!busy) return
  throw new AppError('conflict', `The job "${busy.title}" is working on this backup.`, {
    hint: 'Wait until it has ended, or cancel it on the Jobs page.',
    details: { jobId: busy.id },
  })
}

/** A verify or restore names the folder, or something inside it, somewhere in its request. */
function touches(input: unknown, folder: string): boolean {
  if (typeof input === 'string') return input === folder || input.startsWith(folder + path.sep)
  if (typeof input !== 'object' || input === null) return false
  return Object.values(input).some((value) => touches(value, folder))
}

/** `levels` below the library at most. Throws AppError not_found or permission. */
export async function libraryOf(services: Pick<LibraryNeeds, 'settings' | 'paths'>, backup: string, levels = 2): Promise<string> {
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
    if (within && parts.length <= levels && parts[0] !== trashName) return library
  }
  throw new AppError('permission', `${backup} is in none of the libraries.`, {
    hint: 'Walkback removes backups from its libraries only. Add the folder in Settings, or remove it yourself.',
  })
}

export function requireAbsolute(folder: string): string {
  if (path.isAbsolute(folder) && !folder.includes('\0')) return path.resolve(folder)
  throw new AppError('bad_input', `${JSON.stringify(folder)} is not an absolute path.`, { hint: 'Write it from the root on.' })
}
