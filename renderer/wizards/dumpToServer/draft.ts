// The draft of a copy to another server: both sides and the options, kept over leaving the page, and how they become a request.
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { optionValues } from '../../../shared/contracts/dump'
import { type PipeRequest, type PipeTarget, pipeRequest } from '../../../shared/contracts/pipe'
import { careful } from '../../stores/storage'
import { changesFrom, effectiveValues, type PlainValues } from '../../wizard/optionState'

export const pipeSteps = ['source', 'destination', 'options', 'review'] as const
export type PipeStep = (typeof pipeSteps)[number]

/** null means "not changed": what the core suggests for these two servers counts. Holds no secret. */
export const pipeDraft = z.object({
  step: z.enum(pipeSteps),
  connectionId: z.string().max(100),
  database: z.string().max(4096),
  destinationId: z.string().max(100),
  kind: z.enum(['new', 'existing']),
  newDatabase: z.string().max(4096).nullable(),
  owner: z.string().max(4096).nullable(),
  tablespace: z.string().max(4096).nullable(),
  encoding: z.string().max(100).nullable(),
  existing: z.string().max(4096),
  dumpChanges: optionValues,
  restoreChanges: optionValues,
  analyze: z.boolean(),
  continueOnError: z.boolean(),
})

export type PipeDraft = z.infer<typeof pipeDraft>

export const emptyPipeDraft: PipeDraft = {
  step: 'source',
  connectionId: '',
  database: '',
  destinationId: '',
  kind: 'new',
  newDatabase: null,
  owner: null,
  tablespace: null,
  encoding: null,
  existing: '',
  dumpChanges: {},
  restoreChanges: {},
  analyze: true,
  continueOnError: false,
}

/** What api.dumpToServer.prepare says, as far as a draft needs it. */
export interface PipeBase {
  suggestedTarget: PipeTarget
  dumpDefaults: PlainValues
  restoreDefaults: PlainValues
}

type NewTarget = Extract<PipeTarget, { kind: 'new' }>

/** The new database as it would be made: the suggestion with the person's changes over it. */
export function newTarget(draft: PipeDraft, base: PipeBase): NewTarget {
  const suggested = base.suggestedTarget
  const empty = { owner: '', encoding: '', localeProvider: '', collate: '', ctype: '', locale: '', tablespace: '' } as const
  const from: NewTarget = suggested.kind === 'new' ? suggested : { kind: 'new', database: suggested.database, ...empty }
  return {
    ...from,
    database: draft.newDatabase ?? from.database,
    owner: draft.owner ?? from.owner,
    tablespace: draft.tablespace ?? from.tablespace,
    encoding: draft.encoding ?? from.encoding,
  }
}

export function targetOf(draft: PipeDraft, base: PipeBase): PipeTarget {
  return draft.kind === 'new' ? newTarget(draft, base) : { kind: 'existing', database: draft.existing }
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function pipeStepProblem(draft: PipeDraft, base: PipeBase | undefined, step: PipeStep): string {
  if (draft.connectionId === '') return 'Choose the server to copy from'
  if (draft.database === '') return 'Choose a database first'
  if (step === 'source') return ''
  if (draft.destinationId === '') return 'Choose the server to copy to'
  if (base === undefined) return 'Waiting for the servers'
  const { database } = targetOf(draft, base)
  if (database.trim() === '') return draft.kind === 'new' ? 'Name the new database' : 'Choose the database to copy into'
  // PostgreSQL cuts names at 63 bytes without an error (NAMEDATALEN 64): two databases could become one name.
  if (draft.kind === 'new' && new TextEncoder().encode(database).length > 63) {
    return 'The name is longer than 63 bytes, PostgreSQL would cut it'
  }
  return ''
}

export function reachablePipeStep(draft: PipeDraft, base: PipeBase | undefined, wanted: PipeStep): PipeStep {
  for (const step of pipeSteps.slice(0, pipeSteps.indexOf(wanted))) {
    if (pipeStepProblem(draft, base, step) !== '') return step
  }
  return wanted
}

export function pipeRequestOf(draft: PipeDraft, base: PipeBase | undefined): PipeRequest | undefined {
  if (base === undefined || pipeStepProblem(draft, base, 'options') !== '') return undefined
  return {
    connectionId: draft.connectionId,
    database: draft.database,
    destinationId: draft.destinationId,
    target: targetOf(draft, base),
    dumpOptions: effectiveValues(base.dumpDefaults, draft.dumpChanges),
    restoreOptions: effectiveValues(base.restoreDefaults, draft.restoreChanges),
    analyze: draft.analyze,
    continueOnError: draft.continueOnError,
  }
}

/** Another database is another copy; where it goes may stay. */
export function chooseSource(draft: PipeDraft, connectionId: string, database: string): PipeDraft {
  if (draft.connectionId === connectionId && draft.database === database) return draft
  return { ...draft, connectionId, database, newDatabase: null, owner: null, encoding: null, dumpChanges: {} }
}

/** Another server has other roles, tablespaces and databases. */
export function chooseDestination(draft: PipeDraft, destinationId: string): PipeDraft {
  if (draft.destinationId === destinationId) return draft
  return { ...draft, destinationId, newDatabase: null, owner: null, tablespace: null, existing: '' }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfPipeJob(input: unknown, base: PipeBase): PipeDraft | undefined {
  const parsed = pipeRequest.safeParse(input)
  if (!parsed.success) return undefined
  const { connectionId, database, destinationId, target, dumpOptions, restoreOptions, analyze, continueOnError } = parsed.data
  const common = {
    ...emptyPipeDraft,
    step: 'review' as const,
    connectionId,
    database,
    destinationId,
    dumpChanges: changesFrom(base.dumpDefaults, dumpOptions),
    restoreChanges: changesFrom(base.restoreDefaults, restoreOptions),
    analyze,
    continueOnError,
  }
  if (target.kind === 'existing') return { ...common, kind: 'existing', existing: target.database }
  const { owner, tablespace, encoding } = target
  return { ...common, kind: 'new', newDatabase: target.database, owner, tablespace, encoding }
}

interface KeptDraft {
  draft: PipeDraft
  setDraft(draft: PipeDraft): void
}

export const usePipeDraft = create<KeptDraft>()(
  persist((set) => ({ draft: emptyPipeDraft, setDraft: (draft) => set({ draft }) }), {
    name: 'walkback-draft-to-server',
    version: 1,
    storage: createJSONStorage(() => careful(window.localStorage)),
    partialize: ({ draft }) => ({ draft }),
    merge: (value, current) => {
      const kept = z.object({ draft: pipeDraft }).safeParse(value)
      return kept.success ? { ...current, draft: kept.data.draft } : current
    },
  }),
)
