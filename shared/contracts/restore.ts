// restore: an archive of pg_dump or a script into a database, with an honest account of what did not go in.
import { z } from 'zod'
import { backupRecord } from '../model/backupRecord'
import { byteCount } from '../model/byteCount'
import { call, contract } from '../rpc/contract'
import { connectionRef } from './connections'
import { commandPreview, optionValues, toolChoice } from './dump'
import { jobStarted } from './jobs'

/** A library record's folder, or any file or folder that pg_dump or pg_dumpall made. Absolute. */
export const archiveRef = z.object({ path: z.string().min(1).max(4096) })

export const archiveFormats = ['custom', 'directory', 'tar', 'plain'] as const

export const archiveFacts = z.object({
  /** The archive itself, inside the record's folder where there is one. */
  archive: z.string(),
  /** From the content, never from the name. */
  format: z.enum(archiveFormats),
  size: byteCount,
  record: backupRecord.nullable(),
  recordPath: z.string().nullable(),
  globalsPath: z.string().nullable(),
  /** As the archive says; null where it does not. */
  database: z.string().nullable(),
  createdAt: z.string().nullable(),
  serverVersion: z.string().nullable(),
  dumpVersion: z.int().nullable(),
  /** Entries of its table of contents by kind, e.g. TABLE: 31; empty for a script. */
  entries: z.record(z.string(), z.int()),
  owners: z.array(z.string()),
  extensions: z.array(z.string()),
  tablespaces: z.array(z.string()),
  encoding: z.string().nullable(),
  /** The first line of a script that is not UTF-8 before it says its encoding. */
  foreignLine: z.int().nullable(),
  /** A script with \restrict, which needs a psql that knows it. */
  restricted: z.boolean(),
  /** A script that connects elsewhere (\connect): it was dumped with --create or by pg_dumpall. */
  connects: z.boolean(),
})

const madeDatabase = {
  database: z.string().min(1).max(4096),
  owner: z.string().max(4096),
  encoding: z.string().max(100),
  /** '' leaves it to the server's default. */
  localeProvider: z.enum(['', 'libc', 'icu', 'builtin']),
  collate: z.string().max(1000),
  ctype: z.string().max(1000),
  locale: z.string().max(1000),
  tablespace: z.string().max(4096),
}

export const restoreTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('new'), ...madeDatabase }),
  z.object({ kind: z.literal('existing'), database: z.string().min(1).max(4096) }),
  /** Made and filled under another name; takes the name of the one that is there when it is whole. That one is kept. */
  z.object({
    kind: z.literal('replace'),
    ...madeDatabase,
    /** Ends the sessions on the old one when the names change; without it they are a blocker. */
    endSessions: z.boolean(),
    /** Settings, grants, limit, comment and labels of the old database stay with it; without it the restored one gets them too. */
    leaveOwn: z.boolean().optional(),
  }),
])

/** The entries to restore, by their ids in this very table of contents. */
export const restoreChoice = z.object({
  /** As restore.contents named it: ids mean something else in every other archive. */
  toc: z.string().min(1).max(100),
  /** `1-5,9`, see packIds. */
  ids: z
    .string()
    .max(4_000_000)
    .refine((text) => /^[\d,-]*$/.test(text)),
})

/** The table of contents in columns, packed into texts: 200,000 entries are read in a moment. */
export const archiveContents = z.object({
  toc: z.string(),
  kinds: z.array(z.string()),
  /** '' is no schema. */
  schemas: z.array(z.string()),
  /** All tags without anything between them: one text of two megabytes is read in no time, 200,000 texts are not. */
  tags: z.string(),
  /** One number for each entry, with commas: length of its tag in UTF-16 units; its id; its place in `kinds`; in `schemas`; bytes of its data, -1 unknown. */
  tagLengths: z.string(),
  ids: z.string(),
  kindOf: z.string(),
  schemaOf: z.string(),
  sizes: z.string(),
  /** For each entry the ids it depends on, with spaces between them. */
  needs: z.string(),
})

/** The name typed for what destroys, and the server it was typed for. */
export const restoreConfirm = z.object({ name: z.string().max(4096), systemIdentifier: z.string().max(100).nullable() })

export const restoreRequest = connectionRef.extend({
  source: archiveRef,
  target: restoreTarget,
  options: optionValues,
  /** ANALYZE in stages afterwards. */
  analyze: z.boolean(),
  /** psql: go on after an error instead of stopping at the first. */
  continueOnError: z.boolean(),
  singleTransaction: z.boolean(),
  /** client_encoding of a script that does not say its own; absent or '': UTF8 when its text is. */
  scriptEncoding: z.string().max(100).optional(),
  /** Absent: everything that the options leave. */
  choice: restoreChoice.optional(),
  /** Counts the rows in the archive, which reads it once more, and compares them with those of every table. */
  checkRows: z.boolean().optional(),
  /** Never kept with the job: run again asks again. */
  confirm: restoreConfirm.optional(),
})

/** Of the server and database that a name is typed for; null where nothing is destroyed or put aside. */
export const restoreDanger = z.object({
  what: z.enum(['replace', 'clean']),
  database: z.string(),
  host: z.string(),
  port: z.int(),
  systemIdentifier: z.string().nullable(),
  /** Client sessions on the database: application, role, from where, how many. */
  sessions: z.array(z.object({ application: z.string(), user: z.string(), from: z.string(), count: z.int() })),
})

export const restore = contract('restore', {
  inspect: call(archiveRef, archiveFacts),
  /** Refused for a script: it has no table of contents. */
  contents: call(archiveRef, archiveContents),
  /** What the form needs once source and server are chosen. */
  prepare: call(
    connectionRef.extend({ source: archiveRef }),
    z.object({
      serverVersion: z.int(),
      tool: toolChoice.nullable(),
      toolProblem: z.object({ message: z.string(), hint: z.string() }).nullable(),
      databases: z.array(z.string()),
      roles: z.array(z.string()),
      tablespaces: z.array(z.string()),
      suggestedDatabase: z.string(),
      suggestedTarget: restoreTarget,
      defaults: optionValues,
    }),
  ),
  preview: call(restoreRequest, commandPreview.extend({ danger: restoreDanger.nullable() })),
  /** Creates the named roles and tablespaces from the globals saved beside the archive; says what was run. */
  applyGlobals: call(
    connectionRef.extend({ source: archiveRef, roles: z.array(z.string()), tablespaces: z.array(z.string()) }),
    z.object({ created: z.array(z.string()), failed: z.array(z.object({ name: z.string(), message: z.string() })) }),
  ),
  start: call(restoreRequest, jobStarted),
})

export type ArchiveFacts = z.infer<typeof archiveFacts>
export type RestoreRequest = z.infer<typeof restoreRequest>
export type RestoreChoice = z.infer<typeof restoreChoice>
export type RestoreDanger = z.infer<typeof restoreDanger>
export type ArchiveContents = z.infer<typeof archiveContents>
export type RestoreTarget = z.infer<typeof restoreTarget>
