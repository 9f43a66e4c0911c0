// The active check of a file archive: a restore point, a switched segment, and the wait until that segment is in the archive.
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { z } from 'zod'
import { toLsn } from '../../../../shared/model/lsn'
import { segmentBefore, segmentName } from '../../../../shared/model/walFile'
import { longHeaderSize, readWalHeader } from '../../../../shared/model/walHeader'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { errorCode } from '../../../process/systemError'
import { explainArchiving } from './explainArchiving'
import type { ArchiveSource } from './readSettings'

/** Without an archived file for this long, or after so many failures, it is given up. The archiver tries three times, then rests a minute. */
const silenceMs = 70_000
const failuresAllowed = 3

const archiverRow = z.object({
  archived: z.coerce.number(),
  failed: z.coerce.number(),
  last_wal: z.string().nullable(),
  failed_wal: z.string().nullable(),
  failed_at: z.string().nullable(),
})

type Archiver = z.infer<typeof archiverRow>

export interface CheckTarget {
  /** As the server names it. */
  serverFolder: string
  /** As this machine names it; '' when it can't be seen. */
  folderHere: string
}

export interface ArchivedSegment {
  restorePoint: string
  lsn: string
  segment: string
  milliseconds: number
  /** What showed that it is there. */
  seen: 'here' | 'server' | 'told'
}

/** Throws AppError: the settings are not in force, the archiver failed and why, or nothing happened in time. */
export async function checkArchiving(
  client: Client,
  job: Pick<JobContext, 'log' | 'signal' | 'progress'>,
  source: ArchiveSource,
  target: CheckTarget,
): Promise<ArchivedSegment> {
  requireArchiving(source)
  const before = await readArchiver(client)
  const name = `walkback check ${new Date().toISOString()}`
  const { rows } = await client.query<{ lsn: string; file: string }>(
    'SELECT lsn::text AS lsn, pg_walfile_name(lsn) AS file FROM pg_create_restore_point($1) AS lsn',
    [name],
  )
  const [made] = rows
  if (!made) throw new Error('pg_create_restore_point returned no row')
  // pg_walfile_name names another segment at a boundary from 17 on; only its timeline is taken.
  const timeline = Number.parseInt(made.file.slice(0, 8), 16)
  const segment = segmentName({ timeline, number: segmentBefore(toLsn(made.lsn), source.segmentSize) }, source.segmentSize)
  await client.query('SELECT pg_switch_wal()')
  const started = performance.now()
  job.log(`Restore point "${name}" at ${made.lsn}; waiting for segment ${segment}.`)
  let movedAt = started
  let archived = before.archived
  for (;;) {
    job.signal.throwIfAborted()
    const now = await readArchiver(client)
    if (now.archived !== archived) {
      movedAt = performance.now()
      archived = now.archived
    }
    const seen = await findSegment(client, source, target, segment, now)
    if (seen !== null)
      return { restorePoint: name, lsn: made.lsn, segment, milliseconds: Math.round(performance.now() - started), seen }
    const failures = now.failed - before.failed
    if (failures >= failuresAllowed || performance.now() - movedAt > silenceMs) {
      throw await explainArchiving(client, {
        source,
        target,
        segment,
        failures,
        failedWal: now.failed_wal,
        failedAt: now.failed_at,
        waited: `${((performance.now() - started) / 1000).toFixed(0)} s`,
      })
    }
    job.progress({
      done: now.archived - before.archived,
      total: null,
      unit: 'files',
      label: failures > 0 ? `waiting for ${segment}; the archiver has failed ${failures} times since` : `waiting for ${segment}`,
    })
    await delay(200)
  }
}

function requireArchiving({ settings, inRecovery }: ArchiveSource): void {
  const refuse = (message: string, hint: string) => new AppError('conflict', message, { hint })
  if (inRecovery) throw refuse('The server is in recovery: a standby archives nothing of its own.', 'Check the primary.')
  if (settings.archive_mode?.value === 'off') {
    if (settings.archive_mode.pendingRestart)
      throw refuse(
        'archive_mode is set, but is not in force before the server is restarted.',
        'Restart the server, then check again.',
      )
    throw refuse('archive_mode is off: the server archives nothing.', 'Set the archive up again.')
  }
  if ((settings.archive_command?.value ?? '') === '' && (settings.archive_library?.value ?? '') === '')
    throw refuse(
      'archive_command is empty: the server archives nothing, and keeps all its WAL.',
      'Set the archive up again, or turn archive_mode off.',
    )
}

async function readArchiver(client: Client): Promise<Archiver> {
  const { rows } = await client.query(`
    SELECT archived_count AS archived, failed_count AS failed, last_archived_wal AS last_wal, last_failed_wal AS failed_wal,
           to_char(last_failed_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC' AS failed_at FROM pg_stat_archiver`)
  return archiverRow.parse(rows[0])
}

/** The file itself is the evidence; only where neither side may look, the archiver's word is. */
async function findSegment(
  client: Client,
  source: ArchiveSource,
  target: CheckTarget,
  segment: string,
  archiver: Archiver,
): Promise<ArchivedSegment['seen'] | null> {
  if (target.folderHere !== '') {
    const here = await readHere(join(target.folderHere, segment), source)
    if (here !== 'unseen') return here === 'there' ? 'here' : null
  }
  if (source.may.readFiles) {
    const { rows } = await client.query<{ size: string | null }>('SELECT size::text AS size FROM pg_stat_file($1, true)', [
      `${target.serverFolder}/${segment}`,
    ])
    return rows[0]?.size === String(source.segmentSize) ? 'server' : null
  }
  return archiver.last_wal === segment ? 'told' : null
}

async function readHere(path: string, source: ArchiveSource): Promise<'there' | 'absent' | 'unseen'> {
  try {
    if ((await stat(path)).size !== source.segmentSize) return 'absent'
    const handle = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(longHeaderSize), 0, longHeaderSize, 0)
      const reading = readWalHeader(buffer.subarray(0, bytesRead))
      return reading.ok && (source.systemIdentifier === null || reading.header.systemIdentifier === source.systemIdentifier)
        ? 'there'
        : 'absent'
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent'
    if (errorCode(error) === 'EACCES') return 'unseen'
    throw error
  }
}
