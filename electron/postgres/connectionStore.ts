// The saved connections: kept on disk without plain passwords, resolved and opened when asked.
import { randomUUID } from 'node:crypto'
import type { SavedConnection } from '../../shared/model/connection'
import { AppError } from '../../shared/rpc/appError'
import { Secret } from '../process/secret'
import type { AppPaths, ConnectionDraft, ConnectionStore, ResolvedConnection, SecretVault } from '../services'
import { type PasswordTarget, readConnections, type StoredConnection, writeConnections } from './connectionFile'
import { openSession } from './openSession'
import { askPassfile, passfilePath } from './passfile'
import { type ResolvedSettings, resolveSettings } from './resolveSettings'
import { toolEnvironment } from './toolEnvironment'

export interface ConnectionStoreOptions {
  paths: Pick<AppPaths, 'data' | 'scratch'>
  vault: SecretVault
}

interface HeldPassword {
  secret: Secret
  target: PasswordTarget
}

/** Reads connections.json; throws AppError when it is there and can't be understood. */
export function createConnectionStore({ paths, vault }: ConnectionStoreOptions): ConnectionStore {
  let stored = readConnections(paths.data)
  /** Passwords that are not kept between starts. */
  const held = new Map<string, HeldPassword>()
  /** Servers and roles seen to be superuser in this run. */
  const superusers = new Set<string>()

  const write = (next: StoredConnection[]) => {
    writeConnections(paths.data, next)
    stored = next
  }
  const put = (connection: StoredConnection) =>
    write(
      stored.some(({ id }) => id === connection.id)
        ? stored.map((other) => (other.id === connection.id ? connection : other))
        : [...stored, connection],
    )
  const find = (id: string): StoredConnection => {
    const connection = stored.find((candidate) => candidate.id === id)
    if (!connection) {
      throw new AppError('not_found', 'This connection does not exist any more.', { hint: 'Choose another server.' })
    }
    return connection
  }
  const show = ({ secret, ...connection }: StoredConnection): SavedConnection => ({
    ...connection,
    password: held.has(connection.id) ? 'memory' : secret && vault.canRemember ? 'encrypted' : 'none',
  })

  /** What is stored for the id, if it was given for exactly this server and role. */
  const savedPassword = async (id: string | null, target: PasswordTarget): Promise<Secret | null> => {
    if (id === null) return null
    const inMemory = held.get(id)
    if (inMemory) return sameTarget(inMemory.target, target) ? inMemory.secret : null
    const secret = stored.find((candidate) => candidate.id === id)?.secret
    if (!secret || !vault.canRemember || !sameTarget(secret.target, target)) return null
    try {
      return await vault.decrypt(secret.text)
    } catch (error) {
      throw new AppError('permission', 'The stored password can no longer be decrypted.', {
        hint: "Enter it again in the connection. The system's keyring was probably changed or is locked.",
        cause: error,
      })
    }
  }

  const save = async (
    draft: ConnectionDraft & Pick<SavedConnection, 'label' | 'colour' | 'readOnly'>,
  ): Promise<SavedConnection> => {
    const before = draft.id === null ? null : find(draft.id)
    refuseSameLabel(stored, draft)
    const { settings } = resolveSettings(draft.settings)
    const target = { host: settings.host, port: settings.port, user: settings.user }
    if (before?.practice && !sameTarget(resolveSettings(before.settings).settings, target)) {
      throw new AppError(
        'conflict',
        `${before.label} belongs to the practice cluster ${before.practice}: its host, port and user stay as they are.`,
        { hint: 'Add a connection of its own for another server.' },
      )
    }
    const id = before?.id ?? randomUUID()
    const kept = draft.password.kind === 'keep'
    let secret = kept && before?.secret && sameTarget(before.secret.target, target) ? before.secret : null
    const inMemory = kept ? held.get(id) : undefined
    let hold = inMemory && sameTarget(inMemory.target, target) ? inMemory : undefined
    if (draft.password.kind === 'set') {
      const password = new Secret(draft.password.password)
      if (draft.password.remember && vault.canRemember) secret = { text: await vault.encrypt(password), target }
      else hold = { secret: password, target }
    }
    const { label, colour, readOnly } = draft
    const next: StoredConnection = {
      id,
      label,
      colour,
      readOnly,
      settings: draft.settings,
      practice: before?.practice ?? null,
      secret,
    }
    put(next)
    if (hold) held.set(id, hold)
    else held.delete(id)
    return show(next)
  }

  return {
    list: () => stored.map(show),
    get: (id) => show(find(id)),
    resolve: async (id) => {
      const connection = find(id)
      const resolved = resolveSettings(connection.settings)
      return withPassword(connection, resolved, await savedPassword(id, resolved.settings))
    },
    resolveDraft: async ({ id, settings, password }) => {
      const resolved = resolveSettings(settings)
      const saved =
        password.kind === 'set'
          ? new Secret(password.password)
          : password.kind === 'keep'
            ? await savedPassword(id, resolved.settings)
            : null
      return withPassword({ id: id ?? '', label: '', readOnly: false }, resolved, saved)
    },
    save,
    remove: (id) => {
      const connection = find(id)
      if (connection.practice) {
        throw new AppError('conflict', `${connection.label} belongs to a practice cluster.`, {
          hint: 'Remove the cluster on the Practice page; the connection goes with it.',
        })
      }
      write(stored.filter((other) => other.id !== id))
      held.delete(id)
    },
    open: async (connection, database, signal) => {
      const session = await openSession(connection, {
        ...(database === undefined ? {} : { database }),
        ...(signal === undefined ? {} : { signal }),
      })
      if (session.superuser) superusers.add(roleKey(connection))
      else superusers.delete(roleKey(connection))
      return session.client
    },
    requireWritable: (id, action) => {
      const connection = find(id)
      if (!connection.readOnly) return
      throw new AppError('permission', `${action} is blocked: ${connection.label} is marked read-only.`, {
        hint: 'Choose another server, or take the mark off in the connection if you are sure.',
      })
    },
    toolEnvironment: (connection) => toolEnvironment(connection, paths.scratch, superusers.has(roleKey(connection))),
    putPractice: (connection) => {
      const before = stored.find(({ id, practice }) => id === connection.id || (practice && practice === connection.practice))
      const others = stored.filter((other) => other !== before)
      write([...others, { ...connection, label: freeLabel(others, connection.label), secret: null }])
    },
    removePractice: (name) => {
      for (const { id, practice } of stored) if (practice === name) held.delete(id)
      write(stored.filter(({ practice }) => practice !== name))
    },
  }
}

function sameTarget(a: PasswordTarget, b: PasswordTarget): boolean {
  return a.host === b.host && a.port === b.port && a.user === b.user
}

function roleKey({ settings }: ResolvedConnection): string {
  return JSON.stringify([settings.host, settings.port, settings.user])
}

/** Two servers of one name in a list is how a restore goes to the wrong one. */
function refuseSameLabel(stored: readonly StoredConnection[], draft: { id: string | null; label: string }): void {
  if (stored.some(({ id, label }) => id !== draft.id && label === draft.label)) {
    throw new AppError('conflict', `There is already a connection named ${draft.label}.`, { hint: 'Give it another name.' })
  }
}

function freeLabel(others: readonly StoredConnection[], label: string): string {
  let free = label
  for (let n = 2; others.some((other) => other.label === free); n += 1) free = `${label} (${n})`
  return free
}

/** In the order of what was said most directly: for this connection, in its service, in a passfile. */
function withPassword(
  about: Pick<ResolvedConnection, 'id' | 'label' | 'readOnly'>,
  { settings, password: fromService }: ResolvedSettings,
  saved: Secret | null,
): ResolvedConnection {
  const connection = { ...about, settings }
  if (saved) return { ...connection, password: saved, passwordFrom: 'saved' }
  if (fromService) return { ...connection, password: fromService, passwordFrom: 'service' }
  const answer = askPassfile(passfilePath(settings.passfile), settings)
  if (answer.kind === 'found') return { ...connection, password: answer.password, passwordFrom: 'passfile' }
  return { ...connection, password: null, passwordFrom: 'none' }
}
