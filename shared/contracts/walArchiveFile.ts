// walArchiveFile: WAL archived by the server itself, through archive_command; set up, tried, and turned off again.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { call, contract } from '../rpc/contract'
import { connectionRef } from './connections'
import { commandPreview } from './dump'
import { jobStarted } from './jobs'

/** When a change that needs a restart of the server takes effect. */
const restartChoice = {
  restart: z.enum(['later', 'now']),
  /** Typed confirmation of a restart: the connection's label. Practice clusters need none. */
  confirm: z.string().max(200),
}

export const fileArchiveRequest = connectionRef.extend({
  /** Absolute, as the server names it. */
  folder: z.string().min(1).max(4096),
  /** The same folder as this machine names it, when the server is another one; '' when it is the same, or can't be seen from here. */
  folderHere: z.string().max(4096),
  /** Seconds after which an unfinished segment is switched; 0 for never. */
  archiveTimeout: z
    .int()
    .min(0)
    .max(2_147_483_647 / 2),
  /** An archive_command or archive_library that is set to something else may be replaced. */
  replace: z.boolean(),
  /** Create a restore point, switch the segment and wait for it to arrive. */
  check: z.boolean(),
  ...restartChoice,
})

/** One setting of the server, as it is and as it will be. */
export const settingChange = z.object({
  name: z.string(),
  now: z.string(),
  next: z.string(),
  /** Where the present value comes from: "ALTER SYSTEM", "/etc/postgresql/15/main/postgresql.conf, line 245", "the default". */
  from: z.string(),
  takes: z.enum(['nothing', 'reload', 'restart']),
})

export const restartWay = z.object({
  /** Walkback can restart this server itself. */
  here: z.boolean(),
  /** What to run otherwise. */
  command: z.string(),
  why: z.string(),
})

const settingsPreview = commandPreview.extend({
  changes: z.array(settingChange),
  takes: z.enum(['nothing', 'reload', 'restart']),
  restart: restartWay,
})

export const archiveRef = z.object({ archiveId: z.string().min(1).max(100) })

export const fileArchiveOff = archiveRef.extend({
  /** reset: what the settings files say without Walkback. former: what ALTER SYSTEM had set before. */
  command: z.enum(['reset', 'former']),
  /** Also archive_mode, which takes a restart. */
  archiveModeOff: z.boolean(),
  /** The archive leaves Walkback's list; its files stay in any case. */
  forget: z.boolean(),
  ...restartChoice,
})

export const walArchiveFile = contract('walArchiveFile', {
  /** What the form needs before anything is chosen. */
  prepare: call(
    connectionRef,
    z.object({
      serverVersion: z.int(),
      /** The server's files can be looked at from here. */
      local: z.boolean(),
      /** The account the server runs as; '' when it is not known. */
      account: z.string(),
      suggestedFolder: z.string(),
      archiveTimeout: z.int(),
      segmentSize: z.int(),
      /** The folder of the file archive that is set up already; null when there is none of ours. */
      presentFolder: z.string().nullable(),
      /** An archive_command or archive_library of somebody else's, as it is; null when there is none. */
      foreign: z.object({ setting: z.string(), value: z.string() }).nullable(),
      restart: restartWay,
      needsConfirm: z.boolean(),
      freeBytes: byteCount.nullable(),
    }),
  ),
  preview: call(fileArchiveRequest, settingsPreview),
  start: call(fileArchiveRequest, jobStarted),
  /** The active check of an archive that is set up: a job. */
  check: call(archiveRef, jobStarted),
  previewOff: call(
    fileArchiveOff,
    settingsPreview.extend({ former: z.array(z.object({ name: z.string(), value: z.string().nullable() })) }),
  ),
  off: call(fileArchiveOff, jobStarted),
})

export type FileArchiveRequest = z.infer<typeof fileArchiveRequest>
export type FileArchiveOff = z.infer<typeof fileArchiveOff>
export type SettingChange = z.infer<typeof settingChange>
