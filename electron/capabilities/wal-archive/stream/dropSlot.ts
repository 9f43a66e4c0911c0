// Ends a stream and drops its slot, so that the server keeps no WAL for it any more; the archive's files stay.
import { setTimeout as delay } from 'node:timers/promises'
import type { JobSnapshot } from '../../../../shared/jobs/job'
import { AppError } from '../../../../shared/rpc/appError'
import { withServer } from '../../../postgres/openServer'
import type { StreamServices } from './planStream'
import { readSlot } from './readSlot'
import type { StreamArchive } from './runStream'

/** The server notices within this time that the program has gone. */
const releaseMs = 10_000

/** false: there was no such slot any more. Throws AppError conflict when another program receives through it, or it is another server's. */
export async function dropSlot(
  services: StreamServices,
  archive: StreamArchive,
  job: JobSnapshot | null,
  forget: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const connection = await services.connections.resolve(archive.connectionId)
  const { slot } = archive.stream
  const dropped = await withServer(
    services,
    connection,
    async (client) => {
      const { rows } = await client.query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()')
      if (archive.systemIdentifier !== null && rows[0]?.id !== archive.systemIdentifier) {
        throw new AppError('conflict', `${connection.label} is another cluster now, so its slot ${slot} is not this archive's.`, {
          hint: 'Nothing was dropped. Drop the slot on the server that the archive is of.',
        })
      }
      if (job) {
        services.jobs.cancel(job.id)
        await services.jobs.ended(job.id)
      }
      const end = Date.now() + releaseMs
      for (;;) {
        const reading = await readSlot(client, slot)
        if (reading.name === null) return false
        if (reading.active !== true) break
        if (Date.now() > end || job === null) {
          throw new AppError(
            'conflict',
            `The slot ${slot} is in use by process ${reading.pid} of the server: another program receives through it.`,
            { hint: 'Stop that program first. Nothing was dropped.' },
          )
        }
        await delay(100)
      }
      await client.query('SELECT pg_drop_replication_slot($1)', [slot])
      return true
    },
    signal,
  )
  if (forget) services.archives.remove(archive.id)
  else services.archives.put({ ...archive, kind: 'folder', stream: null })
  return dropped
}
