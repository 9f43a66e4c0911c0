// host: the machine the core runs on: its installations, its folders, the settings.
import { availableParallelism, hostname, userInfo } from 'node:os'
import { isAbsolute } from 'node:path'
import type { host, Settings } from '../../../shared/contracts/host'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import type { Services } from '../../services'
import { listFolder, makeFolder } from './listFolder'

export type HostServices = Pick<Services, 'host' | 'paths' | 'settings' | 'tools'>

export function hostHandlers(services: HostServices): Handlers<typeof host, AbortSignal> {
  return {
    info: async () => ({
      version: services.host.version,
      host: services.host.kind,
      platform: process.platform,
      hostname: hostname(),
      account: userInfo().username,
      cores: availableParallelism(),
      dataFolder: services.paths.data,
      timeZone: describeTimeZone(new Date()),
    }),
    installations: async ({ refresh }) => ({ installations: await services.tools.installations(refresh) }),
    settings: async () => services.settings.get(),
    saveSettings: async (wanted) => {
      requireAbsolutePaths(wanted)
      return services.settings.save(wanted)
    },
    folder: ({ path }, { signal }) => listFolder(path, signal),
    makeFolder: async ({ parent, name }) => ({ path: await makeFolder(parent, name) }),
  }
}

/** "UTC+01:00 (Europe/Berlin)", as it is at that moment. */
export function describeTimeZone(at: Date): string {
  const minutes = -at.getTimezoneOffset()
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`
  return `UTC${offset} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`
}

function requireAbsolutePaths(wanted: Settings): void {
  const relative = [...wanted.libraries, ...wanted.installationFolders].find((path) => !isAbsolute(path))
  if (relative === undefined) return
  throw new AppError('bad_input', `"${relative}" is not an absolute path.`, {
    hint: 'Begin with the root, such as /srv/backups.',
  })
}
