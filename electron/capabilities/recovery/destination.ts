// Where a backup is deployed: the folders unfinished and finished, the account that owns them, and the cluster that was there.
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../../shared/rpc/appError'
import { partialSuffix } from '../../library/backupFolder'
import { syncFolder } from '../../library/durability'
import type { OsAccount } from '../../process/processTypes'
import { errorCode, fromSystemError } from '../../process/systemError'
import type { PlaceName } from './listBackup'

export interface Place {
  name: PlaceName
  final: string
  partial: string
}

export function placeAt(name: PlaceName, final: string): Place {
  return { name, final, partial: final + partialSuffix }
}

/** In each unfinished folder: what is left of a recovery that was interrupted may be removed by the next one. */
export const unfinishedMark = 'walkback-unfinished'
const markText = 'An unfinished copy of a backup, made by Walkback. No server may be started in it.\n'

export type Held = 'absent' | 'empty' | 'ours' | 'something'

/** What is at a path: nothing, an empty folder, an unfinished one of ours, or something else. Throws the system's errors. */
export async function whatIsAt(folder: string): Promise<Held> {
  try {
    const names = await readdir(folder)
    if (names.length === 0) return 'empty'
    if (!names.includes(unfinishedMark)) return 'something'
    const text = await readFile(path.join(folder, unfinishedMark), 'utf8')
    // Alone it may be cut short: the application was killed while it wrote it.
    const whole = text === markText || (names.length === 1 && markText.startsWith(text))
    return whole ? 'ours' : 'something'
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent'
    if (errorCode(error) === 'ENOTDIR') return 'something'
    throw error
  }
}

/** Makes the unfinished folder, 0700 and the account's own; what is left of an unfinished one of ours is removed first. Throws AppError. */
export async function openPlace(place: Place, account: OsAccount | null): Promise<void> {
  try {
    await clearUnfinished(place.partial)
    // Those on the way stay open for the account to pass through.
    await mkdir(path.dirname(place.partial), { recursive: true, mode: 0o755 })
    await mkdir(place.partial, { mode: 0o700 })
    await own(place.partial, account)
    await mark(place.partial, account)
    await syncFolder(path.dirname(place.partial))
  } catch (error) {
    throw fromSystemError(error, `create the folder ${place.partial}`) ?? error
  }
}

/** Removes what an interrupted recovery of ours left at a path; anything else stays. Throws the system's errors. */
export async function clearUnfinished(folder: string): Promise<void> {
  const held = await whatIsAt(folder)
  if (held === 'ours') await removeUnfinished(folder)
  // Made and not yet marked, or emptied and not yet removed, when the application was killed. rmdir takes empty ones only.
  if (held === 'empty') await rmdir(folder)
}

/** The mark goes last: what is left of a removal that was interrupted has to be known as ours, too. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name !== unfinishedMark) await rm(path.join(folder, name), { recursive: true })
  }
  await rm(folder, { recursive: true })
}

export async function own(file: string, account: OsAccount | null): Promise<void> {
  if (account) await chown(file, account.uid, account.gid)
}

async function mark(folder: string, account: OsAccount | null): Promise<void> {
  const file = path.join(folder, unfinishedMark)
  await writeFile(file, markText, { mode: 0o600 })
  await own(file, account)
}

/** Gives it the final name; an empty folder there makes room. `named` is called as soon as it has it, whatever comes after. */
export async function finishPlace(place: Place, named: () => void): Promise<void> {
  try {
    // rename replaces an empty folder, and fails for one that holds something. The mark goes after it, and at once: an
    // unfinished name without its mark would be taken for somebody else's, should the application be killed in between.
    await rename(place.partial, place.final)
    named()
    await rm(path.join(place.final, unfinishedMark))
    await chmod(place.final, 0o700)
    await syncFolder(path.dirname(place.final))
  } catch (error) {
    throw fromSystemError(error, `give ${place.partial} its name ${place.final}`) ?? error
  }
}

/** Back to the name of something unfinished. */
export async function unfinishPlace(place: Place, account: OsAccount | null): Promise<void> {
  if (!existsSync(place.final) || existsSync(place.partial)) return
  await mark(place.final, account)
  await rename(place.final, place.partial)
  await syncFolder(path.dirname(place.final))
}

/** `main.before-2026-11-26T230512Z`, beside it; with a number when that is taken. */
export function keptName(dataDirectory: string, at: Date): string {
  const time = `${at.toISOString().slice(0, 19).replaceAll(':', '')}Z`
  for (let count = 1; ; count += 1) {
    const name = `${dataDirectory}.before-${time}${count === 1 ? '' : `-${count}`}`
    if (!existsSync(name)) return name
  }
}

/** Whose kept name it is; null for what is none. */
export function keptOf(name: string): string | null {
  return /^(.+)\.before-\d{4}-\d\d-\d\dT\d{6}Z(?:-\d+)?$/.exec(name)?.[1] ?? null
}

/** Throws AppError when it can't be renamed: a mount point, say. `renamed` is called as soon as it is. */
export async function setAside(dataDirectory: string, kept: string, renamed: () => void): Promise<void> {
  try {
    await rename(dataDirectory, kept)
    renamed()
    await syncFolder(path.dirname(kept))
  } catch (error) {
    throw fromSystemError(error, `rename ${dataDirectory} to ${kept}`) ?? error
  }
}

/** What is mounted can't be renamed; by its device a folder of the same file system that is bound there does not show. */
export async function isMountPoint(folder: string): Promise<boolean> {
  if ((await stat(folder)).dev !== (await stat(path.dirname(folder))).dev) return true
  if (process.platform !== 'linux') return false
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  return mounts.split('\n').some((line) => unescaped(line.split(' ')[4] ?? '') === folder)
}

/** Blanks and the like are octal there. Source: Linux, show_mountinfo. */
function unescaped(word: string): string {
  return word.replaceAll(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

/** A folder that is free for the tablespaces of a cluster: `<data directory>.tablespaces`, with a number when it is taken. */
export async function tablespacesFolder(dataDirectory: string): Promise<string> {
  for (let count = 1; ; count += 1) {
    const folder = `${dataDirectory}.tablespaces${count === 1 ? '' : `-${count}`}`
    const held = await whatIsAt(folder)
    if (held === 'absent' || held === 'empty') return folder
    if (await onlyUnfinished(folder)) return folder
  }
}

async function onlyUnfinished(folder: string): Promise<boolean> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(partialSuffix) || (await whatIsAt(path.join(folder, name))) !== 'ours') return false
  }
  return true
}

export function conflictAt(folder: string, held: Held): AppError | null {
  if (held !== 'something') return null
  return new AppError('conflict', `${folder} is there and not empty.`, {
    hint: 'Choose a folder that does not exist yet, or an empty one. Walkback never writes into something that is there.',
  })
}
