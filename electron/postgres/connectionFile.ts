// connections.json: the saved connections on disk, readable by their owner only, written whole and then renamed.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { savedConnection } from '../../shared/model/connection'
import { AppError } from '../../shared/rpc/appError'
import { writeDurably } from '../durableFile'

/** The server and role a password belongs to, as they were resolved when it was given. */
export const passwordTarget = z.object({ host: z.string(), port: z.int(), user: z.string() })

const storedConnection = savedConnection.omit({ password: true }).extend({
  /** The password, encrypted by the vault; never plain. */
  secret: z.object({ text: z.string(), target: passwordTarget }).nullable(),
})

const connectionsFile = z.object({ version: z.literal(1), connections: z.array(storedConnection) })

export type StoredConnection = z.infer<typeof storedConnection>
export type PasswordTarget = z.infer<typeof passwordTarget>

/** Throws AppError for a file that is there but can't be understood: it is never replaced by an empty one. */
export function readConnections(dataFolder: string): StoredConnection[] {
  const file = join(dataFolder, 'connections.json')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  try {
    return connectionsFile.parse(JSON.parse(text)).connections
  } catch (error) {
    throw new AppError('internal', `The saved connections in ${file} can't be read.`, {
      hint: 'Move the file away to start with none, or restore it from a backup of the folder.',
      cause: error,
    })
  }
}

export function writeConnections(dataFolder: string, connections: readonly StoredConnection[]): void {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  writeDurably(join(dataFolder, 'connections.json'), `${JSON.stringify({ version: 1, connections }, null, 2)}\n`)
}
