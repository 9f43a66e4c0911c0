// host: the machine Walkback's core runs on: installations, folders, settings.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { call, contract } from '../rpc/contract'

export const installation = z.object({
  /** The folder with the programs. */
  folder: z.string(),
  version: z.int(),
  programs: z.array(z.string()),
  /** How it was found: PATH, Debian, PGDG RPM, Homebrew, Postgres.app, EDB, added by hand. */
  origin: z.string(),
})

export const themes = ['system', 'light', 'dark'] as const

export const settings = z.object({
  theme: z.enum(themes),
  libraries: z.array(z.string().min(1).max(4096)),
  installationFolders: z.array(z.string().min(1).max(4096)),
  /** Jobs running at the same time. */
  concurrentJobs: z.int().min(1).max(16),
  notifyAfterSeconds: z.int().min(0).max(86_400),
})

export const folderEntry = z.object({
  name: z.string(),
  path: z.string(),
  kind: z.enum(['folder', 'file']),
  size: byteCount.nullable(),
  modifiedAt: z.iso.datetime().nullable(),
})

export const host = contract('host', {
  info: call(
    z.object({}),
    z.object({
      version: z.string(),
      host: z.enum(['desktop', 'serve']),
      platform: z.string(),
      hostname: z.string(),
      account: z.string(),
      cores: z.int(),
      dataFolder: z.string(),
      /** The core's zone in words, such as "UTC+01:00 (Europe/Berlin)", since times are shown with their zone. */
      timeZone: z.string(),
    }),
  ),
  /** Looks again at every known place. */
  installations: call(z.object({ refresh: z.boolean() }), z.object({ installations: z.array(installation) })),
  settings: call(z.object({}), settings),
  saveSettings: call(settings, settings),
  /** Lists one folder of the core's machine, for the path fields. '' is the home folder. */
  folder: call(
    z.object({ path: z.string().max(4096) }),
    z.object({
      path: z.string(),
      parent: z.string().nullable(),
      entries: z.array(folderEntry),
      writable: z.boolean(),
      freeBytes: byteCount.nullable(),
    }),
  ),
  makeFolder: call(
    z.object({ parent: z.string().min(1).max(4096), name: z.string().min(1).max(255) }),
    z.object({ path: z.string() }),
  ),
})

export type Settings = z.infer<typeof settings>
export type Installation = z.infer<typeof installation>
