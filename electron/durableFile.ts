// Writes small files so that a crash at any moment leaves the old text or the new one, never half of it.
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

function temporaryName(file: string): string {
  return `${file}.${randomBytes(4).toString('hex')}.tmp`
}

/** On disk when it returns; mode 0600. */
export function writeDurably(file: string, text: string): void {
  const temporary = temporaryName(file)
  try {
    const fd = openSync(temporary, 'wx', 0o600)
    try {
      writeFileSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolder(dirname(file))
}

/**
 * The same without holding up everything else while the disk is busy. `stillWanted` is asked right before the rename:
 * text that was overtaken by a later write must not replace it.
 */
export async function writeDurablyLater(file: string, text: string, stillWanted: () => boolean): Promise<void> {
  const temporary = temporaryName(file)
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // Synchronous, so that no other write can come between the question and the rename.
    if (stillWanted()) renameSync(temporary, file)
    else await rm(temporary, { force: true })
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Makes a new name last; Windows can't open folders and needs no such thing. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Moves a file that can't be read out of the way, keeping it; returns its new name. */
export async function setAside(file: string): Promise<string> {
  const aside = `${file}.broken-${new Date().toISOString().replace(/[:.]/g, '')}`
  await rename(file, aside)
  return aside
}
