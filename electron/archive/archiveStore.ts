// archives.json: the WAL archives that Walkback knows, on disk, written whole and then renamed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type WalArchive, walArchive } from '../../shared/model/walArchive'
import { AppError } from '../../shared/rpc/appError'
import { writeDurably } from '../durableFile'
import { errorCode, fromSystemError } from '../process/systemError'

const archivesFile = z.object({ version: z.literal(1), archives: z.array(walArchive) })

export interface ArchiveStore {
  list(): WalArchive[]
  /** Throws AppError not_found. */
  get(id: string): WalArchive
  /** Adds it, or replaces the one of that id. Throws AppError conflict when another archive has the folder. */
  put(archive: WalArchive): WalArchive
  /** Forgets it; its files stay. */
  remove(id: string): void
}

/** Throws AppError for a file that is there but can't be understood: it is never replaced by an empty one. */
export function openArchives(dataFolder: string): ArchiveStore {
  const file = join(dataFolder, 'archives.json')
  let archives = readArchives(file)
  const save = (next: WalArchive[]) => {
    try {
      writeDurably(file, `${JSON.stringify({ version: 1, archives: next }, null, 2)}\n`)
    } catch (error) {
      throw fromSystemError(error, `save the WAL archives in ${file}`) ?? error
    }
    archives = next
  }
  return {
    list: () => structuredClone(archives),
    get(id) {
      const found = archives.find((archive) => archive.id === id)
      if (found) return structuredClone(found)
      throw new AppError('not_found', 'That WAL archive is not known any more.', { hint: 'Look at the list of archives again.' })
    },
    put(archive) {
      const checked = walArchive.parse(archive)
      const other = archives.find(({ id, folder }) => folder === checked.folder && id !== checked.id)
      if (other) {
        throw new AppError('conflict', `${checked.folder} is the archive of ${other.label} already.`, {
          hint: 'Two servers never share an archive. Choose another folder, or forget that archive first.',
        })
      }
      save([...archives.filter(({ id }) => id !== checked.id), checked])
      return structuredClone(checked)
    },
    remove(id) {
      save(archives.filter((archive) => archive.id !== id))
    },
  }
}

function readArchives(file: string): WalArchive[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
  try {
    return archivesFile.parse(JSON.parse(text)).archives
  } catch (error) {
    throw new AppError('internal', `The saved WAL archives in ${file} can't be read.`, {
      hint: 'Move the file away to start with none, or restore it from a backup of the folder.',
      cause: error,
    })
  }
}
