// recovered.json in the data directory of a recovered cluster: what it is, so that it can be found and asked later on.
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { recoveryDestination } from '../../../../shared/contracts/recovery'
import { recoveryWish } from '../../../../shared/model/recoveryWish'
import { AppError } from '../../../../shared/rpc/appError'
import { withClient } from '../../../postgres/withClient'
import { errorCode } from '../../../process/systemError'
import type { ResolvedConnection } from '../../../services'
import { loginDraft } from '../connectRecovered'
import { own } from '../destination'
import type { RecoveryServices } from '../parts'
import type { RecoveryPlan } from '../planRecovery'
import type { PointRun } from '../point/pointRun'
import { scriptFolder } from '../point/restoreScript'

const lookRecord = z.object({
  version: z.literal(1),
  jobId: z.string(),
  server: z.string(),
  dataDirectory: z.string(),
  destination: recoveryDestination,
  port: z.int(),
  login: z.string().nullable(),
  archiveId: z.string(),
  backup: z.string(),
  systemIdentifier: z.string().nullable(),
  wish: recoveryWish,
  tablespaces: z.record(z.string(), z.string()),
})
export type LookRecord = z.infer<typeof lookRecord>

export async function writeLookRecord(jobId: string, plan: RecoveryPlan, point: PointRun, port: number): Promise<void> {
  const { backup, data, request, spaces, account } = plan
  const record: LookRecord = {
    ...{ version: 1, jobId, server: backup.server, dataDirectory: data.final, destination: request.destination, port },
    ...{ login: request.login, archiveId: point.archive.id, backup: backup.path, wish: point.wish },
    systemIdentifier: backup.systemIdentifier,
    tablespaces: Object.fromEntries(spaces.map(({ name, final }) => [name, final])),
  }
  const file = path.join(data.final, scriptFolder, 'recovered.json')
  await writeFile(file, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flush: true })
  await own(file, account)
}

/** What a job that deploys or moves a cluster says of its place. */
export const withDestination = z.object({ destination: recoveryDestination })

export function folderOf(destination: z.output<typeof recoveryDestination>): string {
  return destination.kind === 'new' ? destination.folder : destination.dataDirectory
}

/** Throws AppError not_found for a job that recovered to no moment, or whose cluster is gone. */
export async function readLookRecord(services: RecoveryServices, jobId: string): Promise<LookRecord> {
  const input = withDestination.safeParse(services.jobs.get(jobId).input)
  const gone = new AppError('not_found', 'That cluster is not there any more.', { hint: 'Recover to that moment again.' })
  if (!input.success) throw gone
  const { destination } = input.data
  const folder = folderOf(destination)
  try {
    const record = lookRecord.parse(JSON.parse(await readFile(path.join(folder, scriptFolder, 'recovered.json'), 'utf8')))
    // Another recovery may have taken the folder since, or the folder may be a copy.
    if (record.jobId !== jobId || record.dataDirectory !== path.resolve(folder)) throw gone
    return record
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') throw gone
    throw error
  }
}

/** Throws AppError for what can't be logged in to. */
export async function lookConnection(services: RecoveryServices, { login, port }: LookRecord): Promise<ResolvedConnection> {
  if (login === null) {
    throw new AppError('bad_input', 'No login for the recovered cluster is known.', {
      hint: 'Recover with a saved connection as login: its user and password are those of the backup.',
    })
  }
  const { draft } = await loginDraft({ hide: () => undefined }, services, login, port)
  return services.connections.resolveDraft(draft)
}

/** In its own database; `work` gets the client. The cluster must be the recovered one. */
export async function withLook<T>(
  services: RecoveryServices,
  record: LookRecord,
  { database, signal }: { database?: string; signal: AbortSignal },
  work: Parameters<typeof withClient<T>>[1],
): Promise<T> {
  const connection = await lookConnection(services, record)
  const asked = { connections: services.connections, connection, signal, ...(database === undefined ? {} : { database }) }
  return withClient(asked, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      'SELECT system_identifier::pg_catalog.text AS id FROM pg_catalog.pg_control_system()',
    )
    if (record.systemIdentifier !== null && rows[0]?.id !== record.systemIdentifier) {
      throw new AppError('conflict', `Another cluster answers on port ${record.port}.`, { hint: 'Something else took the port.' })
    }
    return work(client)
  })
}
