// A job as both sides know it: what runs, how far it is, and how it honestly ended.
import { z } from 'zod'
import { wireError } from '../rpc/appError'

export const jobStates = [
  'queued',
  'running',
  'cancelling',
  'succeeded',
  'succeeded_with_warnings',
  'failed',
  'cancelled',
  'interrupted',
] as const

export type JobState = (typeof jobStates)[number]

export const stepStates = ['pending', 'running', 'done', 'warning', 'failed', 'skipped'] as const

export const jobStep = z.object({
  id: z.string(),
  label: z.string(),
  state: z.enum(stepStates),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** A few words: "3.2 s, fast", "214 tables". */
  detail: z.string(),
})

export const progressUnits = ['bytes', 'rows', 'objects', 'files'] as const

export const jobProgress = z.object({
  done: z.number().nonnegative(),
  total: z.number().nonnegative().nullable(),
  unit: z.enum(progressUnits),
  /** What is being worked on: `table "sales"."orders"`. */
  label: z.string(),
})

/** One command the job runs or ran, redacted, as the person would type it. */
export const shownCommand = z.object({
  title: z.string(),
  program: z.string(),
  /** The program's version number, null for SQL. */
  version: z.int().nullable(),
  /** Shell-quoted argument words of a program, or one word that holds the SQL. */
  words: z.array(z.string()),
  kind: z.enum(['program', 'sql']),
})

/** A problem in a tool's output, tied to the object it belongs to. */
export const jobIssue = z.object({
  severity: z.enum(['warning', 'error']),
  /** `public.orders`; empty when it belongs to no object. */
  object: z.string(),
  /** TABLE, INDEX, FK CONSTRAINT, ACL ... as the archive names it; empty when unknown. */
  objectKind: z.string(),
  /** The entry's own name, such as the index; empty when it is the object itself. */
  entry: z.string(),
  message: z.string(),
  /** The statement, cut to 2,000 characters. */
  statement: z.string(),
  /** Known to do no harm, with the reason; null when it counts. */
  harmless: z.string().nullable(),
  /** What the person can do about it; empty when nothing better than the message is known. */
  advice: z.string(),
  /** Line of the job's log, from 0. */
  logLine: z.int().nullable(),
})

export const jobFact = z.object({ label: z.string(), value: z.string(), mono: z.boolean().default(false) })

/** What a restore or a copy brought, compared table by table with what the archive or the source holds. */
export const rowCheck = z.object({
  /** rows: counted on both sides; presence: only that the tables are there. */
  by: z.enum(['rows', 'presence']),
  /** Absent: a dump. */
  against: z.enum(['dump', 'source']).optional(),
  tables: z.int(),
  matched: z.int(),
  /** In the tables that match. */
  rows: z.number(),
  /** `found` is null for a table that is not there. The first 100. */
  different: z.array(z.object({ table: z.string(), expected: z.number().nullable(), found: z.number().nullable() })),
  /** Tables that could not be compared, each with the reason. The first 100. */
  left: z.array(z.object({ table: z.string(), why: z.string() })),
})

export const jobResult = z.object({
  /** One sentence: what was proved. */
  headline: z.string(),
  facts: z.array(jobFact),
  /** Library record or database that came of it, for the links on the job's page. */
  backupPath: z.string().nullable(),
  database: z.string().nullable(),
  rowCheck: rowCheck.optional(),
  /** A restore's entries that failed and can be run again: of which archive, packed as in a choice, and how many. */
  failed: z.object({ toc: z.string(), ids: z.string(), count: z.int() }).optional(),
  /** Entries of the archive without an error, by kind as the archive names them. */
  restored: z.object({ count: z.int(), kinds: z.record(z.string(), z.int()) }).optional(),
  /** The database whose place the restored one took: its name now, and its OID, which no other has. */
  kept: z.object({ database: z.string(), oid: z.string(), systemIdentifier: z.string().nullable() }).optional(),
})

/** What the job writes; persisted before the first byte, so that a restart can name what was left. */
export const jobOutput = z.object({
  /** The name while it is unfinished, ends in `.partial`; null for a database. */
  partial: z.string().nullable(),
  final: z.string(),
  /** What an interrupted job may have left of it, in words, where it is neither a file nor a database. */
  left: z.string().optional(),
  /** What an interrupted job has to say in place of that, and what to do; of several the last one counts. */
  doubt: z.object({ says: z.string(), hint: z.string() }).optional(),
  /** A replication slot that the job makes, and the cluster that it is on: dropped from the job's page when it was left. */
  slot: z.object({ name: z.string(), systemIdentifier: z.string().nullable() }).optional(),
})

export const jobStanding = z.object({
  /** going: it does its work. trying: it can't for now, and tries again by itself. */
  state: z.enum(['going', 'trying']),
  /** Short and exact, for the strip: a WAL position such as 1B/3E5A0000. */
  position: z.string(),
  /** A few words: "lag 0 B", or what keeps it. */
  words: z.string(),
  /** Since when it does its work without a break. */
  since: z.iso.datetime().nullable(),
})

export const jobSnapshot = z.object({
  id: z.string(),
  capability: z.string(),
  title: z.string(),
  /** Secret-free request, so that it can be run again or edited. */
  input: z.json(),
  connectionId: z.string().nullable(),
  serverLabel: z.string(),
  state: z.enum(jobStates),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** When progress or log last moved. */
  movedAt: z.iso.datetime().nullable(),
  steps: z.array(jobStep),
  progress: jobProgress.nullable(),
  commands: z.array(shownCommand),
  outputs: z.array(jobOutput),
  /** "the .partial folder is removed" */
  onCancel: z.string(),
  issues: z.array(jobIssue),
  /** Total counts, since `issues` is cut at 500. */
  warningCount: z.int(),
  errorCount: z.int(),
  result: jobResult.nullable(),
  error: wireError.nullable(),
  /** What an unfinished job left behind, by path or name; empty when nothing. */
  leftovers: z.array(z.string()),
  logLines: z.int(),
  /** It goes on until it is stopped: no end, no total, and no place among the jobs that run at the same time. */
  endless: z.boolean().optional(),
  /** Where an endless job is; not kept on disk while it runs. */
  standing: jobStanding.optional(),
})

export type JobStep = z.infer<typeof jobStep>
export type JobProgress = z.infer<typeof jobProgress>
export type ShownCommand = z.infer<typeof shownCommand>
export type JobIssue = z.infer<typeof jobIssue>
export type JobFact = z.infer<typeof jobFact>
export type RowCheck = z.infer<typeof rowCheck>
export type JobResult = z.infer<typeof jobResult>
export type JobOutput = z.infer<typeof jobOutput>
export type JobStanding = z.infer<typeof jobStanding>
export type JobSnapshot = z.infer<typeof jobSnapshot>

export const logLevels = ['info', 'warning', 'error'] as const

export const logLine = z.object({
  /** From 0, without holes. */
  line: z.int(),
  at: z.iso.datetime(),
  level: z.enum(logLevels),
  text: z.string(),
})

export type LogLine = z.infer<typeof logLine>
export type LogLevel = (typeof logLevels)[number]
