// cluster-dump: the whole cluster through pg_dumpall, or as a set of parallel dumps with the globals, and the way back of a set.
import { z } from 'zod'
import { clusterContents, dumpSetRecord } from '../model/backupRecord'
import { byteCount } from '../model/byteCount'
import { call, contract } from '../rpc/contract'
import { connectionRef } from './connections'
import { commandPreview, optionValues, toolChoice } from './dump'
import { jobStarted } from './jobs'

const place = {
  /** The library's folder on the machine that runs Walkback, absolute. */
  library: z.string().min(1).max(4096),
  label: z.string().max(200),
}

/** Options of pg_dump that choose parts of one database: they mean nothing, or something else, in the others of a set. */
export const notForSetDump: readonly string[] = [
  'schema',
  'excludeSchema',
  'table',
  'tableAndChildren',
  'excludeTable',
  'excludeTableAndChildren',
  'excludeTableData',
  'excludeTableDataAndChildren',
  'extension',
  'excludeExtension',
  'filter',
  'strictNames',
  'snapshot',
  'create',
  'clean',
  'ifExists',
]

/** Options of pg_restore that would point a database elsewhere, or take a part of it. */
export const notForSetRestore: readonly string[] = [
  'create',
  'clean',
  'ifExists',
  'list',
  'useList',
  'filter',
  'schema',
  'excludeSchema',
  'table',
  'index',
  'function',
  'trigger',
  'singleTransaction',
  'transactionSize',
]

const databaseNames = z.array(z.string().min(1).max(4096)).min(1).max(10_000)

/** `options` by the keys of the pg_dumpall table. */
export const clusterScriptRequest = connectionRef.extend({ what: z.enum(clusterContents), options: optionValues, ...place })

/** `options` by the keys of the pg_dump table; every database gets the same. */
export const clusterSetRequest = connectionRef.extend({
  what: z.literal('set'),
  databases: databaseNames,
  /** Databases dumped at the same time; each of them by `options.jobs`. */
  atOnce: z.int().min(1).max(64),
  rolePasswords: z.boolean(),
  options: optionValues,
  ...place,
})

export const clusterDumpRequest = z.discriminatedUnion('what', [clusterScriptRequest, clusterSetRequest])

export const clusterDatabase = z.object({
  name: z.string(),
  /** null where the role may not know. */
  size: byteCount.nullable(),
  owner: z.string(),
  encoding: z.string(),
  isTemplate: z.boolean(),
  allowsConnections: z.boolean(),
  mayConnect: z.boolean(),
})

const toolOrProblem = {
  tool: toolChoice.nullable(),
  toolProblem: z.object({ message: z.string(), hint: z.string() }).nullable(),
}

/** A record's folder. Absolute. */
export const setRef = z.object({ path: z.string().min(1).max(4096) })

export const clusterRestoreRequest = connectionRef.extend({
  source: setRef,
  databases: databaseNames,
  /** Creates the roles and tablespaces that are missing. */
  globals: z.boolean(),
  /** Folders for tablespaces that do not go where they were, by name. */
  locations: z.record(z.string().max(4096), z.string().max(4096)),
  atOnce: z.int().min(1).max(64),
  /** By the keys of the pg_restore table; every database gets the same. */
  options: optionValues,
  analyze: z.boolean(),
  /** Goes on where an error is certain: a missing extension, say. */
  continueOnError: z.boolean().optional(),
  /** Counts the rows in each archive, and compares them with those of every table. */
  checkRows: z.boolean().optional(),
})

export const clusterDump = contract('cluster-dump', {
  /** What the forms need before anything is chosen. */
  prepare: call(
    connectionRef,
    z.object({
      serverVersion: z.int(),
      superuser: z.boolean(),
      databases: z.array(clusterDatabase),
      libraries: z.array(z.object({ path: z.string(), freeBytes: byteCount.nullable() })),
      script: z.object({ ...toolOrProblem, options: optionValues }),
      set: z.object({ ...toolOrProblem, options: optionValues, atOnce: z.int(), cores: z.int() }),
    }),
  ),
  preview: call(clusterDumpRequest, commandPreview),
  start: call(clusterDumpRequest, jobStarted),
  /** The set in this folder, as its record and its globals say. */
  inspectSet: call(
    setRef,
    z.object({
      path: z.string(),
      record: dumpSetRecord,
      size: byteCount,
      roles: z.array(z.string()),
      tablespaces: z.array(z.object({ name: z.string(), location: z.string() })),
    }),
  ),
  prepareRestore: call(
    connectionRef.extend({ source: setRef }),
    z.object({
      serverVersion: z.int(),
      ...toolOrProblem,
      /** Of the set's databases: those the server has already. */
      taken: z.array(z.string()),
      /** Of the set's: those the server has already. They are left as they are. */
      roles: z.array(z.string()),
      tablespaces: z.array(z.string()),
      options: optionValues,
      atOnce: z.int(),
      cores: z.int(),
    }),
  ),
  previewRestore: call(clusterRestoreRequest, commandPreview),
  startRestore: call(clusterRestoreRequest, jobStarted),
})

export type ClusterDumpRequest = z.infer<typeof clusterDumpRequest>
export type ClusterScriptRequest = z.infer<typeof clusterScriptRequest>
export type ClusterSetRequest = z.infer<typeof clusterSetRequest>
export type ClusterRestoreRequest = z.infer<typeof clusterRestoreRequest>
export type ClusterDatabase = z.infer<typeof clusterDatabase>
