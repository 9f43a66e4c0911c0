// Where connections can be taken from on this machine: services, the passfile, sockets.
import type { z } from 'zod'
import type { connections } from '../../../shared/contracts/connections'
import { type ConnectionSettings, sslModes } from '../../../shared/model/connection'
import { askPassfile, passfilePath } from '../../postgres/passfile'
import { listServices, type Service } from '../../postgres/serviceFile'
import { listSockets } from '../../postgres/socketFolders'

type Sources = z.input<typeof connections.methods.sources.output>

export function readSources(): Sources {
  const path = passfilePath('')
  // Asked for a line that can't be there: only whether the file would be used matters here.
  const answer = askPassfile(path, { host: '\n', port: 1, database: '\n', user: '\n' })
  return {
    services: listServices().map((service) => ({ name: service.name, file: service.file, settings: serviceSettings(service) })),
    passfile: {
      path,
      exists: answer.kind !== 'absent',
      problem: answer.kind === 'ignored' ? `${path} ${answer.reason}. ${answer.fix}` : '',
    },
    sockets: listSockets(),
  }
}

/** The password of a section stays where it is. */
function serviceSettings({ values }: Service): Partial<ConnectionSettings> {
  const port = Number(values.port)
  const sslmode = sslModes.find((mode) => mode === values.sslmode)
  return {
    ...text('host', values.host ?? values.hostaddr),
    ...(Number.isInteger(port) && port >= 1 && port <= 65535 ? { port } : {}),
    ...text('database', values.dbname),
    ...text('user', values.user),
    ...(sslmode ? { sslmode } : {}),
    ...text('sslrootcert', values.sslrootcert),
    ...text('sslcert', values.sslcert),
    ...text('sslkey', values.sslkey),
    ...text('passfile', values.passfile),
  }
}

function text(key: keyof ConnectionSettings, value: string | undefined): Partial<ConnectionSettings> {
  return value ? { [key]: value } : {}
}
