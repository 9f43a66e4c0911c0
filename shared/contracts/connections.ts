// connections: the servers a person works with, how to reach them, and what a server says of itself.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { connectionColours, connectionSettings, savedConnection } from '../model/connection'
import { call, contract } from '../rpc/contract'

export const connectionRef = z.object({ connectionId: z.string().min(1).max(100) })
export const databaseRef = connectionRef.extend({ database: z.string().min(1).max(4096) })

/** The password goes in and never comes out. `keep`: what is stored for the id, else .pgpass. */
export const passwordInput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('keep') }),
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('set'), password: z.string().min(1).max(10_000), remember: z.boolean() }),
])

/** Each name is one thing that can be wrong, so that each has its own words. */
export const connectFailures = [
  'host',
  'refused',
  'timeout',
  'socket',
  'tls',
  'certificate',
  'password-missing',
  'password-wrong',
  'pg_hba',
  'role',
  'database',
  'too-many',
  'starting',
  'version',
  'service',
  'passfile',
  'other',
] as const

export const roleFacts = z.object({
  name: z.string(),
  superuser: z.boolean(),
  createDatabase: z.boolean(),
  createRole: z.boolean(),
  replication: z.boolean(),
  bypassRls: z.boolean(),
  readServerFiles: z.boolean(),
  writeServerFiles: z.boolean(),
  executeServerProgram: z.boolean(),
})

export const serverFacts = z.object({
  /** server_version_num */
  version: z.int(),
  versionText: z.string(),
  /** null where the role may not read it. */
  systemIdentifier: z.string().nullable(),
  dataDirectory: z.string().nullable(),
  encrypted: z.boolean(),
  inRecovery: z.boolean(),
  role: roleFacts,
  roundTripMs: z.number(),
})

export const testResult = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), facts: serverFacts }),
  z.object({
    ok: z.literal(false),
    failure: z.enum(connectFailures),
    /** What happened, in plain words. */
    message: z.string(),
    /** What to do next. */
    hint: z.string(),
    /** The server's or the system's own text. */
    original: z.string(),
  }),
])

export const databaseFacts = z.object({
  name: z.string(),
  size: byteCount.nullable(),
  owner: z.string(),
  encoding: z.string(),
  /** libc, icu or builtin */
  localeProvider: z.string(),
  collate: z.string(),
  ctype: z.string(),
  locale: z.string().nullable(),
  allowsConnections: z.boolean(),
  isTemplate: z.boolean(),
  sessions: z.int(),
})

/** One point of readiness for physical backup. */
export const readinessRow = z.object({
  id: z.string(),
  state: z.enum(['ready', 'check', 'blocked', 'unknown']),
  check: z.string(),
  now: z.string(),
  needed: z.string(),
  howToChange: z.string(),
})

export const serverPage = z.object({
  facts: serverFacts,
  databases: z.array(databaseFacts),
  archiving: z.object({
    mode: z.string(),
    command: z.string(),
    lastArchivedAt: z.string().nullable(),
    lastFailedAt: z.string().nullable(),
  }),
  readiness: z.array(readinessRow),
  startedAt: z.iso.datetime(),
})

export const connections = contract('connections', {
  list: call(z.object({}), z.object({ connections: z.array(savedConnection) })),
  save: call(
    z.object({
      /** null makes a new one. */
      id: z.string().nullable(),
      label: z.string().trim().min(1).max(200),
      colour: z.enum(connectionColours),
      readOnly: z.boolean(),
      settings: connectionSettings,
      password: passwordInput,
    }),
    savedConnection,
  ),
  remove: call(connectionRef, z.object({})),
  test: call(z.object({ id: z.string().nullable(), settings: connectionSettings, password: passwordInput }), testResult),
  /** A postgresql:// URL or a `key=value` string, read into settings; a password in it is not returned, the person is asked to type it. */
  parse: call(
    z.object({ text: z.string().max(20_000) }),
    z.object({ settings: connectionSettings, hasPassword: z.boolean(), ignored: z.array(z.string()) }),
  ),
  /** Sections of pg_service.conf and what each would fill in; and whether a .pgpass was found. */
  sources: call(
    z.object({}),
    z.object({
      services: z.array(z.object({ name: z.string(), file: z.string(), settings: connectionSettings.partial() })),
      passfile: z.object({ path: z.string(), exists: z.boolean(), problem: z.string() }),
      sockets: z.array(z.object({ folder: z.string(), port: z.int() })),
    }),
  ),
  /** Whether a password can be kept between starts here, and if not, why. */
  secretStorage: call(z.object({}), z.object({ canRemember: z.boolean(), reason: z.string() })),
  server: call(connectionRef, serverPage),
  /** Typed confirmation: `confirm` must equal the database's name. */
  dropDatabase: call(databaseRef.extend({ confirm: z.string() }), z.object({})),
})

export type PasswordInput = z.infer<typeof passwordInput>
export type ConnectFailure = (typeof connectFailures)[number]
export type ServerFacts = z.infer<typeof serverFacts>
export type ServerPage = z.infer<typeof serverPage>
export type ReadinessRow = z.infer<typeof readinessRow>
export type DatabaseFacts = z.infer<typeof databaseFacts>
