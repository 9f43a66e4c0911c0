// The draft of a set's restore: which set, which of its databases, where its tablespaces go, and how it becomes a request.
import { z } from 'zod'
import { type ClusterRestoreRequest, clusterRestoreRequest } from '../../../shared/contracts/clusterDump'
import { optionValues } from '../../../shared/contracts/dump'
import { changesFrom, effectiveValues, type PlainValues } from '../../wizard/optionState'
import { isAbsolutePath } from '../dump/draft'

export const setSteps = ['set', 'globals', 'options', 'review'] as const
export type SetStep = (typeof setSteps)[number]

/** null means "not changed". Holds no secret. */
export const setDraft = z.object({
  step: z.enum(setSteps),
  source: z.string().max(4096),
  connectionId: z.string().max(100),
  /** Ticked; null is all of the set. */
  databases: z.array(z.string().max(4096)).max(10_000).nullable(),
  globals: z.boolean(),
  locations: z.record(z.string().max(4096), z.string().max(4096)),
  atOnce: z.int().min(1).max(64).nullable(),
  changes: optionValues,
  analyze: z.boolean(),
})

export type SetDraft = z.infer<typeof setDraft>

export const emptySetDraft: SetDraft = {
  step: 'set',
  source: '',
  connectionId: '',
  databases: null,
  globals: true,
  locations: {},
  atOnce: null,
  changes: {},
  analyze: true,
}

/** What api.clusterDump.inspectSet says, as far as a draft needs it. */
export interface SetFacts {
  record: { databases: readonly { name: string }[] }
}

export interface SetBase {
  options: PlainValues
  atOnce: number
}

export function setDatabases(draft: SetDraft, facts: SetFacts): string[] {
  const all = facts.record.databases.map(({ name }) => name)
  const wanted = draft.databases
  return wanted === null ? all : all.filter((name) => wanted.includes(name))
}

export function tickSetDatabase(draft: SetDraft, facts: SetFacts, name: string, take: boolean): SetDraft {
  const rest = setDatabases(draft, facts).filter((each) => each !== name)
  return { ...draft, databases: take ? [...rest, name] : rest }
}

/** Why the step can't be left forwards, in words; '' when it can. */
export function setStepProblem(draft: SetDraft, facts: SetFacts | undefined, base: SetBase | undefined, step: SetStep): string {
  if (draft.source === '') return 'Choose a set first'
  if (!isAbsolutePath(draft.source)) return 'The set needs an absolute path'
  if (facts === undefined) return 'The set is not read yet'
  if (setDatabases(draft, facts).length === 0) return 'Choose at least one database'
  if (step === 'set') return ''
  if (base === undefined) return 'Waiting for the server'
  const bad = draft.globals ? Object.entries(draft.locations).find(([, path]) => path !== '' && !isAbsolutePath(path)) : undefined
  return bad === undefined ? '' : `The folder of ${bad[0]} needs an absolute path`
}

export function reachableSetStep(
  draft: SetDraft,
  facts: SetFacts | undefined,
  base: SetBase | undefined,
  wanted: SetStep,
): SetStep {
  for (const step of setSteps.slice(0, setSteps.indexOf(wanted))) {
    if (setStepProblem(draft, facts, base, step) !== '') return step
  }
  return wanted
}

export function setRequestOf(
  draft: SetDraft,
  facts: SetFacts | undefined,
  base: SetBase | undefined,
): ClusterRestoreRequest | undefined {
  if (facts === undefined || base === undefined || setStepProblem(draft, facts, base, 'options') !== '') return undefined
  return {
    connectionId: draft.connectionId,
    source: { path: draft.source },
    databases: setDatabases(draft, facts),
    globals: draft.globals,
    locations: Object.fromEntries(Object.entries(draft.locations).filter(([, path]) => path !== '')),
    atOnce: draft.atOnce ?? base.atOnce,
    options: effectiveValues(base.options, draft.changes),
    analyze: draft.analyze,
  }
}

/** Another set is another restore. */
export function chooseSet(draft: SetDraft, source: string): SetDraft {
  if (draft.source === source) return draft
  return { ...emptySetDraft, source, connectionId: draft.connectionId, analyze: draft.analyze }
}

/** Another server's machine has other folders. */
export function chooseSetServer(draft: SetDraft, connectionId: string): SetDraft {
  return draft.connectionId === connectionId ? draft : { ...draft, connectionId, locations: {} }
}

/** A past job's request as a draft, to edit and run; undefined when it is not one. */
export function draftOfSetJob(input: unknown, base: SetBase): SetDraft | undefined {
  const parsed = clusterRestoreRequest.safeParse(input)
  if (!parsed.success) return undefined
  const { connectionId, source, databases, globals, locations, atOnce, options, analyze } = parsed.data
  const changes = changesFrom(base.options, options)
  return { step: 'review', source: source.path, connectionId, databases, globals, locations, atOnce, changes, analyze }
}
