// The environment for PostgreSQL's own programs, so that they connect to the same server in the same way as we do.
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../shared/rpc/appError'
import type { ResolvedConnection } from '../services'
import { askPassfile, escapePassfileField, passfilePath } from './passfile'

export interface ToolEnvironment {
  env: Record<string, string>
  remove: () => Promise<void>
}

/**
 * `superuser`: the role is known to be one, so that lc_messages may be set. `remove` deletes the passfile and may be called twice.
 * The passfile answers for any host, since it lives only as long as the program and its name is given to no other.
 */
export async function toolEnvironment(
  connection: ResolvedConnection,
  scratch: string,
  superuser: boolean,
): Promise<ToolEnvironment> {
  const { settings } = connection
  const file = join(scratch, `pgpass-${randomUUID()}`)
  const env = {
    PGHOST: settings.host,
    PGPORT: String(settings.port),
    PGUSER: settings.user,
    PGSSLMODE: settings.sslmode,
    ...given('PGSSLROOTCERT', settings.sslrootcert),
    ...given('PGSSLCERT', settings.sslcert),
    ...given('PGSSLKEY', settings.sslkey),
    // The driver has no GSSAPI; the program must not find another way in than the one that was tested.
    PGGSSENCMODE: 'disable',
    PGAPPNAME: 'walkback',
    PGCONNECT_TIMEOUT: '10',
    ...(superuser ? { PGOPTIONS: '-c lc_messages=C' } : {}),
  }
  if (connection.password === null || connection.passwordFrom === 'passfile') {
    return { env: { ...env, PGPASSFILE: ownPassfile(connection) ?? file }, remove: async () => undefined }
  }
  const password = connection.password.reveal()
  if (/[\n\r\0]/.test(password)) {
    throw new AppError('bad_input', 'The password holds a line break, which a passfile for PostgreSQL programs cannot carry.', {
      hint: 'Give the role another password: in psql, \\password.',
    })
  }
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  await writeFile(file, `*:*:*:*:${escapePassfileField(password)}\n`, { mode: 0o600, flag: 'wx' })
  await chmod(file, 0o600)
  return { env: { ...env, PGPASSFILE: file }, remove: () => rm(file, { force: true }) }
}

/** The person's own file where libpq would use it; undefined (a file that isn't there) keeps libpq from complaining of it. */
function ownPassfile(connection: ResolvedConnection): string | undefined {
  const answer = askPassfile(passfilePath(connection.settings.passfile), connection.settings)
  return answer.kind === 'found' || answer.kind === 'no-match' ? answer.file : undefined
}

function given(name: string, value: string): Record<string, string> {
  return value === '' ? {} : { [name]: value }
}
