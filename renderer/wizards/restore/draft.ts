// The draft of a restore: source, destination and options, and how they become a request.
import { z } from 'zod'
import { optionValues } from '../../../shared/contracts/dump'
import type { ArchiveFacts, RestoreRequest, RestoreTarget } from '../../../shared/contracts/restore'
import { restoreChoice, restoreRequest } from '../../../shared/contracts/restore'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { changesFrom, effectiveValues, type PlainValues } from '../../wizard/optionState'
import { isAbsolutePath } from '../dump/draft'

export const restoreSteps = ['source', 'objects', 'destination', 'options', 'review'] as const
export type RestoreStep = (typeof restoreSteps)[number]

/** null means "not changed": what the core suggests for the source and the server at hand counts. Holds no secret. */
export const restoreDraft = z.object({
  step: z.enum(restoreSteps),
  source: z.string().max(4096),
  /** Names, owners and databases below were chosen for this server. */
  connectionId: z.string().max(100),
  /** The ticked entries; null for all of them. */
  choice: restoreChoice.nullable(),
  kind: z.enum(['new', 'existing', 'replace']).nullable(),
  newDatabase: z.string().max(4096).nullable(),
  owner: z.string().max(4096).nullable(),
  tablespace: z.string().max(4096).nullable(),
  encoding: z.string().max(100).nullable(),
  localeProvider: z.enum(['', 'libc', 'icu', 'builtin']).nullable(),
  collate: z.string().max(1000).nullable(),
  ctype: z.string().max(1000).nullable(),
  locale: z.string().max(1000).nullable(),
  existing: z.string().max(4096),
  /** The database whose name the restored one takes. */
  replaced: z.string().max(4096),
  endSessions: z.boolean(),
  /** What the replaced database has of its own stays with it. */
  leaveOwn: z.boolean().default(false),
  /** null: as the size of the archive suggests. */
  checkRows: z.boolean().nullable(),
  changes: optionValues,
  analyze: z.boolean(),
  continueOnError: z.boolean(),
  singleTransaction: z.boolean(),
  /** Of a script that does not say its own; null leaves it to what its text looks like. */
  scriptEncoding: z.string().max(100).nullable().default(null),
})

export type RestoreDraft = z.infer<typeof restoreDraft>

export const emptyRestoreDraft: RestoreDraft = {
  step: 'source',
  source: '',
  connectionId: '',
  choice: null,
  kind: null,
  newDatabase: null,
  owner: null,
  tablespace: null,
  encoding: null,
  localeProvider: null,
  collate: null,
  ctype: null,
  locale: null,
  existing: '',
  replaced: '',
  endSessions: false,
  leaveOwn: false,
  checkRows: null,
  changes: {},
  analyze: true,
  continueOnError: false,
  singleTransaction: false,
  scriptEncoding: null,
}

/** What api.restore.prepare says, as far as a draft needs it. */
export interface RestoreBase {
  suggestedDatabase: string
  suggestedTarget: RestoreTarget
  defaults: PlainValues
}

type NewTarget = Extract<RestoreTarget, { kind: 'new' }>

function suggestedNew(base: RestoreBase): NewTarget {
  if (base.suggestedTarget.kind === 'new') return base.suggestedTarget
  return {
    kind: 'new',
    database: base.suggestedDatabase,
    owner: '',
    encoding: '',
    localeProvider: '',
    collate: '',
    ctype: '',
    locale: '',
    tablespace: '',
  }
}

/** The new database as it would be made: the suggestion with the person's changes over it. */
export function newTarget(draft: RestoreDraft, base: RestoreBase): NewTarget {
  const suggested = suggestedNew(base)
  return {
    kind: 'new',
    database: draft.newDatabase ?? suggested.database,
    owner: draft.owner ?? suggested.owner,
    encoding: draft.encoding ?? suggested.encoding,
    localeProvider: draft.localeProvider ?? suggested.localeProvider,
    collate: draft.collate ?? suggested.collate,
    ctype: draft.ctype ?? suggested.ctype,
    locale: draft.locale ?? suggested.locale,
    tablespace: draft.tablespace ?? suggested.tablespace,
  }
}

/** The draft with the destination that the core suggests, while none was chosen: a script that connects by itself begins in one that is there. */
export function withDestination(draft: RestoreDraft, base: RestoreBase | undefined): RestoreDraft {
  if (draft.kind !== null || base === undefined) return draft
  const { suggestedTarget } = base
  if (suggestedTarget.kind !== 'existing') return { ...draft, kind: 'new' }
  return { ...draft, kind: 'existing', existing: suggestedTarget.database }
}

export function targetOf(asked: RestoreDraft, base: RestoreBase): RestoreTarget {
  const draft = withDestination(asked, base)
  if (draft.kind === 'existing') return { kind: 'existing', database: draft.existing }
  const made = newTarget(draft, base)
  if (draft.kind === 'new') return made
  const { endSessions, leaveOwn } = draft
  // What was not chosen is as the replaced database has it, not as the source had it.
  const like = { owner: draft.owner ?? '', tablespace: '' }
  return { ...made, ...like, kind: 'replace', database: draft.replaced, endSessions, leaveOwn }
}

/** Reading the archive once more takes seconds up to here; above, the person decides. */
const checkRowsUpTo = 200n * 1024n * 1024n

export type SourceFacts = Pick<ArchiveFacts, 'format'> & Partial<Pick<ArchiveFacts, 'size'>>

/** A script has no table of contents to compare with. */
export function checksRows(draft: RestoreDraft, facts: SourceFacts | undefined): boolean {
  if (facts === undefined || facts.format === 'plain') return false
  return draft.checkRows ?? BigInt(facts.size ?? '0') <= checkRowsUpTo
}

export function restoreOptions(draft: RestoreDraft, base: RestoreBase): PlainValues {
  return effectiveValues(base.defaults, draft.changes)
}

/** A path that the core can be asked about. */
export function isReadable(source: string): boolean {
  return source !== '' && isAbsolutePath(source)
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function restoreStepProblem(
  draft: RestoreDraft,
  facts: SourceFacts | undefined,
  base: RestoreBase | undefined,
  step: RestoreStep,
): string {
  if (draft.source === '') return 'Choose what to restore first'
  if (!isAbsolutePath(draft.source)) return 'The source needs an absolute path'
  if (facts === undefined) return 'The source is not read yet'
  if (step === 'source') return ''
  if (facts.format !== 'plain' && draft.choice?.ids === '') return 'Tick what to restore first'
  if (step === 'objects') return ''
  if (draft.connectionId === '') return 'Choose a server first'
  if (base === undefined) return 'Waiting for the server'
  const target = targetOf(draft, base)
  if (target.database.trim() === '') {
    if (draft.kind === 'replace') return 'Choose the database to replace'
    return target.kind === 'new' ? 'Name the new database' : 'Choose the database to restore into'
  }
  // PostgreSQL cuts names at 63 bytes without an error (NAMEDATALEN 64): two databases could become one name.
  if (target.kind === 'new' && new TextEncoder().encode(target.database).length > 63) {
    return 'The name is longer than 63 bytes, PostgreSQL would cut it'
  }
  return ''
}

export function reachableRestoreStep(
  draft: RestoreDraft,
  facts: SourceFacts | undefined,
  base: RestoreBase | undefined,
  wanted: RestoreStep,
): RestoreStep {
  for (const step of restoreSteps.slice(0, restoreSteps.indexOf(wanted))) {
    if (restoreStepProblem(draft, facts, base, step) !== '') return step
  }
  return wanted
}

export function restoreRequestOf(
  draft: RestoreDraft,
  facts: SourceFacts | undefined,
  base: RestoreBase | undefined,
): RestoreRequest | undefined {
  if (base === undefined || restoreStepProblem(draft, facts, base, 'options') !== '') return undefined
  const script = facts?.format === 'plain'
  return {
    connectionId: draft.connectionId,
    source: { path: draft.source },
    target: targetOf(draft, base),
    options: restoreOptions(draft, base),
    analyze: draft.analyze,
    continueOnError: draft.continueOnError,
    // An archive's own switch is among pg_restore's options.
    singleTransaction: script && draft.singleTransaction,
    ...(script && draft.scriptEncoding !== null ? { scriptEncoding: draft.scriptEncoding } : {}),
    ...(script || draft.choice === null ? {} : { choice: draft.choice }),
    ...(script ? {} : { checkRows: checksRows(draft, facts) }),
  }
}

/** Another source is another restore: only whether statistics are gathered stays as it was. */
export function chooseSource(draft: RestoreDraft, source: string): RestoreDraft {
  if (draft.source === source) return draft
  return { ...emptyRestoreDraft, source, connectionId: draft.connectionId, analyze: draft.analyze }
}

/** Another server has other databases, roles and tablespaces; the name of the new database may stay. */
export function chooseServer(draft: RestoreDraft, connectionId: string): RestoreDraft {
  if (draft.connectionId === connectionId) return draft
  return {
    ...draft,
    connectionId,
    owner: null,
    tablespace: null,
    existing: '',
    replaced: '',
    endSessions: false,
    leaveOwn: false,
  }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfRestoreJob(input: unknown, base: RestoreBase): RestoreDraft | undefined {
  const parsed = restoreRequest.safeParse(input)
  if (!parsed.success) return undefined
  const {
    connectionId,
    source,
    target,
    options,
    analyze,
    continueOnError,
    singleTransaction,
    scriptEncoding,
    choice,
    checkRows,
  } = parsed.data
  const common = {
    ...emptyRestoreDraft,
    step: 'review' as const,
    source: source.path,
    connectionId,
    changes: changesFrom(base.defaults, options),
    analyze,
    continueOnError,
    singleTransaction,
    scriptEncoding: scriptEncoding ?? null,
    choice: choice ?? null,
    checkRows: checkRows ?? null,
  }
  if (target.kind === 'existing') return { ...common, kind: 'existing', existing: target.database }
  if (target.kind === 'replace') {
    const { kind, database, endSessions: _again, leaveOwn = false, ...rest } = target
    return { ...common, kind, replaced: database, ...rest, leaveOwn }
  }
  const { kind, database, ...rest } = target
  return { ...common, kind, newDatabase: database, ...rest }
}

/** What of a past job failed, into the database that it made or filled; undefined when nothing of it can be restored again. */
export function draftOfFailed(job: Pick<JobSnapshot, 'input' | 'result'>, base: RestoreBase): RestoreDraft | undefined {
  const draft = draftOfRestoreJob(job.input, base)
  const { failed, database } = job.result ?? {}
  if (draft === undefined || failed === undefined || database == null) return undefined
  const { clean: _clean, ifExists: _ifExists, create: _create, ...changes } = draft.changes
  const choice = { toc: failed.toc, ids: failed.ids }
  return { ...draft, kind: 'existing', existing: database, choice, changes, continueOnError: false }
}
