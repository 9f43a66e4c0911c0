// How a server is reached: the settings a person gives, in libpq's own terms, without the password.
import { z } from 'zod'

export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

/**
 * An empty string means "not given": then the service's value counts, then libpq's default.
 * `host` may be a folder (it begins with / or @): a unix socket.
 */
export const connectionSettings = z.object({
  host: z.string().max(4096),
  port: z.union([z.int().min(1).max(65535), z.null()]),
  database: z.string().max(4096),
  user: z.string().max(4096),
  sslmode: z.enum(sslModes),
  sslrootcert: z.string().max(4096),
  sslcert: z.string().max(4096),
  sslkey: z.string().max(4096),
  /** A section of pg_service.conf; its values fill what is empty here, each time a connection is opened. */
  service: z.string().max(4096),
  /** A .pgpass-format file to look the password up in; empty means PGPASSFILE or ~/.pgpass. */
  passfile: z.string().max(4096),
})

export type ConnectionSettings = z.infer<typeof connectionSettings>

export const emptyConnectionSettings: ConnectionSettings = {
  host: '',
  port: null,
  database: '',
  user: '',
  sslmode: 'prefer',
  sslrootcert: '',
  sslcert: '',
  sslkey: '',
  service: '',
  passfile: '',
}

export const connectionColours = ['slate', 'teal', 'green', 'amber', 'rust', 'red', 'violet', 'blue'] as const

/** Where the password is: never the password itself. */
export const passwordPlaces = ['none', 'memory', 'encrypted'] as const

export const savedConnection = z.object({
  id: z.string(),
  label: z.string().min(1).max(200),
  colour: z.enum(connectionColours),
  /** Blocks every restore, import and drop into this server. */
  readOnly: z.boolean(),
  settings: connectionSettings,
  password: z.enum(passwordPlaces),
  /** Set on the connections that belong to a practice cluster, which makes and removes them. */
  practice: z.enum(['main', 'replica']).nullable(),
})

export type SavedConnection = z.infer<typeof savedConnection>
