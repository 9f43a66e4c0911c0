// copy: rows of a table or query to a file, a file's rows into a table, and rows from one server's table into another's.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { newColumnTypes } from '../model/columnTypes'
import { call, contract } from '../rpc/contract'
import { databaseRef } from './connections'
import { commandPreview, optionValues } from './dump'
import { jobStarted } from './jobs'

const name = z.string().min(1).max(4096)
const columnList = z.array(name).min(1).max(1600)
const path = z.string().min(1).max(4096)

export const copyFormats = ['text', 'csv', 'binary'] as const
export const copyFormat = z.enum(copyFormats)
export const copyCompressions = ['none', 'gzip', 'zstd'] as const

export const copySource = z.discriminatedUnion('kind', [
  /** columns null: all that COPY writes (generated columns are left out of a table, as COPY does). */
  z.object({ kind: z.literal('table'), schema: name, name, columns: columnList.nullable() }),
  /** The one SQL statement that a window may send: it must parse by itself and runs in a read-only transaction. */
  z.object({ kind: z.literal('query'), sql: z.string().min(1).max(1_000_000) }),
])

/** A file on the server or a program there: sent as a quoted text inside COPY, and only where the role may. */
const serverFile = z.object({ kind: z.literal('server-file'), path })
const serverProgram = z.object({ kind: z.literal('server-program'), command: z.string().min(1).max(20_000) })

export const exportPlace = z.discriminatedUnion('kind', [
  /** On the machine that runs Walkback, absolute. `overwrite`: the file of that name is renamed, never deleted. */
  z.object({ kind: z.literal('client'), path, compression: z.enum(copyCompressions), overwrite: z.boolean() }),
  serverFile.extend({ overwrite: z.boolean() }),
  serverProgram,
])

/** Compression of a client file is told by its first bytes. */
export const importPlace = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('client'), path }),
  serverFile,
  serverProgram,
])

export const newColumn = z.object({ name, type: z.enum(newColumnTypes) })

export const exportRequest = databaseRef.extend({
  kind: z.literal('export'),
  source: copySource,
  place: exportPlace,
  format: copyFormat,
  /** By the keys of shared/tools/copyCommand.ts, without direction and format. */
  options: optionValues,
})

export const importRequest = databaseRef.extend({
  kind: z.literal('import'),
  target: z.object({
    schema: name,
    name,
    /** Create the table with these columns first, in the same transaction; null: it is there. */
    create: z.array(newColumn).min(1).max(1600).nullable(),
  }),
  place: importPlace,
  format: copyFormat,
  options: optionValues,
  /**
   * One entry for each column of the file in the file's order: the table's column, or null to leave the file's out (client
   * files in text or csv). Null as a whole: the file has the table's columns in the table's order.
   */
  mapping: z.array(name.nullable()).min(1).max(1600).nullable(),
  /** An SQL condition on the table's columns, '' for none; the server parses it as part of this one COPY. */
  where: z.string().max(100_000),
  /** TRUNCATE the table first, in the same transaction. */
  truncate: z.boolean(),
  /** Keep going over rows that the table does not take, and write them with the reasons beside the file. Client files only. */
  skipBadRows: z.boolean(),
  /** Give up, with nothing imported, when more rows than this are bad; null: no limit. */
  maxBadRows: z.int().min(1).max(1_000_000_000).nullable(),
})

/** COPY out of one server piped into COPY in on another, in text format. */
export const transferRequest = databaseRef.extend({
  kind: z.literal('transfer'),
  source: copySource,
  to: databaseRef.extend({
    schema: name,
    name,
    /** In the order of the source's columns; null: the table's own. */
    columns: columnList.nullable(),
  }),
  truncate: z.boolean(),
})

export const copyRequest = z.discriminatedUnion('kind', [exportRequest, importRequest, transferRequest])

/** null is NULL, '' the empty string. Values longer than 1,000 characters are cut and end in an ellipsis. */
export const copyRows = z.array(z.array(z.string().nullable()))

/** How a file is read; by the keys of the option table. */
export const copyFileRef = z.object({ path, format: copyFormat, options: optionValues })

export const columnFacts = z.object({
  name: z.string(),
  type: z.string(),
  notNull: z.boolean(),
  hasDefault: z.boolean(),
  /** GENERATED ALWAYS AS (...): COPY neither writes nor reads it. */
  generated: z.boolean(),
  identity: z.boolean(),
})

export const copy = contract('copy', {
  /** What the form needs before anything is chosen. */
  prepare: call(
    databaseRef,
    z.object({
      serverVersion: z.int(),
      database: z.string(),
      encoding: z.string(),
      /** Encodings that COPY takes here. */
      encodings: z.array(z.string()),
      /** What the role may do with files and programs of the server. */
      server: z.object({
        readFiles: z.boolean(),
        writeFiles: z.boolean(),
        runPrograms: z.boolean(),
        /** null where the role may not know. */
        dataDirectory: z.string().nullable(),
        /** One sentence each: which role is needed, and which files can be reached. */
        readText: z.string(),
        writeText: z.string(),
        programText: z.string(),
      }),
      /** Whether this runtime can write and read zstd, and if not, why. */
      zstd: z.object({ available: z.boolean(), reason: z.string() }),
      /** Marked read-only: imports are blocked. */
      readOnly: z.boolean(),
      /** A folder on the machine that runs Walkback to begin with. */
      suggestedFolder: z.string(),
      schemas: z.array(z.string()),
    }),
  ),
  /** A table's columns. Throws not_found. */
  columns: call(
    databaseRef.extend({ schema: name, name }),
    z.object({
      kind: z.enum(['table', 'partitioned table', 'foreign table', 'materialized view', 'view']),
      columns: z.array(columnFacts),
      estimatedRows: z.number().nullable(),
      size: byteCount.nullable(),
      /** The table is the parent of others by inheritance: COPY of the table takes its own rows only. */
      hasChildren: z.boolean(),
    }),
  ),
  /** The first rows of an export as the server will write them, in a read-only transaction. Binary: shown as text values. */
  exportSample: call(
    databaseRef.extend({ source: copySource, format: copyFormat, options: optionValues, limit: z.int().min(1).max(200) }),
    z.object({
      columns: z.array(z.object({ name: z.string(), type: z.string() })),
      rows: copyRows,
      /** The beginning of the file, as text; '' for binary. */
      text: z.string(),
    }),
  ),
  /** What a file's first bytes say: format, delimiter, header. Throws not_found, permission. */
  detectFile: call(
    z.object({ path }),
    z.object({
      size: byteCount,
      compression: z.enum(copyCompressions),
      format: copyFormat,
      /** What differs from the format's defaults: delimiter, header ... */
      options: optionValues,
      /** '' or what is odd about it, in sentences. */
      notes: z.array(z.string()),
      suggestedTable: z.string(),
    }),
  ),
  /** The file's first rows, split by COPY's rules. */
  fileSample: call(
    copyFileRef.extend({
      limit: z.int().min(1).max(200),
      /** Of the server that will read it, where that is known: up to 17 a lone \. ends CSV data. */
      serverVersion: z.int().optional(),
    }),
    z.object({
      /** From the header, or column1, column2 ... */
      columns: z.array(z.object({ name: z.string(), type: z.enum(newColumnTypes) })),
      rows: copyRows,
      /** The beginning of the file, as text. */
      text: z.string(),
      /** Rows that have not as many columns as the first, bytes that are no text, and such. */
      problems: z.array(z.object({ line: z.int(), message: z.string() })),
    }),
  ),
  preview: call(copyRequest, commandPreview),
  start: call(copyRequest, jobStarted),
})

export type CopyRequest = z.infer<typeof copyRequest>
export type ExportRequest = z.infer<typeof exportRequest>
export type ImportRequest = z.infer<typeof importRequest>
export type TransferRequest = z.infer<typeof transferRequest>
export type CopySource = z.infer<typeof copySource>
export type CopyFormat = z.infer<typeof copyFormat>
export type CopyCompression = (typeof copyCompressions)[number]
export type NewColumn = z.infer<typeof newColumn>
export type ColumnFacts = z.infer<typeof columnFacts>
