// walArchiveStream: WAL received by pg_receivewal as it is written, with a slot that keeps what has not arrived yet.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { call, contract } from '../rpc/contract'
import { connectionRef } from './connections'
import { commandPreview, toolChoice } from './dump'
import { jobStarted } from './jobs'
import { archiveRef } from './walArchiveFile'

export const streamArchiveRequest = connectionRef.extend({
  /** Absolute, on the machine that runs Walkback. */
  folder: z.string().min(1).max(4096),
  slot: z.string().min(1).max(63),
  /** As --compress takes it; '' for none. */
  compress: z.string().max(40),
  synchronous: z.boolean(),
  /** The slot may keep WAL without a limit (max_slot_wal_keep_size is -1): a consent. */
  unlimited: z.boolean(),
})

export const streamStatus = z.object({
  archiveId: z.string(),
  /** Its job, when one runs here. */
  jobId: z.string().nullable(),
  /** streaming: the server says so. connecting: the job tries. stopped: no job. */
  state: z.enum(['streaming', 'connecting', 'stopped']),
  /** What keeps it from streaming, in the last words of the program; ''. */
  problem: z.string(),
  /** When it was last seen to begin to stream, while it does. */
  since: z.iso.datetime().nullable(),
  /** The first segment that the folder holds: nothing before it can be restored from here. null: none yet. */
  begins: z.string().nullable(),
  /** null when the server does not answer: `serverProblem` says why. */
  server: z
    .object({
      /** Positions such as 1B/3E5A0000. */
      current: z.string(),
      written: z.string().nullable(),
      flushed: z.string().nullable(),
      /** Bytes between what the server wrote and what is flushed here. */
      lagBytes: byteCount.nullable(),
      /** Segment that is being received. */
      segment: z.string().nullable(),
      slot: z
        .object({
          active: z.boolean(),
          restartLsn: z.string().nullable(),
          /** reserved, extended, unreserved, lost. */
          walStatus: z.string().nullable(),
          /** Bytes that may still be written before the slot loses WAL; null for no limit. */
          safeWalSize: byteCount.nullable(),
          /** Bytes of WAL that the server keeps for it. */
          keptBytes: byteCount.nullable(),
        })
        .nullable(),
    })
    .nullable(),
  serverProblem: z.string(),
})

export const walArchiveStream = contract('walArchiveStream', {
  prepare: call(
    connectionRef,
    z.object({
      serverVersion: z.int(),
      tool: toolChoice.nullable(),
      toolProblem: z.object({ message: z.string(), hint: z.string() }).nullable(),
      systemIdentifier: z.string().nullable(),
      suggestedFolder: z.string(),
      suggestedSlot: z.string(),
      slots: z.array(z.object({ name: z.string(), active: z.boolean(), physical: z.boolean() })),
      /** As the server says it, "-1" for no limit. */
      keepSize: z.string(),
      segmentSize: z.int(),
      freeBytes: byteCount.nullable(),
    }),
  ),
  preview: call(streamArchiveRequest, commandPreview),
  /** ALTER SYSTEM SET max_slot_wal_keep_size, and a reload; answers with the statements that ran. For all slots of the server. */
  limitSlots: call(
    connectionRef.extend({ megabytes: z.int().min(1).max(2_147_483_647) }),
    z.object({ statements: z.array(z.string()) }),
  ),
  /** Makes the slot, remembers the archive and starts its job. */
  start: call(streamArchiveRequest, jobStarted),
  /** Starts the job of an archive again. */
  resume: call(archiveRef, jobStarted),
  /** Ends the job; the slot goes on keeping WAL. */
  stop: call(archiveRef, z.object({})),
  status: call(archiveRef, streamStatus),
  /** Ends the job and drops the slot. `forget`: the archive leaves Walkback's list. Its files stay. */
  dropSlot: call(archiveRef.extend({ forget: z.boolean() }), z.object({ dropped: z.boolean() })),
  /** A unit for systemd, which runs pg_receivewal without Walkback. */
  unit: call(archiveRef, z.object({ name: z.string(), text: z.string(), notes: z.array(z.string()) })),
  /** Writes the unit to a file of the core's machine; refused where one is there. */
  saveUnit: call(archiveRef.extend({ path: z.string().min(1).max(4096) }), z.object({ path: z.string() })),
})

export type StreamArchiveRequest = z.infer<typeof streamArchiveRequest>
export type StreamStatus = z.infer<typeof streamStatus>
