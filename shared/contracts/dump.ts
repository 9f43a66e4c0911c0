// dump: one database through pg_dump, with the globals beside it, read in full and recorded.
import { z } from 'zod'
import { shownCommand } from '../jobs/job'
import { dumpFormats } from '../model/backupRecord'
import { byteCount } from '../model/byteCount'
import { preflightRow } from '../model/preflight'
import { call, contract } from '../rpc/contract'
import { databaseRef } from './connections'
import { jobStarted } from './jobs'

/** By the keys of the pg_dump table; what the application sets itself (host, file, format ...) is refused in here. */
export const optionValues = z.record(
  z.string().max(100),
  z.union([z.boolean(), z.string().max(20_000), z.number(), z.array(z.string().max(20_000)).max(50_000)]),
)

export const dumpRequest = databaseRef.extend({
  format: z.enum(dumpFormats),
  options: optionValues,
  /** Take roles and tablespaces along (pg_dumpall --globals-only). */
  globals: z.boolean(),
  /** The library's folder on the machine that runs Walkback, absolute. */
  library: z.string().min(1).max(4096),
  /** Free text, kept in the record and part of the folder's name. */
  label: z.string().max(200),
})

export const toolChoice = z.object({ program: z.string(), path: z.string(), version: z.int() })

export const commandPreview = z.object({
  commands: z.array(shownCommand),
  preflight: z.array(preflightRow),
  /** What will be written where: "Folder", "/srv/..." */
  writes: z.array(z.object({ label: z.string(), value: z.string() })),
  /** Blockers in one sentence, empty when it may start. */
  blocked: z.string(),
  checkedAt: z.iso.datetime(),
})

export const dump = contract('dump', {
  /** What the form needs before anything is chosen. `tool` is null with the reason when no pg_dump fits. */
  prepare: call(
    databaseRef,
    z.object({
      serverVersion: z.int(),
      tool: toolChoice.nullable(),
      toolProblem: z.object({ message: z.string(), hint: z.string() }).nullable(),
      databaseSize: byteCount.nullable(),
      libraries: z.array(z.object({ path: z.string(), freeBytes: byteCount.nullable() })),
      defaults: z.object({ format: z.enum(dumpFormats), options: optionValues }),
      suggestedLabel: z.string(),
    }),
  ),
  preview: call(dumpRequest, commandPreview),
  start: call(dumpRequest, jobStarted),
})

export type DumpRequest = z.infer<typeof dumpRequest>
export type CommandPreview = z.infer<typeof commandPreview>
