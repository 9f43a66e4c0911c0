// dump-to-server: a database straight from one server to another, pg_dump into pg_restore, with no file in between.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { call, contract } from '../rpc/contract'
import { connectionRef, databaseRef } from './connections'
import { commandPreview, optionValues, toolChoice } from './dump'
import { jobStarted } from './jobs'

const name = z.string().max(4096)
const locale = z.string().max(1000)

export const pipeTarget = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('new'),
    database: name.min(1),
    /** '' in this and what follows leaves it to the server. */
    owner: name,
    encoding: z.string().max(100),
    localeProvider: z.enum(['', 'libc', 'icu', 'builtin']),
    collate: locale,
    ctype: locale,
    locale,
    tablespace: name,
  }),
  z.object({ kind: z.literal('existing'), database: name.min(1) }),
])

/** The connection of the destination; `connectionId` is always the source's. */
const destination = z.object({ destinationId: connectionRef.shape.connectionId })

export const pipeRequest = databaseRef.extend(destination.shape).extend({
  target: pipeTarget,
  /** Of pg_dump, and of pg_restore. */
  dumpOptions: optionValues,
  restoreOptions: optionValues,
  analyze: z.boolean(),
  /** The consent to errors that are certain: a missing role, a database that is not empty. */
  continueOnError: z.boolean(),
})

const chosenTool = z.object({
  tool: toolChoice.nullable(),
  problem: z.object({ message: z.string(), hint: z.string() }).nullable(),
})

export const rolesMade = z.object({
  /** `bare`: without login and rights, with the reason in `words`; else `words` says what it is now. */
  created: z.array(z.object({ name: z.string(), how: z.enum(['as-source', 'bare']), words: z.string() })),
  failed: z.array(z.object({ name: z.string(), message: z.string() })),
  /** Memberships and rights that could not be given. */
  notes: z.array(z.string()),
})

export const dumpToServer = contract('dump-to-server', {
  /** What the form needs once both servers and the database are chosen. */
  prepare: call(
    databaseRef.extend(destination.shape),
    z.object({
      sourceVersion: z.int(),
      destinationVersion: z.int(),
      databaseSize: byteCount.nullable(),
      dump: chosenTool,
      restore: chosenTool,
      databases: z.array(z.string()),
      roles: z.array(z.string()),
      tablespaces: z.array(z.string()),
      suggestedTarget: pipeTarget,
      dumpDefaults: optionValues,
      restoreDefaults: optionValues,
    }),
  ),
  preview: call(pipeRequest, commandPreview),
  /** Makes roles that the destination lacks as they are at the source, without their passwords; says what was made. */
  createRoles: call(databaseRef.extend(destination.shape).extend({ roles: z.array(name.min(1)).max(1000) }), rolesMade),
  start: call(pipeRequest, jobStarted),
})

export type PipeRequest = z.infer<typeof pipeRequest>
export type RolesMade = z.infer<typeof rolesMade>
export type PipeTarget = z.infer<typeof pipeTarget>
